"""The commands about people: what they print, what they change, and how they end."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tagway import config as configuration
from tagway.cli import main, tagway
from tagway.store.feed import Feed
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


def test_an_error_obeys_no_escape_sequence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tagway", "forget", "user_id:a\x1b[2Jb", "--yes", "--data", str(folder)])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.startswith("tagway: user_id:a␛[2Jb is no identifier")


@pytest.mark.parametrize(
    ("value", "fault"), [("", "is empty"), ("x" * 1_001, "has more than 1,000 characters")], ids=["empty", "long"]
)
def test_what_is_wrong_with_a_value_is_said(folder: Path, value: str, fault: str) -> None:
    result = run(folder, "explain", f"user_id:{value}")
    assert result.exit_code == 2
    assert f"the value of this user_id {fault}" in result.stderr


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
    assert [one["joins"] for one in lines(joined)[0]["chain"]] == [True]
    assert "╳ skipped_conflict (two_people) by event 3" in apart.stdout


def test_what_a_person_reads_fits_in_a_terminal(folder: Path) -> None:
    for command in (["explain", "user_id:u1"], ["merges"], ["merges", "--review"], ["merges", "--duplicates"]):
        assert max(map(len, run(folder, *command).stdout.splitlines())) <= 80


def test_a_profile_is_found_by_its_id_too(folder: Path) -> None:
    (profile,) = lines(run(folder, "explain", "user_id:u1", "--json"))
    assert lines(run(folder, "explain", f"profile_id:{profile['profile_id']}", "--json")) == [profile]
    unknown = run(folder, "explain", "profile_id:0000000000000000")
    assert str(unknown.exception) == "nobody was ever known by profile_id:0000000000000000"


def test_a_device_says_until_when_it_was_theirs(folder: Path) -> None:
    assert "until 2025-10-01 10:03:00Z, when it changed hands" in run(folder, "explain", "user_id:u1").stdout


def test_an_identifier_of_many_says_that_it_joins_nobody(folder: Path) -> None:
    run(folder, "merges", "--block", f"email:{SHARED_EMAIL}")
    assert "joins nobody: it is blocked" in run(folder, "explain", f"email:{SHARED_EMAIL}").stdout
    (profile,) = lines(run(folder, "explain", f"email:{SHARED_EMAIL}", "--json"))
    assert [one["shared"] for one in profile["aliases"]] == ["blocked"]


def test_a_printed_command_is_pasted_without_harm(tmp_path: Path) -> None:
    evil = "u9; touch $(pwned)"
    with InProcess(tmp_path / "data") as gateway:
        for user in ("u1", evil):
            call = identify(user, 1, userId=user, traits={"email": SHARED_EMAIL})
            gateway.send("segment", json.dumps({"batch": [call]}).encode(), path="/v1/batch")
    shown = run(tmp_path / "data", "merges", "--review").stdout
    printed = next(line.partition("tagway ")[2] for line in shown.splitlines() if "--approve" in line)
    assert shlex.split(printed) == ["merges", "--approve", "user_id:u1", f"user_id:{evil}"]
    fix = run(tmp_path / "data", "why", "user_id:u1", f"user_id:{evil}").stdout.rpartition("`tagway ")[2]
    assert shlex.split(fix.rstrip("`\n")) == ["merges", "--approve", "user_id:u1", f"user_id:{evil}"]


def test_a_long_history_counts_every_event_and_says_how_much_of_it_is_shown(tmp_path: Path) -> None:
    with InProcess(tmp_path / "data") as gateway:
        calls = [identify(f"m{n}", n // 10, userId="u1", traits={"email": SHARED_EMAIL}) for n in range(250)]
        gateway.send("segment", json.dumps({"batch": calls}).encode(), path="/v1/batch")
    (profile,) = lines(run(tmp_path / "data", "explain", "user_id:u1", "--json"))
    assert [span["events"] for span in profile["reachability"]] == [250]
    shown = run(tmp_path / "data", "explain", "user_id:u1").stdout
    assert "timeline, the last 200 of 250 events" in shown
    assert "and 101 more: --json has all" in shown


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


@pytest.mark.parametrize("option", [["--after", "9" * 30], ["--limit", "9" * 30], ["--verdict", "nonsense"]])
def test_what_is_no_option_is_a_usage_error(folder: Path, option: list[str]) -> None:
    assert run(folder, "merges", *option).exit_code == 2


def test_an_identifier_of_too_many_people_is_one_question_until_it_is_blocked(tmp_path: Path) -> None:
    with InProcess(tmp_path / "data") as gateway:
        calls = [identify(f"m{n}", n, userId=f"u{n}", traits={"email": SHARED_EMAIL}) for n in range(7)]
        gateway.send("segment", json.dumps({"batch": calls}).encode(), path="/v1/batch")
    (asked,) = lines(run(tmp_path / "data", "merges", "--review", "--json"))
    assert (asked["rule"], asked["events"], asked["subject"]["value"]) == ("people_per_identifier", 7, "u6")
    assert f"tagway merges --block email:{SHARED_EMAIL}" in run(tmp_path / "data", "merges", "--review").stdout
    run(tmp_path / "data", "merges", "--block", f"email:{SHARED_EMAIL}")
    assert "nothing to review" in run(tmp_path / "data", "merges", "--review").stdout


def test_an_approved_pair_becomes_one_person_and_leaves_the_review_list(folder: Path) -> None:
    (conflict,) = lines(run(folder, "merges", "--review", "--json"))
    assert conflict["people"] == ["user_id:u1", "user_id:u2"]
    assert run(folder, "merges", "--approve", "u1", "u2").exit_code == 0
    assert lines(run(folder, "merges", "--review", "--json")) == []
    assert run(folder, "why", "user_id:u1", "user_id:u2").exit_code == 0


def test_an_approval_that_joins_nothing_yet_says_so(folder: Path) -> None:
    hint = "no event has joined the two yet"
    assert hint not in run(folder, "merges", "--approve", "u1", "u2").stdout
    assert hint in run(folder, "merges", "--approve", "u1", "never-seen").stdout


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


def test_unmerge_says_who_comes_apart_and_what_was_recorded(folder: Path) -> None:
    shown = run(folder, "unmerge", "2").stdout
    assert "user_id:u1 (" in shown
    assert "nothing is changed yet: --apply records it" in shown
    applied = run(folder, "unmerge", "2", "--apply").stdout
    assert applied.endswith("retract recorded as row 5 of the log: done\n")
    again = run(folder, "unmerge", "2", "--apply").stdout
    assert again == "nothing differs\nretract recorded as row 6 of the log: done\n"


def test_an_event_is_named_by_its_number_or_by_its_id_in_either_case(folder: Path) -> None:
    event = lines(run(folder, "events", "--json"))[1]["event_id"]
    effects = [run(folder, "unmerge", one, "--json").stdout for one in ("2", event, event.upper(), f"event:{event}")]
    assert len(set(effects)) == 1
    assert json.loads(effects[0])["same"] is False


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (["00000000000000000000000000000000"], "there is no event 00000000000000000000000000000000"),
        (["77"], "there is no event 77"),
        (["user_id:u1", "email:nobody@example.com"], "no event has carried email:nobody@example.com"),
        (["user_id:u2", "anonymous_id:a1"], "no event has carried both: nothing joins them directly"),
    ],
    ids=["unknown id", "unknown number", "unknown identifier", "never together"],
)
def test_unmerge_of_what_is_not_there_is_an_error_and_records_nothing(
    folder: Path, target: list[str], sentence: str
) -> None:
    result = run(folder, "unmerge", *target, "--apply")
    assert result.exit_code == 1
    assert str(result.exception).startswith(sentence)
    with Feed(folder) as feed:
        assert feed.commands() == []


def test_a_link_that_is_not_the_only_one_says_so(tmp_path: Path) -> None:
    with InProcess(tmp_path / "data") as gateway:
        for call in (
            identify("m1", 1, anonymousId="a1", traits={"email": SHARED_EMAIL}),
            identify("m2", 2, userId="u1", anonymousId="a1", traits={"email": SHARED_EMAIL}),
        ):
            gateway.send("segment", json.dumps({"batch": [call]}).encode(), path="/v1/batch")
    shown = run(tmp_path / "data", "unmerge", "user_id:u1", f"email:{SHARED_EMAIL}").stdout
    assert shown == "nothing differs\nwhat else joins the two still does: `tagway why` prints it\n"


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


def test_forget_names_who_stays_although_the_same_address_was_sent_with_them(folder: Path) -> None:
    stays = "user_id:u2 was sent together with these, is kept apart as somebody else, and stays\n"
    assert run(folder, "forget", f"email:{SHARED_EMAIL}", stdin="n\n").stderr.startswith(stays)
    assert run(folder, "forget", f"email:{SHARED_EMAIL}", "--yes").stdout.endswith(stays)
    assert run(folder, "explain", "user_id:u2").exit_code == 0
    assert "stays" not in run(folder, "forget", "user_id:u2", "--yes").stdout


def test_forget_reports_every_place_it_touched(folder: Path) -> None:
    (report,) = lines(run(folder, "forget", "user_id:u1", "--yes", "--json"))
    assert report["outcome"] == "done"
    assert report["events"] == 1
    assert report["places"]["log.db: request"] >= 1
    assert set(report["files"]) == {"log.db", "store.db"}
    assert "in use" not in report["files"].values()
    assert run(folder, "explain", "user_id:u1").exit_code == 1


@pytest.mark.parametrize("target", ["email:x", "user_id:undefined", "phone:12"])
def test_what_is_no_identifier_cannot_be_forgotten(folder: Path, target: str) -> None:
    result = run(folder, "forget", target, "--yes")
    assert result.exit_code == 1
    assert str(result.exception).startswith(f"{target} is no identifier: ")
    assert run(folder, "explain", "user_id:u1").exit_code == 0


def test_a_cart_is_forgotten_without_the_name_of_its_shop(tmp_path: Path) -> None:
    config = tmp_path / "tagway.toml"
    config.write_text('[sources.de]\nplugin = "segment"\nwrite_keys = ["k"]\nshop = "de"\n')
    with InProcess(tmp_path / "data", configuration.load(str(config))) as gateway:
        call = {"type": "track", "event": "Added to Cart", "messageId": "m1", "properties": {"cart_id": "cart-4711"}}
        gateway.send("de", json.dumps({"batch": [call]}).encode(), path="/v1/batch")
    done = run(tmp_path / "data", "forget", "cart_token:cart-4711", "--yes", "--json", "--config", str(config))
    assert lines(done)[0]["events"] == 1


@pytest.mark.parametrize(
    "command",
    [["forget", "user_id:u1", "--yes"], ["merges", "--block", "user_id:u1"], ["replay"], ["replay", "--apply"]],
    ids=["forget", "merges", "replay", "replay --apply"],
)
def test_a_mistyped_folder_is_not_made(tmp_path: Path, command: list[str]) -> None:
    result = run(tmp_path / "nothing", *command)
    assert "nothing is recorded here yet" in str(result.exception)
    assert not (tmp_path / "nothing").exists()


def test_a_command_line_without_a_store_says_that_there_is_none(tmp_path: Path) -> None:
    result = run(tmp_path / "nothing", "merges")
    assert result.exit_code == 1
    assert "nothing is recorded here yet" in str(result.exception)


def test_the_commands_run_as_programs(folder: Path) -> None:
    command = [sys.executable, "-m", "tagway", "forget", f"email:{SHARED_EMAIL}", "--yes", "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is forgotten" in done.stdout
