"""Golden pairs: what they compare, and how outputs are written on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tagway.testing import GoldenPair, golden_pairs

from tests.testing.sources import Sound


def pair(folder: Path, **given: Any) -> GoldenPair:
    (folder / "one.in.json").write_text(json.dumps(given))
    (one,) = golden_pairs(folder)
    return one


def test_an_output_is_written_only_on_purpose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = pair(tmp_path, body={"id": "m1"})
    with pytest.raises(AssertionError, match="is missing; TAGWAY_WRITE_GOLDEN=1 writes it"):
        one.check(Sound())

    monkeypatch.setenv("TAGWAY_WRITE_GOLDEN", "1")
    one.check(Sound())
    monkeypatch.delenv("TAGWAY_WRITE_GOLDEN")

    one.check(Sound())


def test_an_amount_is_compared_digit_by_digit(tmp_path: Path) -> None:
    one = pair(tmp_path, text='{"id": "m1", "total": 600.00}')
    expected = (
        '[{"type": "track", "name": "Email Captured", "message_id": "m1", "side": "web", "properties": {"total": %s}}]'
    )
    one.out.write_text(expected % "600.00")
    one.check(Sound())
    one.out.write_text(expected % "600.0")
    with pytest.raises(AssertionError, match=r"-.*600\.0\n"):
        one.check(Sound())


def test_a_body_that_cannot_be_read_is_expected_as_a_dead_letter(tmp_path: Path) -> None:
    one = pair(tmp_path, body=[])
    dead = {"code": "payload", "message": "expected an object with an id", "pointer": "/id"}
    one.out.write_text(json.dumps([{"dead_letter": dead}]))
    one.check(Sound())


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"body": {"a": "é"}}, '{"a":"é"}'.encode()),
        ({"text": "a=1&b=2"}, b"a=1&b=2"),
        ({"base64": "AP8="}, b"\x00\xff"),
    ],
)
def test_a_body_is_json_text_or_bytes(given: dict[str, Any], sent: bytes, tmp_path: Path) -> None:
    assert pair(tmp_path, **given).request(Sound()).body == sent


def test_only_declared_headers_reach_the_source_in_lower_case(tmp_path: Path) -> None:
    one = pair(tmp_path, body={}, headers={"X-Signature": "00", "Cookie": "c"})
    assert one.request(Sound()).headers == {"x-signature": "00"}


@pytest.mark.parametrize("given", [{}, {"body": {}, "text": ""}, {"body": {}, "header": {}}])
def test_a_request_file_that_is_none_is_named(given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"one\.in\.json: wants one of body, text, base64"):
        pair(tmp_path, **given).request(Sound())


def test_an_empty_folder_is_an_error_and_not_a_green_test(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no"):
        golden_pairs(tmp_path)
