"""The tail worker's eye: what is new in a data folder since the last look, a few times a second.

It reads the store, never the web process, so it works on a running gateway, after a crash and on an old folder.
A look costs one pragma while nothing happens. Everything that the header says is counted here, from the store.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tagway.errors import TagwayError
from tagway.store.files import FILE
from tagway.store.window import Match, Refusal, Window

from tagway_tui.presence import Presence

_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class SourceState:
    """What one source sent: items, those that are faulty, refused requests; times in microseconds."""

    items: int = 0
    faulty: int = 0
    refused: int = 0
    last_seen: int = 0
    last_refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at the folder.

    `changed` tells that rows came or changed, `version` how often they did; `refusals` and `matches` are only those
    that are new, `turn` is which `Watch` found the matches. `rates` are events per second of the last seconds, the
    newest last. `restarted` tells that the store was made anew, or changed in its past.
    """

    presence: Presence
    readable: bool = False
    changed: bool = False
    version: int = 0
    restarted: bool = False
    first: int = 1
    last: int = 0
    refusals: Sequence[Refusal] = ()
    matches: Sequence[Match] = ()
    turn: int = 0
    rates: Sequence[float] = ()
    sources: dict[str, SourceState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What to hold new events against: the `turn`-th filter of the screen, after the last event it was held against."""

    turn: int = 0
    text: str = ""
    after: int = 0


class Tail:
    """Looks at one folder. Made and used in one thread; `watch` alone is set from another."""

    def __init__(self, folder: Path, look: Callable[[Path], Presence]) -> None:
        """Nothing is opened yet: the folder may come later. `look` tells who runs on it."""
        self._folder, self._presence = folder, look
        self._window: Window | None = None
        self._file: tuple[int, int] | None = None
        self._seen = Snapshot(presence=look(folder))
        self._edition: tuple[int, int] | None = None
        self._refusal = 0
        self._marks: deque[tuple[float, int]] = deque()
        self.watch = Watch()
        self._watched = Watch()

    def close(self) -> None:
        """Close the store."""
        if self._window is not None:
            self._window.close()
            self._window = None

    def look(self, clock: float, now: int) -> Snapshot:
        """What is new at `clock` (seconds, monotonic) and `now` (microseconds)."""
        restarted = self._open()
        here = self._presence(self._folder)
        if self._window is None:
            self._seen = replace(self._seen, presence=here, readable=False, changed=False, refusals=(), matches=())
            return self._seen
        base = replace(
            self._seen, presence=here, readable=True, changed=False, restarted=restarted, refusals=(), matches=()
        )
        if self._window.changed() or restarted:
            base = self._news(self._window, base, now)
        self._seen = replace(base, rates=self._rates(clock, base.last))
        return self._seen

    def _news(self, window: Window, seen: Snapshot, now: int) -> Snapshot:
        first, last = window.reach()
        edition = window.edition()
        if last < seen.last or (self._edition is not None and edition != self._edition):
            # Folded again, or changed in its past: counted again from the start.
            seen = replace(seen, restarted=True)
        self._edition = edition
        if seen.restarted:
            self._refusal = 0
            seen = replace(seen, last=0, sources={})
        refusals = window.refusals(after=self._refusal)
        self._refusal = refusals[-1].request if refusals else self._refusal
        return replace(
            seen,
            changed=True,
            version=seen.version + 1,
            first=first,
            last=last,
            refusals=refusals,
            sources=self._sources(window, seen, refusals),
            matches=self._found(window, last, now),
            turn=self._watched.turn,
        )

    def _found(self, window: Window, last: int, now: int) -> list[Match]:
        """The matches among what came since the last look; each event is held against a filter once."""
        wanted = self.watch
        if wanted.turn != self._watched.turn:
            self._watched = wanted
        if not wanted.text:
            return []
        found = window.matching(wanted.text, now=now, after=self._watched.after, upto=last)
        self._watched = replace(wanted, after=last)
        return found

    def _sources(self, window: Window, seen: Snapshot, refusals: Sequence[Refusal]) -> dict[str, SourceState]:
        sources = dict(seen.sources)
        for one in window.tally(seen.last):
            state = sources.get(one.source, SourceState())
            faulty = one.count if one.status in ("violating", "dead_letter") else 0
            sources[one.source] = replace(
                state,
                items=state.items + one.count,
                faulty=state.faulty + faulty,
                last_seen=max(state.last_seen, one.last),
            )
        for refusal in refusals:
            state = sources.get(refusal.source, SourceState())
            sources[refusal.source] = replace(
                state, refused=state.refused + refusal.count, last_refused=max(state.last_refused, refusal.at)
            )
        return sources

    def _rates(self, clock: float, last: int) -> tuple[float, ...]:
        """Events a second over whole seconds of the clock, from how far the numbers had come at each."""
        second = int(clock)
        if not self._marks or int(self._marks[-1][0]) != second:
            self._marks.append((clock, last))
            while len(self._marks) > _SECONDS + 1:
                self._marks.popleft()
        pairs = zip(self._marks, list(self._marks)[1:], strict=False)
        return tuple(max(0.0, (b[1] - a[1]) / (b[0] - a[0])) for a, b in pairs)

    def _open(self) -> bool:
        """Open the store when there is one, again when it is another file; whether it is another."""
        try:
            stat = (self._folder / FILE).stat()
        except OSError:
            self.close()
            self._file = None
            return False
        file = (stat.st_dev, stat.st_ino)
        if self._window is not None and file == self._file:
            return False
        self.close()
        try:
            self._window = Window(self._folder)
        except TagwayError:
            return False
        self._file = file
        return True
