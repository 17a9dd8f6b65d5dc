"""Two stores held against each other: what another set of rules or plugins makes of the same evidence."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from tagway.core import body
from tagway.core.identity.kinds import RANK

Json = dict[str, Any]

_SAMPLES: Final = 20
# Which aliases each profile has, on either side; an alias is its identifier and the start of its interval.
_BOTH: Final = """
CREATE TEMP TABLE both AS
SELECT b.profile_id AS was, a.profile_id AS now FROM before.aliases b
JOIN after.aliases a ON a.kind = b.kind AND a.value = b.value AND a.since = b.since
"""
_COLUMN: Final = {"before": "was", "after": "now"}
# Each item of the log has one event on either side, or several in the order that the plugin gave them.
_ITEMS: Final = """
CREATE TEMP TABLE {side}_items AS
SELECT seq, request, item, row_number() OVER (PARTITION BY request, item ORDER BY seq) AS place, status, name
FROM {side}.events
"""


def compare(before: Path, after: Path) -> Json:
    """What differs between two stores of the same log.

    `profiles`: `before` and `after` (how many), `merged` (a profile made of several, `from`) and `split` (one
    that became several, `into`), each a count with samples, in which `names` has an identifier for each id.
    `conflicts`: refused joins, counted, those gone and
    those new. `biggest`: the profile with most aliases. `reachable`: people with an address, counted; `gained`
    and `lost` are those who have one on one side only. `events`: counted, what `status` or `name` changed
    from and to, and why there are dead letters that were none (`dead`). `same` says that nothing of all this differs.
    """
    db = sqlite3.connect("file::memory:", uri=True, isolation_level=None)
    db.row_factory = sqlite3.Row
    try:
        for side, path in (("before", before), ("after", after)):
            db.execute(f"ATTACH ? AS {side}", (f"{path.absolute().as_uri()}?mode=ro",))
        return _compared(db)
    finally:
        db.close()


def _compared(db: sqlite3.Connection) -> Json:
    db.execute(_BOTH)
    for side in ("before", "after"):
        db.execute(_ITEMS.format(side=side))
    found = {
        "profiles": {
            "before": _count(db, "SELECT count(*) FROM before.profiles"),
            "after": _count(db, "SELECT count(*) FROM after.profiles"),
            "merged": _moved(db, "after", "before", "from"),
            "split": _moved(db, "before", "after", "into"),
        },
        "conflicts": _conflicts(db),
        "biggest": {side: _biggest(db, side) for side in ("before", "after")},
        "reachable": _reachable(db),
        "events": _events(db),
    }
    return {**found, "same": _same(found)}


def _moved(db: sqlite3.Connection, side: str, other: str, name: str) -> Json:
    """Profiles of one side whose aliases are on several of the other."""
    one, several = _COLUMN[side], _COLUMN[other]
    rows = db.execute(
        f"SELECT {one} AS profile_id, json_group_array(DISTINCT {several}) AS others FROM both"
        f" GROUP BY {one} HAVING count(DISTINCT {several}) > 1 ORDER BY {one}"
    ).fetchall()
    samples = []
    for row in rows[:_SAMPLES]:
        others = _texts(row["others"])
        names = {one: _name(db, other, one) for one in others[:_SAMPLES]}
        names[row["profile_id"]] = _name(db, side, row["profile_id"])
        samples.append({"profile_id": row["profile_id"], name: others, "names": names})
    return {"count": len(rows), "samples": samples}


def _name(db: sqlite3.Connection, side: str, profile_id: str) -> str:
    """The strongest identifier of a profile, the first where there are several."""
    rows = db.execute(
        f"SELECT kind, value FROM {side}.aliases WHERE profile_id = ? ORDER BY first_seen LIMIT 1000", (profile_id,)
    ).fetchall()
    return min((f"{row['kind']}:{row['value']}" for row in rows), key=lambda text: RANK[text.partition(":")[0]])


def _conflicts(db: sqlite3.Connection) -> Json:
    columns = "lower(hex(event_id)) AS event_id, kind, value, subject_kind, subject_value, rule"

    def only(side: str, other: str) -> Json:
        rows = db.execute(
            f"SELECT {columns} FROM {side}.merges WHERE verdict = 'skipped_conflict'"
            f" EXCEPT SELECT {columns} FROM {other}.merges WHERE verdict = 'skipped_conflict'"
        ).fetchall()
        return {"count": len(rows), "samples": [dict(row) for row in rows[:_SAMPLES]]}

    query = "SELECT count(*) FROM {}.merges WHERE verdict = 'skipped_conflict'"
    return {
        "before": _count(db, query.format("before")),
        "after": _count(db, query.format("after")),
        "gone": only("before", "after"),
        "new": only("after", "before"),
    }


def _biggest(db: sqlite3.Connection, side: str) -> Json | None:
    row = db.execute(
        f"SELECT profile_id, count(*) AS aliases FROM {side}.aliases GROUP BY profile_id"
        " ORDER BY aliases DESC, profile_id LIMIT 1"
    ).fetchone()
    return dict(row) if row else None


def _reachable(db: sqlite3.Connection) -> Json:
    def only(side: str, mine: str, other: str, theirs: str) -> Json:
        """Reachable profiles of a side that share no alias with a reachable profile of the other."""
        rows = db.execute(
            f"SELECT p.profile_id FROM {side}.profiles p WHERE p.reachable_at IS NOT NULL AND NOT EXISTS ("
            f" SELECT 1 FROM both b JOIN {other}.profiles o ON o.profile_id = b.{theirs}"
            f" WHERE b.{mine} = p.profile_id AND o.reachable_at IS NOT NULL) ORDER BY p.profile_id"
        ).fetchall()
        return {"count": len(rows), "samples": [row[0] for row in rows[:_SAMPLES]]}

    db.execute("CREATE INDEX temp.both_was ON both (was)")
    db.execute("CREATE INDEX temp.both_now ON both (now)")
    query = "SELECT count(*) FROM {}.profiles WHERE reachable_at IS NOT NULL"
    return {
        "before": _count(db, query.format("before")),
        "after": _count(db, query.format("after")),
        "gained": only("after", "now", "before", "was"),
        "lost": only("before", "was", "after", "now"),
    }


def _events(db: sqlite3.Connection) -> Json:
    db.execute("CREATE INDEX temp.after_place ON after_items (request, item, place)")
    joined = "FROM before_items b JOIN after_items a USING (request, item, place)"

    def changes(column: str) -> list[Json]:
        rows = db.execute(
            f'SELECT b.{column} AS "from", a.{column} AS "to", count(*) AS count, min(request) AS request {joined}'
            f" WHERE b.{column} <> a.{column} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
        ).fetchall()
        return [dict(row) for row in rows]

    before, after = (_count(db, f"SELECT count(*) FROM {side}_items") for side in ("before", "after"))
    both = _count(db, f"SELECT count(*) {joined}")
    return {
        "before": before,
        "after": after,
        "only_before": before - both,
        "only_after": after - both,
        "changed": _count(db, f"SELECT count(*) {joined} WHERE b.status <> a.status OR b.name <> a.name"),
        "status": changes("status"),
        "name": changes("name"),
        "dead": [
            dict(row)
            for row in db.execute(
                f"SELECT d.code, d.message, count(*) AS count, min(request) AS request {joined}"
                " JOIN after.dead_letters d ON d.event = a.seq"
                " WHERE a.status = 'dead_letter' AND b.status <> 'dead_letter'"
                " GROUP BY d.code, d.message ORDER BY 3 DESC, 1, 2 LIMIT ?",
                (_SAMPLES,),
            ).fetchall()
        ],
    }


def _same(found: Json) -> bool:
    profiles, conflicts, events, reachable = (found[key] for key in ("profiles", "conflicts", "events", "reachable"))
    counts = (
        profiles["merged"]["count"], profiles["split"]["count"], profiles["before"] - profiles["after"],
        conflicts["gone"]["count"], conflicts["new"]["count"],
        reachable["gained"]["count"], reachable["lost"]["count"],
        events["changed"], events["only_before"], events["only_after"],
    )  # fmt: skip
    return not any(counts)


def _count(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])


def _texts(array: str) -> list[str]:
    return sorted(body.decode(array))
