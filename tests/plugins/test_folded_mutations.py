"""Golden bodies gone wrong, folded as the engine folds them: never an exception, and a ledger that balances."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest
from tagway import Source, body
from tagway.config import Config, SourceConfig
from tagway.testing import GoldenPair, InProcess
from tagway.testing.mutations import STRANGE, every_omission, every_replacement, every_text

from tests.plugins.test_vendors import SOURCES, pairs

MOST: Final = 60
"""Bodies of one golden pair: every one of them would take minutes."""
NAMES: Final = sorted(name for name in SOURCES if pairs(SOURCES[name]))


def wrong(source: Source, pair: GoldenPair) -> Iterator[bytes]:
    """Some of all the ways in which a body can be wrong, evenly taken."""
    request = pair.request(source)
    try:
        document = body.decode(request.body)
    except body.BodyError:
        yield from (request.body[:end] for end in range(0, len(request.body), 1 + len(request.body) // MOST))
        return
    documents: list[Any] = [*every_replacement(document), *every_omission(document)]
    documents = documents[:: 1 + len(documents) // MOST] + [every_text(document, text) for text in STRANGE]
    yield from map(body.encode, documents)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_sender_can_do_raises_in_the_engine(name: str, tmp_path: Path) -> None:
    source = SOURCES[name]
    for place, pair in enumerate(islice(pairs(source), 3)):
        folder = tmp_path / str(place)
        folder.mkdir()
        options = dict(pair.request(source).options)
        config = Config(file="tagway.toml", sources={name: SourceConfig(plugin=name, options=options)})
        with InProcess(folder, config) as gateway:
            request = pair.request(source)
            for sent in wrong(source, pair):
                gateway.append(name, sent, path=request.path, query=request.query, headers=request.headers)
            gateway.fold.drain()
            assert gateway.feed.ledger()["balanced"]
        with sqlite3.connect(folder / "store.db") as store:
            found = store.execute("SELECT code, message, plugin FROM dead_letters WHERE code <> 'payload'").fetchall()
        store.close()
        assert found == []
