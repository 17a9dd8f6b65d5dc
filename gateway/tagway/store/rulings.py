"""The commands that hold for identity, and the tombstones, as the store has them."""

from __future__ import annotations

import sqlite3

from tagway.core import body
from tagway.core.erasure import Tombstone, Tombstones
from tagway.core.identity.commands import Command


def commands(db: sqlite3.Connection) -> list[Command]:
    """The commands that were carried out, oldest first."""
    rows = db.execute(
        "SELECT action, target, at, id FROM commands WHERE outcome IN ('done', 'erasing') ORDER BY seq"
    ).fetchall()
    return [
        Command(action=action, target=tuple(body.decode(target)), at=at, id=command_id)
        for action, target, at, command_id in rows
    ]


def tombstones(db: sqlite3.Connection) -> Tombstones:
    """The identifiers that were forgotten and not allowed again."""
    rows = db.execute("SELECT salt, digest, since, until FROM tombstones").fetchall()
    return Tombstones(Tombstone(*row) for row in rows)
