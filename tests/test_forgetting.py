"""Nothing of a forgotten person is left in any file of the data folder, and nothing brings them back."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tagway.commands import entry
from tagway.log import Log
from tagway.testing import InProcess

EMAIL = "Canary.Ana@Example.com"
SECRETS = ("canary.ana@example.com", "canary-browser-1", "canary-user-77", "Canary Street 5", "555-0177", "5550177")
FILLER = "x" * 9_000  # long enough to be compressed


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


def call(message: str, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Product Viewed", "messageId": message, **fields}


def send(gateway: InProcess, *calls: object) -> list[dict[str, Any]]:
    return gateway.send("segment", json.dumps({"batch": calls}).encode(), path="/v1/batch")


def ana(message: str = "ana-1", **fields: Any) -> dict[str, Any]:
    traits = {"email": EMAIL, "phone": "+1 201 555 0177", "address": "Canary Street 5"}
    return call(
        message, type="identify", userId="canary-user-77", anonymousId="canary-browser-1", traits=traits, **fields
    )


def bo(message: str, **fields: Any) -> dict[str, Any]:
    return call(message, type="identify", userId="user-bo-1", traits={"email": "bo@example.com"}, **fields)


def found(folder: Path) -> set[tuple[str, str]]:
    """Every secret in every file, by its bytes and in every decompressed row."""
    texts = [(path.name, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]
    with sqlite3.connect(folder / "log.db") as db:
        rows = db.execute("SELECT body FROM log WHERE zstd").fetchall()
    db.close()
    texts += [("a compressed row", zstandard.ZstdDecompressor().decompress(row[0])) for row in rows if row[0]]
    return {(name, one) for name, data in texts for one in SECRETS if one.lower().encode() in data.lower()}


def test_nothing_of_a_forgotten_person_is_in_any_file(gateway: InProcess, tmp_path: Path) -> None:
    send(gateway, call("view", anonymousId="canary-browser-1", properties={"note": FILLER}))
    send(gateway, ana(), bo("bo-1"))
    send(gateway, bo("bo-2", properties={"referred_by": EMAIL, "note": FILLER}))
    send(gateway, {"type": "nonsense", "email": EMAIL})
    (tmp_path / "engine.log").write_text(f"a traceback with {EMAIL} in it\n")
    assert len({secret for _, secret in found(tmp_path)}) >= 4
    done = gateway.command("forget", f"email:{EMAIL}")
    assert done["outcome"] == "done"
    assert not found(tmp_path)


def test_what_others_did_stays_as_it_was(gateway: InProcess) -> None:
    (_, before) = send(gateway, ana(), bo("bo-1", properties={"n": 1.50}))
    gateway.command("forget", "user_id:canary-user-77")
    assert gateway.feed.event(before["seq"]) == before


def test_the_ledger_counts_erased_events_and_balances(gateway: InProcess) -> None:
    send(gateway, ana(), bo("bo-1"))
    send(gateway, call("view", anonymousId="canary-browser-1"))
    gateway.command("forget", f"email:{EMAIL}")
    ledger = gateway.feed.ledger()
    assert ledger["balanced"]
    assert (ledger["items"]["normalized"], ledger["items"]["erased"]) == (3, 2)


def test_a_forgotten_identifier_is_unknown_afterwards(gateway: InProcess) -> None:
    send(gateway, ana())
    gateway.command("forget", "email:canary.ana@example.com")
    assert gateway.feed.profile("user_id", "canary-user-77") is None


def test_late_events_and_repeats_bring_nobody_back(gateway: InProcess, tmp_path: Path) -> None:
    send(gateway, ana())
    gateway.command("forget", f"email:{EMAIL}")
    again = send(gateway, ana(), ana("ana-2"), call("late", userId="canary-user-77"), bo("bo-1"))
    assert [one["status"] for one in again] == ["erased", "erased", "erased", "accepted"]
    assert not found(tmp_path)
    assert gateway.feed.profile("email", "canary.ana@example.com") is None
    assert gateway.feed.ledger()["balanced"]


def test_folding_the_log_anew_gives_the_same_store(gateway: InProcess, tmp_path: Path) -> None:
    send(gateway, ana(), bo("bo-1"), call("", anonymousId="other-browser"))
    gateway.command("forget", f"email:{EMAIL}")
    send(gateway, ana("ana-2"))
    before, ledger = gateway.feed.events(), gateway.feed.ledger()
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"store.db{suffix}").unlink(missing_ok=True)
    with InProcess(tmp_path) as anew:
        anew.fold.drain()
        assert anew.feed.events() == before
        assert anew.feed.ledger() == ledger


def test_what_was_counted_and_compared_of_a_person_goes_with_them(gateway: InProcess, tmp_path: Path) -> None:
    order = {"order_id": "canary-1", "Total": 1, "currency": "EUR", "email": EMAIL}
    bought = call("m1", event="Order Completed", properties=order)
    send(
        gateway,
        ana(),
        bought,
        call("m2", event="Order Completed", properties={**order, "order_id": "2", "email": "b@b.co"}),
    )
    # Another topic of the same source tells of the same order.
    send(gateway, {**bought, "event": "Purchase", "messageId": "m3"})
    gateway.command("forget", f"email:{EMAIL}")
    with sqlite3.connect(tmp_path / "store.db") as db:
        tables = [db.execute(f"SELECT * FROM {table}").fetchall() for table in ("twins", "owed", "spellings")]
        keys = db.execute("SELECT count(*) FROM events WHERE status = 'erased' AND twin_key IS NOT NULL").fetchone()
    db.close()
    assert tables == [[], [(3, 1_760_000_060_000_000, 3)], [
        ("segment", "Order Completed", "", 1), ("segment", "Order Completed", "`Total`", 1),
    ]]  # fmt: skip
    assert keys == (0,)


def test_a_crash_before_the_files_are_swept_is_made_good_at_the_next_start(
    gateway: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(gateway, ana())
    with monkeypatch.context() as crash:
        crash.setattr("tagway.engine.forgetting.Forgetting.finish", lambda _: False)
        assert gateway.command("forget", f"email:{EMAIL}")["outcome"] == "erasing"
    assert found(tmp_path)
    with InProcess(tmp_path) as anew:
        anew.fold.drain()
        assert anew.feed.commands()[0]["outcome"] == "done"
    assert not found(tmp_path)


def test_what_waits_behind_the_command_is_folded_and_only_the_person_is_missing(
    gateway: InProcess, tmp_path: Path
) -> None:
    send(gateway, ana())
    gateway.log.append([entry({"action": "forget", "target": f"email:{EMAIL}"}, now=gateway.clock)])
    gateway.append("segment", json.dumps({"batch": [ana("ana-2"), bo("bo-1")]}).encode(), path="/v1/batch")
    gateway.fold.drain()
    assert [one["status"] for one in gateway.feed.events()] == ["erased", "erased", "accepted"]
    assert not found(tmp_path)


def test_an_allowed_person_may_come_back(gateway: InProcess) -> None:
    send(gateway, ana())
    gateway.command("forget", f"email:{EMAIL}")
    for one in (f"email:{EMAIL}", "user_id:canary-user-77", "phone:+12015550177", "anonymous_id:canary-browser-1"):
        gateway.command("allow", one)
    (back,) = send(gateway, ana("ana-3"))
    assert back["status"] == "accepted"


def test_somebody_unknown_can_be_forgotten_before_they_come(gateway: InProcess) -> None:
    gateway.command("forget", f"email:{EMAIL}")
    (late,) = send(gateway, call("late", traits={"email": EMAIL}, type="identify"))
    assert late["status"] == "erased"


@pytest.mark.parametrize("target", ["email:x", "user_id:undefined", "phone:12", "cart_token:0", "user_id:a\u200bb"])
def test_what_is_no_identifier_cannot_be_forgotten_and_nothing_is_searched_for_it(
    gateway: InProcess, tmp_path: Path, target: str
) -> None:
    send(gateway, bo("x-1", context={"page": {"title": "x undefined 12 0"}}))
    before = folded(gateway, tmp_path)
    done = gateway.command("forget", target)
    assert done["outcome"] == "faulty"
    assert "is no identifier" in done["report"]["message"]
    assert folded(gateway, tmp_path) == before


@pytest.mark.parametrize("word", ["timestamp", "Product Viewed", "anonymous_id", "accepted", "currency"])
def test_who_calls_their_browser_by_a_word_takes_nothing_along_of_what_others_sent(
    gateway: InProcess, tmp_path: Path, word: str
) -> None:
    views = [call(f"v{n}", anonymousId=f"browser-{n}", timestamp=moment(1)) for n in range(25)]
    send(gateway, *[{**view, "properties": {"product_id": "p", "currency": "USD"}} for view in views])
    before, raw = folded(gateway, tmp_path), gateway.feed.raw(1)
    send(gateway, call("named", type="identify", anonymousId=word, traits={"email": EMAIL}))
    assert gateway.command("forget", f"email:{EMAIL}")["report"]["words"] == {"anonymous_id": 1}
    events, *people = folded(gateway, tmp_path)
    assert [events[:-1], *people] == before
    assert {gateway.feed.raw(event["seq"]) for event in events[:-1]} == {raw}
    assert not found(tmp_path)


def test_a_faulty_command_in_the_log_says_what_is_wrong_and_changes_nothing(gateway: InProcess) -> None:
    from tagway.log import Entry

    gateway.log.append([Entry(kind="command", source="", received_at=1, body=b'{"action": "dance"}')])
    gateway.fold.drain()
    (faulty,) = gateway.feed.commands()
    assert (faulty["outcome"], faulty["report"]["pointer"]) == ("faulty", "/action")


def test_the_log_holds_no_name_of_a_forgotten_person(gateway: InProcess, tmp_path: Path) -> None:
    send(gateway, ana())
    gateway.command("forget", f"email:{EMAIL}")
    log = Log(tmp_path, read_only=True)
    (command,) = [one for one in log.read(0) if one.kind == "command"]
    log.close()
    assert command.body is not None
    assert json.loads(command.body)["resolved"]["spans"] == []


def test_an_identifier_of_too_many_people_stays_shared_when_one_of_them_is_forgotten(gateway: InProcess) -> None:
    for user in range(6):
        call_ = call(f"m{user}", type="identify", userId=f"shopper-{user}", traits={"email": "desk@example.com"})
        send(gateway, call_)
    gateway.command("forget", "user_id:shopper-3")
    profiles = [gateway.feed.profile("user_id", f"shopper-{user}") for user in (0, 1)]
    assert [profile["emails"] for profile in profiles if profile] == [[], []]
    assert [one["action"] for one in gateway.feed.commands()] == ["forget", "block"]


def test_a_device_is_forgotten_for_the_time_of_its_person_only(gateway: InProcess) -> None:
    first = call("m1", type="identify", userId="first-owner", anonymousId="shared-tablet", timestamp=moment(1))
    second = call("m2", type="identify", userId="second-owner", anonymousId="shared-tablet", timestamp=moment(5))
    send(gateway, first, second)
    gateway.command("forget", "user_id:first-owner")
    late = send(
        gateway,
        call("m3", anonymousId="shared-tablet", timestamp=moment(2)),
        call("m4", anonymousId="shared-tablet", timestamp=moment(6)),
    )
    assert [one["status"] for one in late] == ["erased", "violating"]
    assert late[1]["profile_id"] == gateway.feed.profile("user_id", "second-owner")["profile_id"]  # type: ignore[index]


def test_whoever_had_a_device_before_the_forgotten_is_not_forgotten_by_saying_it_twice(gateway: InProcess) -> None:
    first = call("m1", type="identify", userId="first-owner", anonymousId="shared-tablet", timestamp=moment(1))
    second = call("m2", type="identify", userId="second-owner", anonymousId="shared-tablet", timestamp=moment(5))
    send(gateway, first, second)
    for _ in range(2):
        gateway.command("forget", "anonymous_id:shared-tablet")
        gateway.clock += 1_000_000
    assert gateway.feed.profile("user_id", "second-owner") is None
    assert gateway.feed.profile("user_id", "first-owner") is not None
    send(gateway, call("m6", anonymousId="shared-tablet", timestamp="2025-10-09T09:00:00Z"))
    gateway.command("forget", "anonymous_id:shared-tablet")
    assert gateway.feed.profile("user_id", "first-owner") is None


THEIRS = {"email": f" {EMAIL} ", "phone": "(+1) 201 555 0177"}


@pytest.mark.parametrize("late", [False, True], ids=["said before", "said after"])
def test_what_somebody_else_said_with_a_forgotten_address_is_as_if_it_had_not_been_said(
    gateway: InProcess, tmp_path: Path, late: bool
) -> None:
    send(gateway, ana(timestamp=moment(0)), bo("bo-1", timestamp=moment(1)))
    mixed = call("bo-2", type="identify", userId="user-bo-1", traits={**THEIRS, "city": "Bonn"}, timestamp=moment(2))
    if not late:
        send(gateway, mixed)
    gateway.command("forget", "user_id:canary-user-77")
    if late:
        (left,) = send(gateway, mixed)
        assert left["status"] != "erased"
    profile = gateway.feed.profile("user_id", "user-bo-1")
    assert profile is not None
    assert profile["traits"] == {"city": "Bonn", "email": "bo@example.com"}
    assert not found(tmp_path)
    kept = folded(gateway, tmp_path)[1:]
    for suffix in ("", "-wal", "-shm"):
        Path(tmp_path, f"store.db{suffix}").unlink(missing_ok=True)
    with InProcess(tmp_path) as anew:
        anew.fold.drain()
        assert folded(anew, tmp_path)[1:] == kept
        assert anew.feed.profile("user_id", "user-bo-1")["traits"] == profile["traits"]  # type: ignore[index]


def test_a_mention_among_what_is_said_of_somebody_else_goes_and_what_was_said_before_it_counts(
    gateway: InProcess,
) -> None:
    for minute, friend in ((1, "eve@example.com"), (2, EMAIL)):
        one = call(f"bo-{minute}", type="identify", userId="user-bo-1", traits={"friend": friend})
        send(gateway, {**one, "timestamp": moment(minute)})
    send(gateway, ana())
    gateway.command("forget", f"email:{EMAIL}")
    assert gateway.feed.profile("user_id", "user-bo-1")["traits"] == {"friend": "eve@example.com"}  # type: ignore[index]


def test_whoever_has_more_identifiers_than_a_query_takes_conditions_is_forgotten(
    gateway: InProcess, tmp_path: Path
) -> None:
    browsers = [f"canary-browser-{place}" for place in range(1_100)]
    send(gateway, *[call(one, type="identify", anonymousId=one, traits={"email": EMAIL}) for one in browsers])
    send(gateway, bo("bo-1", context={"page": {"title": "as canary-browser-1, canary-browser-1099 and canary-x"}}))
    done = gateway.command("forget", f"email:{EMAIL}")
    assert done["outcome"] == "done"
    assert done["report"]["identifiers"] == {"email": 1, "anonymous_id": 1_100}
    assert not found(tmp_path)
    assert "as [erased], [erased] and canary-x" in str(gateway.feed.raw(len(browsers) + 1))


COOKIE = {"x-tagway-anonymous-id": "canary-browser-1"}


def with_cookie(gateway: InProcess, *calls: object) -> list[dict[str, Any]]:
    return gateway.send("segment", json.dumps({"batch": calls}).encode(), path="/v1/batch", headers=COOKIE)


def test_the_id_in_a_first_party_cookie_is_forgotten_with_its_person(gateway: InProcess, tmp_path: Path) -> None:
    with_cookie(gateway, call("view"))
    with_cookie(gateway, call("login", type="identify", userId="canary-user-77"), call("own", anonymousId="own-id-22"))
    gateway.command("forget", "user_id:canary-user-77")
    assert not found(tmp_path)


def test_a_cookie_that_comes_back_later_is_forgotten_again(gateway: InProcess, tmp_path: Path) -> None:
    with_cookie(gateway, call("login", type="identify", userId="canary-user-77"))
    gateway.command("forget", "user_id:canary-user-77")
    late = with_cookie(gateway, call("view"), call("own", anonymousId="own-id-22"))
    assert [one["status"] for one in late] == ["erased", "violating"]
    assert not found(tmp_path)


def test_the_cookie_of_a_shared_browser_stays_with_its_other_person(gateway: InProcess) -> None:
    for minute, user in ((1, "canary-user-77"), (5, "second-owner")):
        one = call(user, type="identify", userId=user, timestamp=moment(minute))
        with_cookie(gateway, one, call(f"own {user}", anonymousId=f"own-{user}"))
    gateway.command("forget", "user_id:canary-user-77")
    late = with_cookie(gateway, call("view", timestamp=moment(6)))
    assert late[0]["profile_id"] == gateway.feed.profile("user_id", "second-owner")["profile_id"]  # type: ignore[index]


def moment(minute: int) -> str:
    return f"2025-10-09T08:{minute:02d}:00Z"


USERS = st.sampled_from(["person-one-1", "person-two-2", "person-three"])
EMAILS = st.sampled_from(["one.one@example.com", "two.two@example.com", "three@example.com"])
BROWSERS = st.sampled_from(["browser-aaaa", "browser-bbbb", "browser-cccc"])
CALLS = st.fixed_dictionaries(
    {"minute": st.integers(0, 20)},
    optional={"userId": USERS, "email": EMAILS, "anonymousId": BROWSERS},
)


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(CALLS, min_size=1, max_size=8), st.lists(CALLS, max_size=4), st.data())
def test_whoever_is_forgotten_a_fold_of_the_rewritten_log_is_the_store(
    before: list[dict[str, Any]], after: list[dict[str, Any]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder, InProcess(Path(folder)) as gateway:
        for place, fields in enumerate(before):
            send(gateway, as_call(f"before-{place}", fields))
        target = data.draw(USERS.map("user_id:{}".format) | EMAILS.map("email:{}".format))
        gateway.command("forget", target)
        for place, fields in enumerate(after):
            send(gateway, as_call(f"after-{place}", fields))
        assert gateway.feed.ledger()["balanced"]
        kept = folded(gateway, Path(folder))
        for suffix in ("", "-wal", "-shm"):
            Path(folder, f"store.db{suffix}").unlink(missing_ok=True)
        with InProcess(Path(folder)) as anew:
            anew.fold.drain()
            assert folded(anew, Path(folder)) == kept
        value = target.partition(":")[2].encode()
        assert not [path for path in Path(folder).rglob("*") if path.is_file() and value in path.read_bytes()]


def as_call(message: str, fields: dict[str, Any]) -> dict[str, Any]:
    ids = {key: fields[key] for key in ("userId", "anonymousId") if key in fields}
    traits = {"email": fields["email"]} if "email" in fields else {}
    return call(message, type="identify", traits=traits, timestamp=moment(fields["minute"]), **ids)


def folded(gateway: InProcess, folder: Path) -> list[Any]:
    with sqlite3.connect(folder / "store.db") as db:
        aliases = sorted(db.execute("SELECT kind, value, since, until, profile_id, handle FROM aliases"))
        merges = db.execute("SELECT hex(event_id), kind, value, verdict, rule FROM merges ORDER BY 1, 2, 3").fetchall()
    db.close()
    return [gateway.feed.events(), aliases, merges]
