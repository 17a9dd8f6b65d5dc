"""The commands about people: what they print, what they change, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tagway.cli import main, tagway
from tagway.testing import InProcess

SHARED_EMAIL = "x@example.com"


def identify(message: str, minute: int, **fields: Any) -> dict[str, Any]:
    return {"type": "identify", "messageId": message, "timestamp": f"2025-10-01T10:{minute:02d}:00Z", **fields}


HISTORY = (
    {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": "m0"},
    identify("m1", 1, userId="u1", anonymousId="a1", traits={"email": SHARED_EMAIL, "name": "A\x1b]0;pwned\x07na"}),
    identify("m2", 2, userId="u2", traits={"email": SHARED_EMAIL}),
    identify("m3", 3, userId="u3", anonymousId="a1"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with InProcess(tmp_path / "data") as gateway:
        for call in HISTORY:
            gateway.send("segment", json.dumps({"batch": [call]}).encode(), path="/v1/batch")
    return tmp_path / "data"


def run(folder: Path, *arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(tagway, [*arguments, "--data", str(folder)], input=stdin)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_explain_prints_a_profile_for_an_identifier_in_any_spelling(folder: Path) -> None:
    (profile,) = lines(run(folder, "explain", "email:X@EXAMPLE.com", "--json"))
    assert profile["user_id"] == "u1"
    assert profile["emails"] == [SHARED_EMAIL]


def test_explain_obeys_no_escape_sequence_of_a_payload(folder: Path) -> None:
    shown = run(folder, "explain", "user_id:u1").stdout
    assert "pwned" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_an_unknown_identifier_is_one_sentence_and_exit_code_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tagway", "explain", "email:nobody@example.com", "--data", str(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "tagway: no event has carried email:nobody@example.com\n"


@pytest.mark.parametrize("command", ["explain", "forget", "export"])
def test_what_is_no_identifier_is_a_usage_error(folder: Path, command: str) -> None:
    result = run(folder, command, "shoe_size:44")
    assert result.exit_code == 2
    assert "KIND:VALUE" in result.stderr


def test_why_ends_with_0_for_one_person_and_1_for_two(folder: Path) -> None:
    joined = run(folder, "why", "user_id:u1", f"email:{SHARED_EMAIL}", "--json")
    apart = run(folder, "why", "user_id:u2", f"email:{SHARED_EMAIL}")
    assert (joined.exit_code, apart.exit_code) == (0, 1)
    assert lines(joined)[0]["joined"]
    assert "tagway merges --approve user_id:u" in apart.stdout


def test_merges_lists_every_verdict_with_its_rule(folder: Path) -> None:
    verdicts = [(one["verdict"], one["rule"]) for one in lines(run(folder, "merges", "--json"))]
    assert ("skipped_conflict", "two_people") in verdicts
    assert ("handed_over", "two_people") in verdicts
    only = lines(run(folder, "merges", "--json", "--verdict", "handed_over"))
    assert {one["verdict"] for one in only} == {"handed_over"}


def test_duplicates_are_counted_by_email_phone_cart_and_device(folder: Path) -> None:
    found = {one["by"]: one["profiles"] for one in lines(run(folder, "merges", "--duplicates", "--json"))}
    assert found == {"email": 2, "device": 2}
    assert "email: 1, phone: 0, cart: 0, device: 1" in run(folder, "merges", "--duplicates").stdout


def test_an_approved_pair_becomes_one_person_and_leaves_the_review_list(folder: Path) -> None:
    (conflict,) = lines(run(folder, "merges", "--review", "--json"))
    assert conflict["people"] == ["user_id:u1", "user_id:u2"]
    assert run(folder, "merges", "--approve", "u1", "u2").exit_code == 0
    assert lines(run(folder, "merges", "--review", "--json")) == []
    assert run(folder, "why", "user_id:u1", "user_id:u2").exit_code == 0


def test_a_rejected_pair_stays_two_and_is_asked_for_no_more(folder: Path) -> None:
    assert run(folder, "merges", "--reject", "u1", "u2").exit_code == 0
    assert lines(run(folder, "merges", "--review", "--json")) == []
    assert run(folder, "why", "user_id:u1", "user_id:u2").exit_code == 1


def test_unmerge_shows_the_effect_and_changes_nothing_before_it_is_applied(folder: Path) -> None:
    shown = lines(run(folder, "unmerge", "user_id:u1", f"email:{SHARED_EMAIL}", "--json"))[0]
    assert (shown["applied"], shown["same"]) == (False, False)
    assert run(folder, "why", "user_id:u1", f"email:{SHARED_EMAIL}").exit_code == 0
    applied = lines(run(folder, "unmerge", "user_id:u1", f"email:{SHARED_EMAIL}", "--apply", "--json"))[0]
    assert {**applied, "applied": False} == shown
    assert run(folder, "why", "user_id:u1", f"email:{SHARED_EMAIL}").exit_code == 1


def test_an_unmerged_event_can_be_restored(folder: Path) -> None:
    (profile,) = lines(run(folder, "explain", f"email:{SHARED_EMAIL}", "--json"))
    event = next(one["link"]["event_id"] for one in profile["aliases"] if one["kind"] == "email")
    run(folder, "unmerge", event, "--apply")
    assert run(folder, "why", "user_id:u1", f"email:{SHARED_EMAIL}").exit_code == 1
    run(folder, "unmerge", event, "--undo", "--apply")
    assert run(folder, "why", "user_id:u1", f"email:{SHARED_EMAIL}").exit_code == 0


def test_unmerge_of_no_link_is_a_usage_error(folder: Path) -> None:
    assert run(folder, "unmerge", "something").exit_code == 2


def test_export_has_every_event_of_the_person_with_what_was_received(folder: Path) -> None:
    (document,) = lines(run(folder, "export", "user_id:u1", "--json"))
    assert [event["raw"]["messageId"] for event in document["events"]] == ["m1"]
    assert document["profile"]["user_id"] == "u1"


def test_an_export_is_written_for_its_owner_only(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "u1.json"
    run(folder, "export", "user_id:u1", "--out", str(out))
    assert out.stat().st_mode & 0o077 == 0
    assert json.loads(out.read_text())["profile"]["user_id"] == "u1"


def test_forget_asks_first_and_erases_nothing_on_no(folder: Path) -> None:
    assert run(folder, "forget", "user_id:u1", stdin="n\n").exit_code == 1
    assert run(folder, "explain", "user_id:u1").exit_code == 0


def test_forget_reports_every_place_it_touched(folder: Path) -> None:
    (report,) = lines(run(folder, "forget", "user_id:u1", "--yes", "--json"))
    assert report["outcome"] == "done"
    assert report["events"] == 1
    assert report["places"]["log.db: request"] >= 1
    assert set(report["files"]) == {"log.db", "store.db"}
    assert "in use" not in report["files"].values()
    assert run(folder, "explain", "user_id:u1").exit_code == 1


def test_a_command_line_without_a_store_says_that_there_is_none(tmp_path: Path) -> None:
    result = run(tmp_path / "nothing", "merges")
    assert result.exit_code == 1
    assert "nothing is recorded here yet" in str(result.exception)


def test_the_commands_run_as_programs(folder: Path) -> None:
    command = [sys.executable, "-m", "tagway", "forget", f"email:{SHARED_EMAIL}", "--yes", "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is forgotten" in done.stdout
