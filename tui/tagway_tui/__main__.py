"""`python -m tagway_tui --data FOLDER`: the screen as its own process, which `tagway tui` and `tagway up` start.

The options are read before Textual is imported: what it reads from the environment is read once, at import.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
import threading
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from tagway import config as configuration
from tagway.config import Config
from tagway.errors import TagwayError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the screen; 0 when it ended well, 1 with a sentence on standard error."""
    given = _parser().parse_args(arguments)
    try:
        config = configuration.with_gateway(configuration.load(given.config, to_read=True), data=given.data)
        if given.plain or given.once or not _is_terminal():
            return _plain(config.data, given)
        prepare_environment(os.environ)
        return _screen(config, given)
    except TagwayError as error:
        print(f"tagway: {error.message}", file=sys.stderr)
        return 1


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Without color means without color codes: only Textual's ANSI theme, set before its import, sends none."""
    if environ.get("NO_COLOR"):
        environ["TEXTUAL_THEME"] = "ansi-dark"


def _is_terminal() -> bool:
    return sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM") != "dumb"


def _plain(folder: Path, given: argparse.Namespace) -> int:
    from tagway_tui.plain import follow

    try:
        follow(folder, once=given.once, reveal=given.reveal)
    except (KeyboardInterrupt, BrokenPipeError):
        # The reader went away; there is nobody to tell, and nothing to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _screen(config: Config, given: argparse.Namespace) -> int:
    from tagway_tui import keymap
    from tagway_tui.app import Options, TagwayApp

    settings = keymap.settings(keymap.settings_file())
    options = Options(
        folder=config.data,
        config=config,
        ascii=given.ascii or not _speaks_unicode(),
        read_only=given.read_only,
        keys=dict(settings.keys),
        theme="" if os.environ.get("NO_COLOR") else given.theme or settings.theme,
        frame=0.2 if os.environ.get("SSH_CONNECTION") else 0.1,
    )
    app = TagwayApp(options)
    if hasattr(select, "poll"):
        threading.Thread(target=_end_with_terminal, args=(sys.stdin.fileno(),), daemon=True).start()
    app.run(mouse=not given.no_mouse)
    return app.return_code or 0


def _end_with_terminal(terminal: int) -> None:
    """End the process when its terminal is gone, also where no hang-up signal comes (`nohup`, no job control).

    Textual would read the end of the file again and again. There is no screen left to restore.
    """
    hang_up = select.poll()
    hang_up.register(terminal, 0)
    if any(said & select.POLLHUP for _, said in hang_up.poll()):
        os._exit(1)


def _speaks_unicode() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tagway tui", description="Watch a running gateway or an old data folder live.", add_help=False
    )
    parser.add_argument("--config", metavar="FILE", help="The configuration (default: tagway.toml).")
    parser.add_argument("--data", metavar="FOLDER", help="The data folder (default: as configured).")
    parser.add_argument("--plain", action="store_true", help="Lines on standard output, no escape sequence.")
    parser.add_argument("--once", action="store_true", help="With --plain: end after what is there.")
    parser.add_argument("--reveal", action="store_true", help="With --plain: do not mask person data.")
    parser.add_argument("--ascii", action="store_true", help="No glyphs beyond ASCII.")
    parser.add_argument("--read-only", action="store_true", help="No key that changes or sends anything.")
    parser.add_argument("--no-mouse", action="store_true", help="Leave the mouse to the terminal.")
    parser.add_argument("--theme", default="", metavar="NAME", help="A Textual theme.")
    parser.add_argument("-h", "--help", action="help", help="Show this message and exit.")
    return parser


if __name__ == "__main__":
    sys.exit(main())
