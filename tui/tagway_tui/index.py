"""Which row stands where: the order of the live list, without the rows.

A row's key is a number: an event's sequence number, or the negative log number of a refusal. Events have no
gaps in their numbers, so all of them are a range; a filter's matches are a packed array of numbers. Neither
grows with what a row shows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Protocol

from tagway.core.query import Ages
from tagway.store.window import Match

Mark = tuple[int, int]
"""How far all rows went at a moment: the last event, and how many refusals."""


class Index(Protocol):
    """Rows in order, by key; the same questions whether all or some are shown."""

    def __len__(self) -> int: ...

    def key(self, place: int) -> int:
        """The key of the row at a place. Raises `IndexError` outside."""
        ...

    def place(self, key: int) -> int:
        """Where a key stands, or the nearest row at or after it; -1 when there is no row."""
        ...

    def beyond(self, mark: Mark) -> int:
        """How many rows came after all rows went as far as a mark."""
        ...


@dataclass(slots=True)
class Everything:
    """All events from `first` to `last`, and the refusals between them."""

    first: int = 1
    last: int = 0
    _requests: array[int] = field(default_factory=lambda: array("q"))
    _after: array[int] = field(default_factory=lambda: array("q"))

    def refuse(self, requests: Iterable[tuple[int, int]]) -> None:
        """Add refusals, in order: (log number, the event before it)."""
        for request, after in requests:
            self._requests.append(request)
            # A fold of the log from its start may place one lower than it was: keep the order.
            self._after.append(max(after, self._after[-1] if self._after else after))

    def mark(self) -> Mark:
        """How far the rows go now."""
        return self.last, len(self._requests)

    def beyond(self, mark: Mark) -> int:
        """See `Index.beyond`."""
        return max(0, self.last - mark[0]) + max(0, len(self._requests) - mark[1])

    def __len__(self) -> int:
        return max(0, self.last - self.first + 1) + len(self._requests)

    def key(self, place: int) -> int:
        """See `Index.key`."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        before = self._refusals_before(place)
        if before < len(self._requests) and self._position(before) == place:
            return -self._requests[before]
        return self.first + place - before

    def place(self, key: int) -> int:
        """See `Index.place`."""
        if not len(self):
            return -1
        if key < 0:
            nearest = min(bisect_left(self._requests, -key), len(self._requests) - 1)
            return self._position(nearest) if nearest >= 0 else len(self) - 1
        seq = min(max(key, self.first), max(self.last, self.first))
        return min(seq - self.first + bisect_left(self._after, seq), len(self) - 1)

    def _position(self, refusal: int) -> int:
        # Below `first` events may be pruned; what stood among them stands before what is left.
        return max(0, min(self._after[refusal], self.last) - self.first + 1) + refusal

    def _refusals_before(self, place: int) -> int:
        low, high = 0, len(self._requests)
        while low < high:
            middle = (low + high) // 2
            if self._position(middle) < place:
                low = middle + 1
            else:
                high = middle
        return low


@dataclass(slots=True)
class Matches:
    """The events that a filter found; where it asks for `ages`, those that are so old by now."""

    ages: Ages = field(default_factory=Ages)
    seqs: array[int] = field(default_factory=lambda: array("q"))
    # Where there are ages, all that are so old or will be, and when they happened.
    _known: array[int] = field(default_factory=lambda: array("q"))
    _times: array[int] = field(default_factory=lambda: array("q"))

    def newer(self, matches: Sequence[Match], now: int) -> None:
        """Add matches behind those that are there."""
        if self.ages:
            self._known.extend(one.seq for one in matches)
            self._times.extend(one.timestamp for one in matches)
        self.seqs.extend(self._of_age(matches, now))

    def older(self, matches: Sequence[Match], now: int) -> None:
        """Add matches before those that are there."""
        if self.ages:
            self._known = array("q", (one.seq for one in matches)) + self._known
            self._times = array("q", (one.timestamp for one in matches)) + self._times
        self.seqs = array("q", self._of_age(matches, now)) + self.seqs

    def grow_older(self, now: int) -> bool:
        """Leave out what is too old at a moment (microseconds), take in what is old enough; whether any was."""
        if not self.ages:
            return False
        if self.ages.most is not None and min(self._times, default=now) < now - self.ages.most:
            kept = [now - at <= self.ages.most for at in self._times]
            self._known, self._times = array("q", compress(self._known, kept)), array("q", compress(self._times, kept))
        before, self.seqs = (
            self.seqs,
            array("q", compress(self._known, [self.ages.allow(now - at) for at in self._times])),
        )
        return self.seqs != before

    def _of_age(self, matches: Iterable[Match], now: int) -> Iterator[int]:
        return (one.seq for one in matches if self.ages.allow(now - one.timestamp))

    def holds(self, seq: int) -> bool:
        """Whether an event is among them."""
        place = bisect_left(self.seqs, seq)
        return place < len(self.seqs) and self.seqs[place] == seq

    def beyond(self, mark: Mark) -> int:
        """See `Index.beyond`."""
        return len(self.seqs) - bisect_right(self.seqs, mark[0])

    def __len__(self) -> int:
        return len(self.seqs)

    def key(self, place: int) -> int:
        """See `Index.key`."""
        if place < 0:
            raise IndexError(place)
        return self.seqs[place]

    def place(self, key: int) -> int:
        """See `Index.place`."""
        return min(bisect_left(self.seqs, key), len(self.seqs) - 1)
