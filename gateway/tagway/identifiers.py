"""Identifiers as people type them, spelled as ingestion spells them, so that whatever was sent is found."""

from __future__ import annotations

from tagway.config import Config
from tagway.core.events import Identifier
from tagway.core.identity import commands
from tagway.core.identity.legal import Refused, normalized


def spelled(text: str, config: Config) -> list[Identifier]:
    """`KIND:VALUE` as ingestion spells it: one identifier, or one a shop for carts, checkouts and orders.

    Raises `PayloadError` when the text is no identifier.
    """
    given = commands.identifier(text)
    shops = dict.fromkeys(["", *(source.shop for source in config.sources.values())])
    found = [normalized(given, shop=shop, region=config.identity.region) for shop in shops]
    return list(dict.fromkeys(one for one in found if not isinstance(one, Refused))) or [given]
