"""The corpus beside the repository (`../shared/corpus`): bodies that nobody here wrote, with facts read off them.

`make corpus` puts every file of the vendors that Tagway knows through `tagway normalize`'s machinery, holds the result
against the facts of the manifest and prints a table. A fact that does not agree is a failure, unless `EXPLAINED`
says why it should not; that list may hold 2 % of the files and no more.

    python -m tests.corpus [--facts]        (--facts lists every fact that disagrees or is not checked)

The corpus is found at `../shared`, or where `TAGWAY_SHARED` says.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from tagway import Request, body, catalogue, moments, money, registry
from tagway.cli.options import with_topic
from tagway.config import Config
from tagway.preview import preview

Json = dict[str, Any]
Rows = Sequence[Json]

SHARED: Final = Path(os.environ.get("TAGWAY_SHARED") or Path(__file__).parents[2] / "shared") / "corpus"
RECEIVED_AT: Final = 1_790_000_000_000_000
"""Later than every body of the corpus, and no whole number of seconds of any of them."""

PLUGINS: Final[dict[str, str]] = {
    "customerio_reporting": "customerio",
    "customerio_track": "customerio",
    "ga4_mp": "ga4",
    "gtm_server_stape": "stape",
    **{name: name for name in ("attentive", "formsort", "mailchimp", "rudderstack", "segment", "shopify")},
    **{name: name for name in ("shopify_pixel", "snowplow", "stripe", "typeform", "woocommerce")},
}
"""Vendor in the manifest -> plugin; the others come later."""

EXPLAINED: Final[dict[str, dict[str, str]]] = {
    "formsort/flow_partial.json": {
        "email": "the fact knows no field of type email; here an address typed under any key is its writer's",
    },
    "rudderstack/group__customerio_57.json": {
        "email": "a group's traits hold the address of a company, which is no person of the store's",
    },
}
"""File -> fact -> why it should not agree."""


@dataclass(slots=True)
class Tally:
    """What was found for one vendor."""

    files: int = 0
    checked: int = 0
    agreeing: int = 0
    explained: int = 0
    unchecked: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def main() -> int:
    """Print the table; 1 when a fact disagrees without a reason."""
    if not SHARED.is_dir():
        print(f"there is no corpus at {SHARED}; TAGWAY_SHARED names the folder that holds it")
        return 2
    found = tallies()
    print(f"{'vendor':<22}{'files':>6}{'facts':>7}{'agree':>7}{'explained':>11}{'disagree':>10}")
    for vendor, one in sorted(found.items()):
        print(f"{vendor:<22}{one.files:>6}{one.checked:>7}{one.agreeing:>7}{one.explained:>11}{len(one.faults):>10}")
    for one in found.values():
        for fault in one.faults:
            print(fault)
    if "--facts" in sys.argv:
        for vendor, one in sorted(found.items()):
            print(f"{vendor}: not checked: {dict(one.unchecked)}")
    return 1 if any(one.faults for one in found.values()) else 0


def tallies() -> dict[str, Tally]:
    """Hold every file against its facts."""
    found: dict[str, Tally] = defaultdict(Tally)
    for entry, rows in previews():
        tally = found[entry["vendor"]]
        tally.files += 1
        for fact, expected in entry["expected"].items():
            check = CHECKS.get(fact)
            if check is None:
                tally.unchecked[fact] += 1
                continue
            tally.checked += 1
            if check(rows, expected):
                tally.agreeing += 1
            elif fact in EXPLAINED.get(entry["file"], {}):
                tally.explained += 1
            else:
                tally.faults.append(f"{entry['file']}: {fact}: expected {expected!r}, got {_shown(rows)}")
    return found


def previews() -> Iterator[tuple[Json, Rows]]:
    """Each file of the manifest whose vendor has a plugin, with the rows that it becomes."""
    config = Config()
    installed = registry.load(config)
    taxonomy = catalogue.load(config, installed)
    for entry in body.decode((SHARED / "MANIFEST.json").read_bytes())["files"]:
        plugin = PLUGINS.get(entry["vendor"])
        if plugin is not None:
            source = installed.available[plugin]
            yield entry, preview(source, _request(source, entry), taxonomy)


def _request(source: Any, entry: Json) -> Request:
    """The request as the vendor sent it: a `.query` file is a query string, without a body."""
    raw = (SHARED / entry["file"]).read_bytes()
    given = entry.get("query") or {}
    query = urlencode(given, doseq=True) if isinstance(given, dict) else str(given)
    headers = {"content-type": entry["content_type"]} | {
        key.lower(): value for key, value in (entry.get("headers") or {}).items()
    }
    if source.topic_header and source.topic_header not in headers:
        headers, query = with_topic(source, entry["topic"], headers, query)
    is_query = entry["file"].endswith(".query")
    return Request(
        source=source.name,
        method=entry["method"],
        path=entry.get("path") or source.routes[0].path.replace("{source}", source.name),
        query=raw.decode().strip().lstrip("?") if is_query else query,
        headers=headers,
        body=b"" if is_query else raw,
        received_at=RECEIVED_AT,
    )


def _shown(rows: Rows) -> str:
    keys = ("name", "status", "message_id", "timestamp", "identifiers", "dead_letter")
    return body.encode([{key: row[key] for key in keys if key in row} for row in rows]).decode()[:600]


def _ids(rows: Rows, *kinds: str) -> set[str]:
    """The identifiers of these kinds; an alias's previous id is none that the body calls so."""
    return {
        one["value"]
        for row in rows
        for one in row.get("identifiers", ())
        if one["kind"] in kinds and one["value"] != row["properties"].get("previous_id")
    }


def _identifier(*kinds: str, fold: Callable[[str], str] = str) -> Callable[[Rows, Any], bool]:
    """An identifier of one of the kinds; null: none of the first kind."""

    def check(rows: Rows, expected: Any) -> bool:
        if expected is None:
            return not _ids(rows, kinds[0])
        return fold(str(expected)) in {fold(one) for one in _ids(rows, *kinds)}

    return check


def _values(rows: Rows, *names: str) -> list[Any]:
    return [row["properties"][name] for row in rows for name in names if name in row.get("properties", {})]


def _property(*names: str) -> Callable[[Rows, Any], bool]:
    """A property of one of the names, as text; null: none of them."""

    def check(rows: Rows, expected: Any) -> bool:
        found = {str(one) for one in _values(rows, *names)}
        return not found if expected in (None, "") else str(expected) in found

    return check


def _amount(*names: str) -> Callable[[Rows, Any], bool]:
    def check(rows: Rows, expected: Any) -> bool:
        found = [one for one in _values(rows, *names) if isinstance(one, int | Decimal)]
        return not found if expected is None else Decimal(str(expected)) in [Decimal(one) for one in found]

    return check


def _of_line(name: str) -> Callable[[Rows, Any], bool]:
    """A property of the event, or of one of its lines."""

    def check(rows: Rows, expected: Any) -> bool:
        if expected in (None, ""):
            return not any(_values(rows, name))
        lines = [line for several in _values(rows, "products") for line in several if isinstance(line, dict)]
        found = [*_values(rows, name), *(line[name] for line in lines if name in line)]
        return any(
            str(one) == str(expected) or (name == "price" and Decimal(one) == Decimal(str(expected))) for one in found
        )

    return check


def _count(name: str) -> Callable[[Rows, Any], bool]:
    return lambda rows, expected: (sorted(len(one) for one in _values(rows, name)) or [0])[-1] == (expected or 0)


def _time(read: Callable[[Any], int | None]) -> Callable[[Rows, Any], bool]:
    """The event's time; a fact that is no time is one that the body does not tell."""

    def check(rows: Rows, expected: Any) -> bool:
        at = read(expected)
        wanted = moments.write(RECEIVED_AT if at is None else at)
        return any(row.get("timestamp") == wanted for row in rows)

    return check


def _message_id(rows: Rows, expected: Any) -> bool:
    """The vendor's id of the delivery is part of the message id; null: the vendor sends none."""
    return expected is None or any(str(expected) in row.get("message_id", "") for row in rows)


def _currency(rows: Rows, expected: Any) -> bool:
    """Null: the body has none at its top; one that we have then is a line's or a transaction's, in ISO 4217."""
    found = _values(rows, "currency")
    return all(money.currency(one) == one for one in found) if expected is None else expected in found


def _query(rows: Rows, expected: Any) -> bool:
    """What was searched for, where the event is known to be a search."""
    return all(row["properties"].get("query") == expected for row in rows if row.get("name") == "Products Searched")


def _kind(rows: Rows, expected: str) -> bool:
    names = KINDS.get(expected)
    said = {text for row in rows for text in (row.get("name"), row.get("type"))}
    return any(row["status"] != "dead_letter" for row in rows) if names is None else bool(said & names)


def _vendor_event(rows: Rows, expected: Any) -> bool:
    return expected is None or any(row.get("raw_event") == expected for row in rows)


def _events(rows: Rows, expected: int) -> bool:
    """As many items as the body has; what one of them adds of its own (a capture) does not count."""
    return len({row["item"] for row in rows}) == expected


def _answers(rows: Rows, expected: int) -> bool:
    """All answers in the completion; of a part, one event for each."""
    complete = [len(one) for one in _values(rows, "answers")]
    return (complete or [len(rows)])[0] == expected


KINDS: Final[Mapping[str, set[str]]] = {
    "cart_created": {"Cart Updated"},
    "cart_updated": {"Cart Updated"},
    "checkout_created": {"Checkout Started"},
    "checkout_updated": {"Checkout Step Completed", "Checkout Started", "Checkout Updated"},
    "checkout_contact_info_submitted": {"Checkout Step Completed"},
    "collection_viewed": {"Collection Viewed"},
    "customer_created": {"Customer Created"},
    "customer_updated": {"Customer Updated"},
    "email_cleaned": {"Email Cleaned"},
    "email_subscribed": {"Email Captured", "Customer Subscribed"},
    "email_unsubscribed": {"Email Unsubscribed", "Customer Unsubscribed"},
    "form_partial": {"Quiz Answered"},
    "form_submitted": {"Quiz Completed", "form_submit"},
    "group": {"group"},
    "identify": {"identify"},
    "lead_captured": {"Email Captured"},
    "alias": {"alias"},
    "order_cancelled": {"Order Cancelled"},
    "order_completed": {"Order Completed"},
    "order_created": {"Order Completed"},
    "order_fulfilled": {"Order Fulfilled"},
    "order_paid": {"Order Completed"},
    "order_updated": {"Order Updated"},
    "page": {"page"},
    "page_viewed": {"page"},
    "product_searched": {"Products Searched"},
    "product_viewed": {"Product Viewed"},
    "refund_created": {"Order Refunded"},
    "screen": {"screen"},
    "signed_up": {"Customer Created"},
    "sms_subscribed": {"SMS Captured"},
    "track": {"track"},
}
"""Kinds of the manifest -> canonical names; of any other kind there is an event, whatever its name."""


def _unix(unit: str) -> Callable[[Any], int | None]:
    return lambda value: moments.from_unix(value, unit)


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


CHECKS: Final[Mapping[str, Callable[[Rows, Any], bool]]] = {
    "event_kind": _kind,
    "vendor_event": _vendor_event,
    "event_count": _events,
    "email": _identifier("email", fold=lambda text: text.strip().lower()),
    "phone": _identifier("phone", fold=_digits),
    "anonymous_id": _identifier("anonymous_id", "client_id", "device_id"),
    "user_id": _identifier("user_id", "email"),
    "customer_id": _identifier("user_id"),
    "kept_id": _property("kept_id", "user_id"),
    "cart_token": _identifier("cart_token"),
    "checkout_token": _identifier("checkout_token"),
    "order_id": _property("order_id"),
    "refund_id": _property("refund_id"),
    "form_id": _property("quiz_id", "form_id"),
    "response_id": _property("quiz_session_id"),
    "collection_id": _property("collection_id"),
    "query": _query,
    "score": _amount("score"),
    "total": _amount("total", "value", "refund_amount"),
    "computed_total": _amount("value", "total"),
    "currency": _currency,
    "line_item_count": _count("products"),
    "product_count": _count("products"),
    "answer_count": _answers,
    "product_id": _of_line("product_id"),
    "variant_id": _of_line("variant_id"),
    "sku": _of_line("sku"),
    "price": _of_line("price"),
    "is_test": lambda rows, expected: any(row.get("test") is expected for row in rows),
    "livemode": lambda rows, expected: any(row.get("test") is not expected for row in rows),
    "dedupe_id": _message_id,
    "event_time": _time(lambda value: moments.read(value, naive_utc=True)),
    "event_time_raw": _time(lambda value: moments.read(value, naive_utc=True)),
    "event_time_unix": _time(_unix("s")),
    "event_time_ms": _time(_unix("ms")),
    "event_time_micros": _time(_unix("us")),
}
"""Fact -> whether the rows agree with it."""


if __name__ == "__main__":
    sys.exit(main())
