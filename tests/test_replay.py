"""Replay: the log folded through other rules, beside the store, and what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from tagway import commands, registry
from tagway.cli import tagway
from tagway.config import Config, Identity, SourceConfig, with_gateway
from tagway.errors import TagwayError
from tagway.process.folder import GATEWAY, Lock
from tagway.replay import foresee, replay
from tagway.testing import InProcess

CLOCK = 1_760_000_000_000_000


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path, with_gateway(Config(), data=str(tmp_path))) as one:
        for user in range(4):
            send(one, f"m{user}", userId=f"u{user}", traits={"email": f"u{user}@example.com"})
            send(one, f"c{user}", anonymousId=f"a{user}", traits={"email": f"u{user}@example.com"})
        yield one


def send(gateway: InProcess, message: str, **fields: Any) -> None:
    call = {"type": "identify", "messageId": message, **fields}
    gateway.send("segment", json.dumps(call).encode(), path="/v1/identify")


def blocked(gateway: InProcess, *identifiers: str) -> Config:
    return msgspec.structs.replace(gateway.config, identity=Identity(blocked=identifiers))


def test_the_same_rules_make_the_same_store(gateway: InProcess) -> None:
    gateway.command("retract", "user_id:u1", "email:u1@example.com")
    found = replay(gateway.config, gateway.registry, lambda: CLOCK)
    assert found["same"], found


def test_other_rules_show_who_splits_who_is_lost_and_the_biggest_profile(gateway: InProcess) -> None:
    found = replay(blocked(gateway, "email:u0@example.com"), gateway.registry, lambda: CLOCK)
    assert not found["same"]
    assert found["profiles"]["split"]["count"] == 1
    (split,) = found["profiles"]["split"]["samples"]
    assert len(split["into"]) == 3
    assert found["biggest"]["before"]["aliases"] == 3
    assert found["reachable"]["before"] == 4


def test_an_event_that_would_be_called_otherwise_is_counted_from_and_to(gateway: InProcess) -> None:
    gateway.send("segment", b'{"type": "track", "event": "Looked At It", "anonymousId": "a0"}', path="/v1/track")
    source = SourceConfig(plugin="segment", events={"Looked At It": "Product Viewed"})
    renamed = msgspec.structs.replace(gateway.config, sources={"segment": source}, file="other.toml")
    found = replay(renamed, registry.load(renamed), lambda: CLOCK)
    (name,) = found["events"]["name"]
    assert (name["from"], name["to"], name["count"]) == ("Looked At It", "Product Viewed", 1)
    assert found["events"]["changed"] == 1


def test_a_replay_changes_nothing_and_leaves_no_file(gateway: InProcess, tmp_path: Path) -> None:
    before = gateway.feed.events()
    replay(blocked(gateway, "email:u0@example.com"), gateway.registry, lambda: CLOCK)
    assert gateway.feed.events() == before
    assert not list(tmp_path.glob("trial*"))


def test_applied_rules_are_the_store_for_readers_that_were_there_before(gateway: InProcess) -> None:
    other = blocked(gateway, "email:u0@example.com")
    gateway.fold.close()
    assert replay(other, gateway.registry, lambda: CLOCK, apply=True)["applied"]
    assert gateway.feed.profile("user_id", "u0")["emails"] == []  # type: ignore[index]
    assert gateway.feed.ledger()["balanced"]
    assert replay(other, gateway.registry, lambda: CLOCK)["same"]


def test_applying_is_refused_while_a_gateway_runs(gateway: InProcess, tmp_path: Path) -> None:
    lock = Lock(tmp_path, GATEWAY)
    assert lock.take()
    with pytest.raises(TagwayError, match="a gateway runs on this folder"):
        replay(gateway.config, gateway.registry, lambda: CLOCK, apply=True)
    assert replay(gateway.config, gateway.registry, lambda: CLOCK)["same"]
    lock.release()


def test_what_is_not_folded_yet_is_no_difference(gateway: InProcess) -> None:
    gateway.append("segment", b'{"type": "identify", "userId": "late", "messageId": "l"}', path="/v1/identify")
    assert replay(gateway.config, gateway.registry, lambda: CLOCK)["same"]


def test_a_command_is_foreseen_without_being_given(gateway: InProcess) -> None:
    given = {"action": "approve", "target": ["user_id:u0", "user_id:u1"]}
    send(gateway, "both", userId="u0", traits={"email": "u1@example.com"})
    effect = foresee(gateway.config, commands.entry(given, now=CLOCK), CLOCK)
    assert effect["profiles"]["merged"]["count"] == 1
    assert effect["conflicts"]["gone"]["count"] == 1
    assert gateway.feed.commands() == []
    gateway.command(str(given["action"]), *given["target"])
    assert gateway.feed.profile("user_id", "u0") == gateway.feed.profile("user_id", "u1")


def test_what_the_engine_would_leave_for_later_is_foreseen_now(tmp_path: Path) -> None:
    config = with_gateway(Config(identity=Identity(refold_limit=1)), data=str(tmp_path))
    with InProcess(tmp_path, config) as gateway:
        for place in range(3):
            send(gateway, f"m{place}", anonymousId=f"a{place}", traits={"email": "ana@example.com"})
        entry = commands.entry({"action": "block", "target": "email:ana@example.com"}, now=gateway.clock)
        assert foresee(config, entry, gateway.clock)["profiles"]["split"]["count"] == 1


def test_the_command_line_ends_with_1_when_something_differs(gateway: InProcess, tmp_path: Path) -> None:
    config = tmp_path / "other.toml"
    config.write_text('[sources.segment]\nplugin = "segment"\n[identity]\nblocked = ["email:u0@example.com"]\n')
    arguments = ["replay", "--data", str(tmp_path)]
    same = CliRunner().invoke(tagway, arguments)
    differs = CliRunner().invoke(tagway, [*arguments, "--config", str(config), "--json"])
    assert (same.exit_code, same.stdout) == (0, "nothing differs\n")
    assert differs.exit_code == 1
    assert json.loads(differs.stdout)["profiles"]["split"]["count"] == 1
