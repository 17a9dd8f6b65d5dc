"""Where an event's values came from: what a violation names is there, in the vendor's body."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from tagway import Event, Source, body
from tagway.core.taxonomy.faults import origin
from tagway.errors import PayloadError
from tagway.testing import GoldenPair

from tests.plugins.test_vendors import SOURCES, pairs

# Their pointers go on into JSON that is a text in a field.
INNER = ("jotform", "snowplow")


def is_plain(source: Source, pair: GoldenPair) -> bool:
    """Whether pointers into a body can be followed: it is JSON itself, neither a form nor a query."""
    with contextlib.suppress(body.BodyError):
        body.decode(pair.request(source).body)
        return source.name not in INNER
    return False


def leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The paths of all that is no list or object."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, (*path, name))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from leaves(one, (*path, place))
    else:
        yield path


PLAIN = [
    pytest.param(source, pair, id=str(pair))
    for source in SOURCES.values()
    for pair in pairs(source)
    if is_plain(source, pair)
]


@pytest.mark.parametrize(("source", "pair"), PLAIN)
def test_what_a_mapping_names_is_in_the_body(source: Source, pair: GoldenPair) -> None:
    request = pair.request(source)
    document = body.decode(request.body)
    try:
        items = list(pair.configured(source).normalize(request))
    except PayloadError:
        return
    for event in (one for one in items if isinstance(one, Event)):
        for path in leaves(dict(event.properties), ("properties",)):
            pointer = origin(event.mapping, path, {})
            assert not pointer or body.at(document, event.item + pointer) is not None, (path, event.item + pointer)
