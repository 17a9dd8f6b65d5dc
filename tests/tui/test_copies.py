"""What is copied is ASCII, exact, and cannot run anything but curl."""

from __future__ import annotations

import json
import shlex
import subprocess
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway_tui.copies import as_ascii, as_curl, as_json, as_value

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXT, TEXT | st.integers() | st.none()))
def test_copied_json_is_printable_ascii_and_the_same_value(value: dict[str, object]) -> None:
    copied = as_json(value)
    assert copied.isascii()
    assert copied.isprintable()
    assert json.loads(copied) == value


def test_amounts_keep_their_digits() -> None:
    assert as_json({"total": Decimal("29.80")}) == '{"total":29.80}'


def test_a_plain_value_is_copied_bare_and_a_hostile_one_escaped() -> None:
    assert (as_value("ABC-123"), as_value("a\x1b[2J"), as_value(3)) == ("ABC-123", '"a\\u001b[2J"', "3")


@given(TEXT)
def test_any_text_becomes_ascii_lines(text: str) -> None:
    assert as_ascii(text).replace("\n", "").isprintable()
    assert as_ascii(text).isascii()


@given(st.binary(min_size=1, max_size=60).filter(lambda raw: 0 not in raw))
def test_a_shell_gives_curl_the_very_bytes(raw: bytes) -> None:
    command = as_curl("http://127.0.0.1:1/v1/track?a=b", "POST", {"x-a": "it's"}, raw)
    assert command.isascii()
    printed = subprocess.run(
        ["bash", "-c", f"curl() {{ printf '%s' \"${{@: -1}}\"; }}; {command}"], capture_output=True, check=True,
        env={"LC_ALL": "C"},
    )  # fmt: skip
    assert printed.stdout == raw


@pytest.mark.parametrize("raw", [b'{"a":1}', b"@/etc/passwd", b"'; rm -rf /; '"])
def test_a_printable_body_is_one_argument(raw: bytes) -> None:
    words = shlex.split(as_curl("http://h/", "POST", {}, raw))
    assert words[-2:] == ["--data-raw", raw.decode()]
