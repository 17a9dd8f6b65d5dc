"""What becomes of the web's and the server's copy of one fact, from the log to `tagway twins`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tagway import DeadLetter, Event, Request, Source, body, hookimpl
from tagway.cli.twins import twins
from tagway.config import Config, SourceConfig, Taxonomy
from tagway.core.taxonomy.twins import MOST
from tagway.store.twins import Twins
from tagway.testing import InProcess

NOW = 1_760_000_000_000_000
SECOND = 1_000_000
LINE = {"product_id": "1", "sku": "ROSE-50", "name": "Rose Serum", "price": 24.90, "quantity": 2}
ORDER = {"order_id": "4509", "total": 54.70, "currency": "EUR", "products": [LINE]}


class Copies(Source):
    """Events as JSON: the side, the name and the rest are the body's."""

    name = "copies"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event a request."""
        said = body.decode(request.body)
        return [
            Event(
                name=said["name"], raw_name=said["name"], message_id=said["id"], side=said["side"],
                timestamp=said["at"], properties=said["properties"],
            )
        ]  # fmt: skip


class Plugin:
    """Brings the source."""

    @hookimpl
    def register_sources(self, register: Callable[[Source], None]) -> None:
        """Register it."""
        register(Copies())


def gateway(folder: Path, **taxonomy: Any) -> InProcess:
    mode = taxonomy.pop("mode", "observe")
    sources = {"web": SourceConfig(plugin="copies", mode=mode), "shop": SourceConfig(plugin="copies")}
    config = Config(sources=sources, taxonomy=Taxonomy(**taxonomy), file="tagway.toml")
    return InProcess(folder, config, plugins=[Plugin()], entry_points=False)


def copy(
    source: str, message: str, *, name: str = "Order Completed", at: int = 0, **properties: Any
) -> tuple[str, bytes, int]:
    side = "web" if source == "web" else "server"
    said = {"name": name, "id": message, "side": side, "at": NOW + at * SECOND, "properties": {**ORDER, **properties}}
    return source, json.dumps(said).encode(), NOW + at * SECOND


def send(one: InProcess, sent: tuple[str, bytes, int]) -> dict[str, Any]:
    source, text, received_at = sent
    (outcome,) = one.send(source, text, received_at=received_at)
    return outcome


def test_the_first_copy_stays_accepted_and_the_truth_that_comes_later_is_its_duplicate(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        web, server = send(one, copy("web", "w")), send(one, copy("shop", "s", at=5))
        assert (web["status"], server["status"], server["duplicate_of"]) == ("accepted", "duplicate", web["event_id"])


def test_it_is_the_same_when_the_server_comes_first(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        server, web = send(one, copy("shop", "s")), send(one, copy("web", "w", at=5))
        assert (server["status"], web["status"], web["duplicate_of"]) == ("accepted", "duplicate", server["event_id"])


def test_a_pair_says_field_by_field_what_its_copies_disagree_on(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        web = send(one, copy("web", "w", total=5470))
        server = send(one, copy("shop", "s", at=30, tax=7.95))
        (pair,) = one.feed.twins()
        assert (pair["event"], pair["key"]) == ("Order Completed", "order_id=4509")
        assert (pair["web_event_id"], pair["server_event_id"]) == (web["event_id"], server["event_id"])
        assert {(found["pointer"], found["kind"]) for found in pair["differences"]} == {
            ("/timestamp", "time_skew"), ("/properties/total", "cents"), ("/properties/tax", "missing"),
        }  # fmt: skip


def test_within_the_hold_the_truth_is_delivered(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        send(one, copy("web", "w"))
        send(one, copy("shop", "s", at=60))
        assert one.feed.twins()[0]["delivered"] == "server"


def test_after_the_hold_the_other_copy_has_gone(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        send(one, copy("web", "w"))
        send(one, copy("shop", "s", at=61))
        assert one.feed.twins()[0]["delivered"] == "web"


def test_without_a_hold_the_first_copy_is_delivered(tmp_path: Path) -> None:
    with gateway(tmp_path, hold={"Order Completed": 0}) as one:
        send(one, copy("web", "w"))
        send(one, copy("shop", "s", at=1))
        assert one.feed.twins()[0]["delivered"] == "web"


def test_a_copy_that_its_source_may_not_deliver_lets_the_other_go(tmp_path: Path) -> None:
    with gateway(tmp_path, mode="enforce", hold={"Order Completed": 0}) as one:
        assert send(one, copy("web", "w", total="54.70"))["status"] == "violating"
        assert send(one, copy("shop", "s", at=1))["status"] == "duplicate"
        assert one.feed.twins()[0]["delivered"] == "server"


def test_repeat_of_the_same_source_is_kept_and_flagged(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        send(one, copy("web", "w1"))
        again = send(one, copy("web", "w2", at=5))
        assert (again["status"], [found["code"] for found in again["violations"]]) == ("accepted", ["repeat"])


def test_the_same_message_again_is_no_repeat_but_a_duplicate(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        first, again = send(one, copy("web", "w")), send(one, copy("web", "w"))
        assert (again["status"], again["duplicate_of"], again["violations"]) == ("duplicate", first["event_id"], [])


def test_other_orders_are_other_facts(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        send(one, copy("web", "w"))
        assert send(one, copy("shop", "s", order_id="4510"))["status"] == "accepted"


def test_a_violating_copy_is_a_twin_too(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        assert send(one, copy("web", "w", total="54.70"))["status"] == "violating"
        assert send(one, copy("shop", "s"))["status"] == "duplicate"


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_the_store_is_the_same_however_the_log_is_cut_into_batches(tmp_path: Path, rows: int) -> None:
    sent = [copy("web", "w1"), copy("web", "w2", at=1), copy("shop", "s1", at=2), copy("shop", "s2", at=3, total=1)]
    with gateway(tmp_path / "whole") as whole, gateway(tmp_path / "cut") as cut:
        for one in (whole, cut):
            for source, text, at in sent:
                one.append(source, text, received_at=at)
        whole.fold.drain()
        while cut.fold.step(rows=rows):
            pass
        assert kept(tmp_path / "whole") == kept(tmp_path / "cut")
        assert len(whole.feed.twins()) == 2


def test_in_either_order_of_arrival_the_pair_is_the_same(tmp_path: Path) -> None:
    web, server = copy("web", "w", total=5470), copy("shop", "s", at=20, tax=7.95)
    with gateway(tmp_path / "one") as one, gateway(tmp_path / "other") as other:
        for running, sent in ((one, (web, server)), (other, (server, web))):
            for each in sent:
                send(running, each)
        assert one.feed.twins() == other.feed.twins()


def test_a_fact_that_is_told_for_ever_stays_cheap(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        for number in range(2 * MOST):
            source, text, at = copy("web", f"w{number}")
            one.append(source, text, received_at=at)
        one.fold.drain()
        db = sqlite3.connect(tmp_path / "store.db")
        (key,) = db.execute("SELECT DISTINCT twin_key FROM events").fetchone()
        assert len(Twins(db).copies(key, lambda _: False)) == MOST
        db.close()


def kept(folder: Path) -> list[Any]:
    db = sqlite3.connect(folder / "store.db")
    try:
        queries = (
            "SELECT * FROM twins ORDER BY event", "SELECT * FROM owed ORDER BY event",
            "SELECT seq, status, duplicate_of FROM events ORDER BY seq",
        )  # fmt: skip
        return [db.execute(query).fetchall() for query in queries]
    finally:
        db.close()


def test_tagway_twins_prints_one_pair_a_line(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        send(one, copy("web", "w", total=5470))
        send(one, copy("shop", "s"))
    ran = CliRunner().invoke(twins, ["--data", str(tmp_path), "--json"])
    pair = json.loads(ran.output)
    assert list(pair) == ["event", "key", "web_event_id", "server_event_id", "delivered", "differences"]
    assert pair["differences"] == [{"pointer": "/properties/total", "kind": "cents", "web": 5470, "server": 54.7}]


def test_tagway_twins_tells_a_person_the_same(tmp_path: Path) -> None:
    with gateway(tmp_path) as one:
        send(one, copy("web", "w", total=5470))
        send(one, copy("shop", "s"))
    ran = CliRunner().invoke(twins, ["--data", str(tmp_path)])
    assert "cents      /properties/total" in ran.output
    assert ran.output.endswith("1 pair, 1 with differences\n")
