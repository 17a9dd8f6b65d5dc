"""Views by known browsers: most events are that, change nothing, and take a short way around the fold.

Such a view says nothing about its person, and names one identifier that was seen before it. Where that was first
seen is all that it takes: neither its profile nor its links are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from tagway.core.erasure import Tombstones
from tagway.core.events import Identifier
from tagway.core.identity import Evidence
from tagway.core.identity.book import FOREVER
from tagway.core.identity.kinds import WEAK
from tagway.core.identity.legal import Legal
from tagway.store.births import Births
from tagway.store.links import Links

_WEAK: Final = frozenset(WEAK)


class Views:
    """Tells which events of a batch are such views. Every call is in the engine's transaction."""

    def __init__(self, births: Births, links: Links, legal: Callable[[tuple[Identifier, ...], str], Legal]) -> None:
        """Look at first sightings and the evidence; `legal` tells what identifiers of a shop are legal."""
        self._births = births
        self._links = links
        self._legal = legal

    def of(self, batch: Sequence[Evidence], tombstones: Tombstones) -> list[Identifier | None]:
        """The identifier of each event that is such a view, None for the rest; for when no refold is owed.

        Events that are told again are left out: one copy counts, and what the other named may thereby lose its
        first sighting.
        """
        copied = {one.event_id for one in batch if one.repeated}
        erased = tombstones.covers if tombstones else None
        viewers = [None if one.event_id in copied else self._viewer(one, erased) for one in batch]
        seen = self._seen(batch, viewers, copied)
        return [
            viewer if viewer is not None and seen[viewer] < one.at else None
            for one, viewer in zip(batch, viewers, strict=True)
        ]

    def _viewer(self, view: Evidence, erased: Callable[[str, str, int], bool] | None) -> Identifier | None:
        """The identifier of an event that tells of nothing else; not a weak one, whose every sighting counts."""
        ids = view.ids
        if len(ids) != 1 or view.traits or ids[0].kind in _WEAK:
            return None
        legal, _ = self._legal(ids, view.shop)
        if not legal or (erased is not None and erased(*legal[0], view.at)):
            return None
        return legal[0]

    def _seen(
        self, batch: Sequence[Evidence], viewers: Sequence[Identifier | None], copied: Collection[bytes]
    ) -> dict[Identifier, int]:
        """When each of the viewers was seen first: before this batch, or in the first of its views here."""
        seen: dict[Identifier, int] = {}
        for view, viewer in zip(batch, viewers, strict=True):
            if viewer is not None and view.at < seen.get(viewer, FOREVER):
                seen[viewer] = view.at
        uncertain = {alias for stored in map(self._links.find, copied) if stored for alias in stored.ids}
        for one, birth in self._births.of(seen).items():
            seen[one] = FOREVER if birth.alias_id in uncertain else birth.at
        return seen
