"""The bundled taxonomy, and short ways to judge an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tagway import catalogue
from tagway.core import body
from tagway.core.events import Event, Identifier
from tagway.core.taxonomy import Catalogue, Judged, Settings, Severities, SourceRules, Taxonomy
from tagway.core.taxonomy.names import folded

Judge = Callable[..., Judged]


@pytest.fixture(scope="session")
def bundled() -> Catalogue:
    """The schemas that come with Tagway."""
    return Catalogue.of(catalogue.bundled(), catalogue.spellings())


@pytest.fixture(scope="session")
def judge(bundled: Catalogue) -> Judge:
    """Judge an event of source `web`, given as JSON-like properties with exact amounts."""

    def judged(
        name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        events: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
        severity: Mapping[str, str] | None = None,
        at: int = 0,
        ids: Mapping[str, str] | None = None,
        **given: Any,
    ) -> Judged:
        rules = SourceRules(
            events={folded(sent): one for sent, one in (events or {}).items()},
            properties={folded(sent): one for sent, one in (aliases or {}).items()},
            severities=Severities.read(severity or {}, {}, "[sources.web.severity]"),
        )
        taxonomy = Taxonomy(bundled, Settings(sources={"web": rules}))
        identifiers = tuple(Identifier(kind, value) for kind, value in (ids or {}).items())
        event = Event(name=name, properties=dict(properties or {}), identifiers=identifiers, **given)
        return taxonomy.judge(event, "web", at)

    return judged


def example(bundled: Catalogue, name: str) -> dict[str, Any]:
    """The example of an event's newest schema, with exact amounts."""
    document = bundled.newest[name].document
    decoded = body.decode(body.encode(document["examples"][0]))
    assert isinstance(decoded, dict)
    return decoded
