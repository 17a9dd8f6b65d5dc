"""How Python's values reach SQLite, the log's and the store's alike: as they are.

`sqlite3` asks every value that is no `int`, `float` or `str` how it adapts itself, and where nobody has said so it
raises and drops an exception to find out, for each `None` and each `bytes` of each row: a twentieth of all that the
engine does. Said once for the process, it costs a look-up and changes no value.
"""

from __future__ import annotations

import sqlite3


def as_they_are() -> None:
    """Let `None`, `bytes` and `bool` be bound as what SQLite makes of them anyway. May be said again."""
    sqlite3.register_adapter(type(None), lambda nothing: nothing)
    sqlite3.register_adapter(bytes, bytes)
    sqlite3.register_adapter(bool, int)
