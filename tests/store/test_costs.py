"""What a question costs: as much as what it tells of, however large the store is.

Costs are steps of SQLite's machine, which are the same on every run and every computer. Each question is asked of a
small store and of one with ten times as many events before the same end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tagway.answers import reasons
from tagway.answers.carts import waterfall
from tagway.answers.violations import violations
from tagway.core.moments import HOUR
from tagway.store import verdicts
from tagway.store.feed import Feed
from tagway.store.window import Window
from tagway.testing import InProcess

SMALL, LARGE = 150, 1_500
# So many of the last events are what is told of.
LAST = 20
Ask = Callable[[Feed, Window], object]


class Store:
    """A store of so many events, an hour apart, that ends as every other does."""

    def __init__(self, folder: Path, events: int) -> None:
        self.folder, self.events = folder, events
        with InProcess(folder) as gateway:
            for place in range(events):
                gateway.clock += HOUR
                gateway.append("segment", json.dumps(_call(events - place)).encode(), path="/v1/track")
            self.now = gateway.clock
            gateway.fold.drain()

    def steps(self, ask: Ask) -> int:
        """Hundreds of steps that a question takes; its answer must not be empty."""
        taken = 0

        def count() -> bool:
            nonlocal taken
            taken += 1
            return False

        window = Window(self.folder)
        with Feed(self.folder) as feed:
            for db in (feed._db, feed._log._db, window._db):
                db.set_progress_handler(count, 100)
            assert ask(feed, window)
        window.close()
        return taken


def _call(left: int) -> dict[str, object]:
    """The event that is followed by `left` others. A shopper has five, each with something of its own to be found."""
    shopper = f"b{left // 5}"
    call: dict[str, object] = {
        "type": "track",
        "messageId": f"m{left}",
        "anonymousId": shopper,
        "event": "Product Viewed",
    }
    properties: dict[str, object] = {"sku": "S1", "product_id": "P1", "name": "Candle", "price": 5, "currency": "EUR"}
    if left % 5 == 1:
        properties.pop("sku")
    if left % 5 in (2, 3):
        call["event"], properties["cart_id"] = "Added to Cart", f"c{left // 5}"
    if left % 5 == 4:
        properties["product_sku"] = properties.pop("sku")
    if left % 5 == 0:
        call |= {"type": "identify", "traits": {"email": f"shopper{left // 5}@example.com"}}
    return {**call, "properties": properties, "context": {"page": {"url": "https://store.example/?tagway=abc123"}}}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Store]:
    return Store(tmp_path_factory.mktemp("small"), SMALL), Store(tmp_path_factory.mktemp("large"), LARGE)


def _carts(feed: Feed, window: Window) -> object:
    return waterfall(feed, feed.last_received() - LAST * HOUR).carts


def _violations(feed: Feed, window: Window) -> object:
    return violations(feed, now=feed.last_received(), window=LAST * HOUR)


def _why_cart(feed: Feed, window: Window) -> object:
    return reasons.why_cart(feed, "c1", feed.last_received() - LAST * HOUR)


def _profile(feed: Feed) -> str:
    found = feed.profile("email", "shopper1@example.com")
    assert found is not None
    return str(found["profile_id"])


def _matching(text: str) -> Ask:
    def ask(_: Feed, window: Window) -> object:
        last = window.reach()[1]
        return window.matching(text, now=0, after=last - LAST, upto=last)

    return ask


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(_carts, id="carts of a period"),
        pytest.param(_violations, id="violations of a period"),
        pytest.param(_why_cart, id="why a cart"),
        pytest.param(lambda feed, window: reasons.why_person(feed, _profile(feed)), id="why a person"),
        pytest.param(lambda feed, window: feed.events(profile=_profile(feed)), id="events of a person"),
        pytest.param(lambda feed, window: feed.events(cart_id="c1"), id="events of a cart"),
        pytest.param(lambda feed, window: feed.session("tagway=abc123", feed.position() - LAST), id="a session"),
        pytest.param(lambda feed, window: feed.first_received(), id="the first event"),
        pytest.param(lambda feed, window: feed._log.totals(), id="the log's totals"),
        pytest.param(lambda feed, window: window.tally(window.reach()[1] - LAST), id="a tally of the last"),
        pytest.param(_matching("status:bad"), id="status:bad"),
        pytest.param(_matching("status:warn"), id="status:warn"),
        pytest.param(_matching("status:joined"), id="status:joined"),
        pytest.param(_matching("who:shopper1"), id="who:"),
        pytest.param(_matching("-who:shopper1"), id="-who:"),
        pytest.param(
            lambda feed, window: window.nearest("status:bad", window.reach()[1], back=True, within="status:bad"),
            id="the fault before",
        ),
    ],
)
def test_a_question_costs_what_it_tells_of(stores: tuple[Store, Store], ask: Ask) -> None:
    small, large = (store.steps(ask) for store in stores)
    assert large <= small * 1.3 + 5, (small, large)


@pytest.mark.parametrize("query", [verdicts._REVIEW, verdicts._DUPLICATES], ids=["review", "duplicates"])
def test_what_was_refused_is_looked_up_from_the_verdicts_on(stores: tuple[Store, Store], query: str) -> None:
    with Feed(stores[1].folder) as feed:
        plan = [row[3] for row in feed._db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()]
    assert any(step.startswith("SEARCH sh ") for step in plan)
    assert not any(step.startswith("SCAN sh ") for step in plan)
