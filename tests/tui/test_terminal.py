"""What reaches a real terminal: nothing that a payload says is ever obeyed, and no color without color."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tagway.testing import InProcess

from tests.tui.folders import a_journey, identify, refuse, send, track

if sys.platform == "win32":
    pytest.skip("a pseudo terminal is needed", allow_module_level=True)

from tests.tui.terminal import Terminal

HOSTILE = (
    "\x1b]0;PWNED\x07", "\x1b]52;c;UFdORUQ=\x07", "\x1b[2J", "\x1b[6n", "\x1bPq\x1b\\", "\x1bc", "\x9b2J",
    "\x9d0;x\x9c", "\u202ereversed", "\u2066isolated", "\u200fmark", "zero\u200bwidth",
    "\x00\x08\x7f", "line\u2028break\r\nand\ttab",
    "[@click=app.quit]click[/]", "[ @click=app.quit ]click[/]", "[/nope]", "[bold", "x [b", "tail\\", "[$error]", "$x",
    "=cmd|' /C calc'!A0", "\u5bb6\U0001f468\u200d\U0001f469", "a" * 3_000,
)  # fmt: skip
KEYS = (
    "\r",
    "]",
    "]",
    "]",
    "q",
    "w",
    "q",
    "p",
    "{",
    "q",
    "q",
    "2",
    "v",
    "3",
    "\r",
    "q",
    "4",
    "5",
    "\r",
    "w",
    "q",
    "q",
    "6",
    "s",
)


def fill(gateway: InProcess, texts: tuple[str, ...]) -> None:
    """The same folder with one text or another in every place that a sender may write to."""
    a_journey(gateway)
    for place, text in enumerate(texts):
        rich: dict[str, Any] = {"sku": text, "cart_id": f"c{text}", "name": text, text[:40]: {text[:40]: [text]}}
        send(gateway, track(text or "x", f"anon-{text}", **rich), track("Added to Cart", f"anon-{place}{text}", **rich))
        send(gateway, identify(f"user-{text}", f"anon-{text}", email=f"{place}{text}@example.com", phone=text))
    gateway.send("segment", ("[" + texts[0]).encode("utf-8", "surrogatepass"), path="/v1/batch")
    gateway.send("segment", b'{"type":"track","event":"\\ud800","anonymousId":"a"}', path="/v1/track")
    refuse(gateway, code=texts[0], source=texts[-1][:20])


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts the screen on a folder with given texts."""
    opened: list[Terminal] = []

    def start(texts: tuple[str, ...], **given: Any) -> Terminal:
        folder = tmp_path / str(len(opened))
        with InProcess(folder) as gateway:
            fill(gateway, texts)
        opened.append(Terminal(folder, **given))
        opened[-1].wait_for("Help")
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def walk(terminal: Terminal) -> int:
    """Through every place and everything that lies over one; the exit code."""
    for key in KEYS:
        terminal.press(key)
    return terminal.quit()


def test_a_hostile_payload_sends_a_terminal_nothing_that_a_harmless_one_does_not(
    terminal: Callable[..., Terminal],
) -> None:
    harmless, hostile = terminal(("harmless",) * 5), terminal(HOSTILE)
    assert (walk(harmless), walk(hostile)) == (0, 0)
    assert hostile.sequences <= harmless.sequences
    controls = {one for one in hostile.characters if ord(one) < 32 or 0x7F <= ord(one) < 0xA0}
    assert controls <= {one for one in harmless.characters if ord(one) < 32}
    assert not hostile.characters & {chr(code) for code in (0x61C, *range(0x200B, 0x2010), *range(0x2028, 0x202F))}
    assert not hostile.characters & {chr(code) for code in range(0x2066, 0x206A)}
    assert "Traceback" not in hostile.sent
    assert "MarkupError" not in hostile.sent


def test_no_click_on_any_cell_runs_what_a_payload_says(terminal: Callable[..., Terminal]) -> None:
    hostile = terminal(("[@click=app.quit]click[/]", "[@click=screen.quit]x", "[ @click=app.exit ]x[/]"))
    for key in ("1", "\r", "4", "3"):
        hostile.press(key)
        for y in range(3, 23, 2):
            for x in range(2, 78, 6):
                hostile.click(x, y)
        hostile.read()
        assert hostile.process.poll() is None
        hostile.press("\x1b")
        hostile.press("1")
    assert hostile.quit() == 0


def test_without_color_no_color_code_is_sent_and_every_state_is_a_word(terminal: Callable[..., Terminal]) -> None:
    plain = terminal(("harmless",), env={"NO_COLOR": "1"})
    assert walk(plain) == 0
    assert plain.colors == []
    assert "FOLLOW" in plain.sent or "DISCONNECTED" in plain.sent


def test_with_ascii_nothing_else_is_sent(terminal: Callable[..., Terminal]) -> None:
    plain = terminal(("caf\u00e9 \u5bb6\u65cf",), options=["--ascii"])
    assert walk(plain) == 0
    assert plain.sent.isascii()
