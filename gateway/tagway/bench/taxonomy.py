"""What the taxonomy costs: judging a clean order beside the bare validator, and a source that is always wrong.

Both are ratios of CPU in one process, taken in turns: the floor of the first is the compiled schema alone, that
of the second the same fold over the same orders without their faults.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tagway import catalogue, registry
from tagway.config import Config
from tagway.core import body
from tagway.core.events import Event, Identifier
from tagway.core.taxonomy import Taxonomy
from tagway.engine import Fold
from tagway.log import Entry, Log

_NAME: Final = "Order Completed"
_CALLS: Final = 500
_MOMENT: Final = 1_762_000_000_000_000


def costs(rounds: int, orders: int) -> dict[str, float]:
    """Medians over the rounds: `validate_ratio` and `violating_ratio`."""
    taxonomy = catalogue.load(Config(), registry.load(Config()))
    return {"validate_ratio": _validating(taxonomy, rounds), "violating_ratio": _violating(rounds, orders)}


def order(number: int, lines: int = 3) -> dict[str, Any]:
    """The properties of a valid order, with exact amounts."""
    line = {
        "product_id": "632910392", "variant_id": "808950810", "sku": "ROSE-50", "name": "Rose Serum",
        "variant": "50 ml", "price": Decimal("24.90"), "quantity": 2, "line_total": Decimal("49.80"),
    }  # fmt: skip
    return {
        "order_id": f"4509{number}", "checkout_id": f"k{number}", "cart_id": f"c{number}", "currency": "EUR",
        "total": Decimal("162.25"), "subtotal": Decimal("149.40"), "shipping": Decimal("4.90"), "tax": Decimal("7.95"),
        "discount": Decimal("0.00"), "email": f"ana{number}@example.com",
        "products": [dict(line) for _ in range(lines)],
    }  # fmt: skip


def faulty(properties: dict[str, Any]) -> dict[str, Any]:
    """The same order as a careless tag sends it: a text for an amount, a name of its own, nothing for the id."""
    return {**properties, "order_id": None, "total": "162.25", "productSku": "ROSE-50", "checkout_token": "k"}


def _validating(taxonomy: Taxonomy, rounds: int) -> float:
    event = Event(name=_NAME, properties=order(1), identifiers=(Identifier("anonymous_id", "a1"),))
    instance = {"type": "track", "event": _NAME, "properties": event.properties, "anonymous_id": "a1"}
    bare = taxonomy.catalogue.newest[_NAME].valid
    return statistics.median(
        _cpu(lambda: taxonomy.judge(event, "web")) / _cpu(lambda: bare(instance)) for _ in range(rounds + 2)
    )


def _cpu(call: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(_CALLS):
        call()
    return time.process_time() - began


def _violating(rounds: int, orders: int) -> float:
    return statistics.median(_folding(orders, wrong=True) / _folding(orders, wrong=False) for _ in range(rounds))


def _folding(orders: int, *, wrong: bool) -> float:
    """CPU seconds of folding a log of orders, all faulty or all clean, into an empty store."""
    with tempfile.TemporaryDirectory(prefix="tagway-bench-") as folder:
        log = Log(Path(folder))
        log.append([_entry(number, wrong=wrong) for number in range(orders)])
        log.close()
        fold = Fold(Path(folder), Config(), registry.load(Config()), lambda: _MOMENT)
        began = time.process_time()
        fold.drain()
        took = time.process_time() - began
        fold.close()
    return took


def _entry(number: int, *, wrong: bool) -> Entry:
    properties = faulty(order(number)) if wrong else order(number)
    call = {
        "type": "track",
        "event": _NAME,
        "messageId": f"m{number}",
        "anonymousId": f"a{number}",
        "properties": properties,
    }
    return Entry(
        kind="request", source="segment", received_at=_MOMENT, method="POST", path="/v1/track", query="", headers={},
        body=body.encode(call), verified=True,
    )  # fmt: skip
