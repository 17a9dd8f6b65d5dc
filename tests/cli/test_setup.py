"""`tagway init`, `check` and `sources`: from nothing to a configuration that runs."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tagway.cli import tagway
from tagway.config import Config
from tagway.errors import TagwayError
from tagway.testing import InProcess


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def run(runner: CliRunner, *arguments: str) -> Result:
    return runner.invoke(tagway, arguments)


def test_init_writes_a_configuration_that_checks_clean(runner: CliRunner) -> None:
    assert run(runner, "init").exit_code == 0
    assert stat.S_IMODE(Path("tagway.toml").stat().st_mode) == 0o600
    checked = run(runner, "check", "--json")
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.output)["sources"]["web"] == "segment"


def test_every_init_makes_other_keys(runner: CliRunner) -> None:
    run(runner, "init", "--config", "a.toml")
    run(runner, "init", "--config", "b.toml")
    assert Path("a.toml").read_text() != Path("b.toml").read_text()


def test_init_never_touches_a_file_that_is_there(runner: CliRunner) -> None:
    Path("tagway.toml").write_text("mine")
    assert run(runner, "init").exit_code != 0
    assert Path("tagway.toml").read_text() == "mine"


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tagway", "init", "--config", "none/tagway.toml"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    assert (ended.returncode, ended.stderr) == (1, "tagway: none/tagway.toml: No such file or directory\n")


def test_every_offered_source_can_be_taken_as_it_stands(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    run(runner, "init")
    path = Path("tagway.toml")
    head, _, offered = path.read_text().partition("# Further sources")
    lines = [line.removeprefix("# ") for line in offered.splitlines()[1:]]
    for line in lines:
        if "env:" in line:
            monkeypatch.setenv(line.split("env:")[1].split('"')[0], "s3cret")
    path.write_text(head + "\n".join(lines))
    checked = run(runner, "check")
    assert checked.exit_code == 0, checked.output


def test_check_fails_for_a_source_that_anybody_on_this_machine_may_send_to(runner: CliRunner) -> None:
    Path("tagway.toml").write_text('[sources.web]\nplugin = "segment"\n')
    checked = run(runner, "check")
    assert (checked.exit_code, "has no write_keys" in checked.output) == (1, True)


def test_check_fails_for_one_key_that_opens_two_sources(runner: CliRunner) -> None:
    Path("tagway.toml").write_text(
        '[sources.a]\nplugin = "segment"\nwrite_keys = ["k"]\n[sources.b]\nplugin = "segment"\nwrite_keys = ["k"]\n'
    )
    checked = run(runner, "check")
    assert checked.exit_code == 1
    assert "tagway.toml: [sources.b]: it shares the path /v1/track and a write key with 'a'" in str(checked.exception)


def test_check_takes_a_source_of_calls_that_is_there_for_its_signed_reports_alone(runner: CliRunner) -> None:
    Path("tagway.toml").write_text('[sources.cio]\nplugin = "customerio"\nsecrets = ["s"]\n')
    checked = run(runner, "check")
    assert (checked.exit_code, "finding" in checked.output) == (0, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('plugin = "gtm"\nwrite_keys = ["k"]\nallow_ips = ["a"]', "tagway.toml: [sources.web]: `allow_ips`: 'a'"),
        (
            'plugin = "gtm"\nwrite_keys = ["k"]\n[gateway]\ntrusted_proxies = ["a"]',
            "tagway.toml: `gateway.trusted_prox",
        ),
    ],
)
def test_a_list_of_addresses_that_is_none_is_named_with_its_file(runner: CliRunner, text: str, says: str) -> None:
    Path("tagway.toml").write_text(f"[sources.web]\n{text}\n")
    assert says in str(run(runner, "check").exception)


def test_sources_shows_refusals_and_which_secret_matched_without_the_secret(runner: CliRunner) -> None:
    Path("tagway.toml").write_text('[sources.web]\nplugin = "segment"\nwrite_keys = ["old-key", "new-key"]\n')
    from tagway import config

    loaded: Config = config.load()
    with InProcess(Path("tagway-data"), loaded) as gateway:
        gateway.append("web", b'{"type":"track","event":"Product Viewed","anonymousId":"a"}', path="/v1/track", which=1)
        gateway.fold.drain()
    told = json.loads(run(runner, "sources", "--json").output)
    assert [proof["last_matched"] is None for proof in told["proofs"]] == [True, False]
    assert told["items"] == {"violating": 1}
    assert "old-key" not in json.dumps(told)


def test_another_terminal_reads_without_the_secrets_but_serves_nothing(runner: CliRunner) -> None:
    Path("tagway.toml").write_text('[sources.shopify]\nplugin = "shopify"\nsecrets = ["env:TAGWAY_UNSET"]\n')
    with InProcess(Path("tagway-data")) as gateway:
        gateway.send("segment", b'{"type": "track", "event": "Seen", "anonymousId": "a1"}', path="/v1/track")
    assert "Seen" in run(runner, "events").output
    assert "secret 1: last matched never" in run(runner, "sources").output
    for command in ("check", "serve", "up"):
        assert "TAGWAY_UNSET" in str(run(runner, command).exception)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["events"], "nothing is recorded here yet; `tagway up` starts a gateway"),
        (["snippet", "nope"], "What is printed by name: html, gtm, shopify-pixel"),
        (["serve", "--data", "file"], "file: no data can be kept here: File exists; name another folder with --data"),
        (["send", "file", "--source", "segment"], "no gateway runs on tagway-data; start one with `tagway up`"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do_instead(
    runner: CliRunner, arguments: list[str], says: str
) -> None:
    Path("file").write_text("{}")
    failed = run(runner, *arguments)
    assert failed.exit_code == 1
    assert isinstance(failed.exception, TagwayError)
    assert says in failed.exception.message


@pytest.mark.parametrize("option", ["--limit", "--after"])
def test_a_number_below_nothing_is_a_usage_error(runner: CliRunner, option: str) -> None:
    assert run(runner, "events", option, "-5").exit_code == 2


def test_a_source_is_listed_at_its_prefix_where_a_shared_path_is_anothers(runner: CliRunner) -> None:
    rows = [json.loads(line) for line in run(runner, "sources", "--json").output.splitlines()]
    paths = {row["name"]: row["paths"] for row in rows}
    assert "/v1/track" in paths["segment"]
    assert "/segment/v1/track" not in paths["segment"]
    assert "/rudderstack/v1/track" in paths["rudderstack"]
    assert [name for name, listed in paths.items() if not listed] == []


@pytest.mark.parametrize("command", ["check", "serve", "up"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[taxonomy]\npath = "nowhere"\n', "tagway.toml: `taxonomy.path`: nowhere: there is no such folder of schemas"),
        ('[taxonomy]\nplan = ["Ordr Completed"]\n', "did you mean 'Order Completed'?"),
        ('[sources.a]\nplugin = "segment"\nwrite_keys = ["k"]\nseverity = {event_unplanned = "shout"}\n', "shout"),
    ],
)
def test_what_would_stop_the_engine_is_said_before_anything_is_started(
    runner: CliRunner, command: str, text: str, says: str
) -> None:
    Path("tagway.toml").write_text(text)
    failed = run(runner, command)
    assert failed.exit_code == 1
    assert says in str(failed.exception)
    assert not Path("tagway-data").exists()
