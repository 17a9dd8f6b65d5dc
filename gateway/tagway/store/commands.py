"""The commands that were carried out: so that none is carried out twice, and each can be shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from tagway.core import body, moments
from tagway.core.identity.commands import Command

Json = dict[str, Any]


class Commands:
    """The write side. Every call is inside the engine's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work on the engine's connection."""
        self._db = db

    def done(self, command_id: str) -> bool:
        """Whether a command of this id was carried out."""
        query = "SELECT 1 FROM commands WHERE id = ? AND outcome IN ('done', 'erasing') LIMIT 1"
        return self._db.execute(query, (command_id,)).fetchone() is not None

    def record(self, seq: int, command: Command, outcome: str, report: Mapping[str, Any]) -> None:
        """Keep what became of a command of the log."""
        self._db.execute(
            "INSERT OR REPLACE INTO commands VALUES (?,?,?,?,?,?,?)",
            (seq, command.id, command.action, _json(command.target), command.at, outcome, _json(report)),
        )

    def erasing(self) -> list[tuple[int, Json]]:
        """The forgets whose files are not yet swept: log position and report so far."""
        rows = self._db.execute("SELECT seq, report FROM commands WHERE outcome = 'erasing' ORDER BY seq").fetchall()
        return [(seq, body.decode(report)) for seq, report in rows]


def recent(db: sqlite3.Connection, *, after: int = 0, limit: int = 500) -> list[Json]:
    """Commands after a position of the log, oldest first, with what became of each."""
    rows = db.execute("SELECT * FROM commands WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)).fetchall()
    return [
        {
            "seq": row["seq"],
            "id": row["id"],
            "action": row["action"],
            "target": body.decode(row["target"]),
            "at": moments.write(row["at"]),
            "outcome": row["outcome"],
            "report": body.decode(row["report"]),
        }
        for row in rows
    ]


def _json(value: Any) -> str:
    return body.encode(value).decode()
