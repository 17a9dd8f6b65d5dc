"""Forgetting a person: resolved once, to what is erased for ever, then carried out in every file of the folder.

A `forget` reaches the fold at its place in the log. There it is resolved to the identifiers of the person, and
the command's row is rewritten to hold them before anything is erased, so that a crash at any moment leaves
something that finishes the work: the row keeps the identifiers in clear until no file of the folder does, and
salted hashes afterwards. The store's part is one transaction with the fold's position. The rest (rows of the
log, mentions in the rows of others, log files, free pages, write-ahead logs) is done after it and may be done
again without harm.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from tagway import log as logs
from tagway.commands import entry as command_entry
from tagway.core import body
from tagway.core.erasure import Forgotten, Mentions, Remains, Span, emptied, fingerprint
from tagway.core.events import COOKIE_HEADER, Identifier
from tagway.core.identity import commands
from tagway.core.identity.commands import Command
from tagway.core.identity.kinds import DEVICE, WEAK
from tagway.log import Entry, Log
from tagway.store import erase, files, sweep
from tagway.store.commands import Commands
from tagway.store.erase import Erasure

if TYPE_CHECKING:
    import sqlite3

_ROWS: Final = 500
_PRINT: Final = 32
# Milliseconds that the engine waits for a reader to let go before it tries again after the next batch.
_GLANCE: Final = 250
# A text that the events of so many others hold, among so many of the last, is a word and names nobody.
_MANY: Final = 20
_SAMPLE: Final = 10_000
_NOTHING_LEFT: Final = Remains(fingerprint=b"", items={}).encode()
T = TypeVar("T")
Report = dict[str, Any]


class Forgetting:
    """Carries out `forget` and `erase_source` for the engine, and rewrites the log. One per engine."""

    def __init__(self, folder: Path, db: sqlite3.Connection, log: Log) -> None:
        """Work on the engine's connection to the store, with the log open for writing."""
        self._folder, self._db, self._log = folder, db, log
        self._erasure, self._commands = Erasure(db), Commands(db)
        # A crash may have left something to finish.
        self._owed = True
        self._unsettled = False

    def resolve(self, entry: Entry, command: Command, now: int) -> tuple[Command, Forgotten]:
        """What a forget of a normalized identifier comes to; durable in the log before it has any effect.

        One that was resolved before is what it was then.
        """
        if command.resolved:
            return command, Forgotten.read(command.resolved)
        spans = self._erasure.spans(*commands.identifier(command.target[0]), DEVICE, now)
        salt = next(iter(self._erasure.salts()), None) or secrets.token_bytes(16)
        forgotten = Forgotten(stones=tuple(span.stone(salt) for span in spans), spans=tuple(spans))
        resolved = self._rewrite_command(entry, command, forgotten)
        return resolved, forgotten

    def carry_out(self, entry: Entry, command: Command, forgotten: Forgotten) -> None:
        """The store's part, inside the engine's transaction and before identity forgets the person."""
        self._erasure.bury(forgotten.stones)
        self._erasure.void(forgotten.spans)
        # Without this person a shared identifier might seem to be somebody's: it joins nobody from now on.
        shared = self._erasure.shared_beside(forgotten.spans)
        self._log.append([_block(entry, place, one) for place, one in enumerate(shared)])
        events = self._erasure.person(forgotten.spans)
        self._erasure.strip(forgotten.spans)
        identifiers = Counter(span.kind for span in forgotten.spans)
        report = {"identifiers": dict(identifiers), "events": events}
        self._commands.record(entry.seq, replace(command, target=()), "erasing", report)
        self._owed = True

    def erase_source(self, entry: Entry, command: Command) -> None:
        """The store's part of erasing a source: its events go blank at once, its people when the store is rebuilt."""
        events = self._erasure.source(command.target[0].removeprefix("source:"))
        self._commands.record(entry.seq, command, "erasing", {"events": events})
        self._owed = True

    def owe(self, request: int, item: str, stripped: Iterable[Identifier] = ()) -> None:
        """Note a logged request of which something must go after the commit; inside the transaction.

        `stripped` are the identifiers that go from one item, which stays.
        """
        self._erasure.owe_rewrite(request, [(*one, item) for one in stripped])
        self._owed = True

    def finish(self) -> bool:
        """After a commit: erase from the files whatever is owed. Nothing to do is the rule.

        True when a source was erased: then the store must be folded anew, because what its evidence joined
        comes apart.
        """
        if not self._owed:
            return False
        erasing = self._commands.erasing()
        for seq, report in erasing:
            self._finish_forget(seq, report, {one for one, _ in erasing})
        if owed := self._erasure.owed_rewrites():
            entries = [entry for seq in owed if (entry := self._log.entry(seq)) is not None]
            self._rewrite(entries, owed, Mentions(()))
            self._unsettled = True
        if self._unsettled:
            settled = [sweep.settle(path, patience=_GLANCE) for path in _databases(self._folder)]
            self._unsettled = "in use" in settled
        self._owed = self._unsettled
        return any("identifiers" not in report for _, report in erasing)

    def _finish_forget(self, seq: int, report: Report, beside: set[int]) -> None:
        entry = self._log.entry(seq)
        if entry is None or entry.body is None or "identifiers" not in report:
            return
        command = commands.from_log(entry.body, at=entry.received_at)
        forgotten = Forgotten.read(command.resolved)
        wanted = _searchable(forgotten.spans)
        words = self._words(wanted)
        mentions = Mentions(one for one in wanted if one not in words)
        places, prints = self._sweep_log(mentions, beside)
        places.update(self._sweep_store(mentions))
        places.update(self._sweep_others(mentions))
        self._rewrite_command(entry, command, replace(forgotten, spans=()))
        settled = {
            path.name: sweep.settle(path, held=mentions.within, prints=prints) for path in _databases(self._folder)
        }
        self._unsettled = "in use" in settled.values()
        done = {**report, "places": dict(sorted(places.items())), "files": settled}
        if words:
            done["words"] = dict(Counter(one.kind for one in words))
        self._transact(lambda: self._commands.record(seq, replace(command, target=()), "done", done))

    def _words(self, wanted: Iterable[Identifier]) -> set[Identifier]:
        """The identifiers whose text is a word in what many others have sent, and so names nobody there.

        Anybody may call their browser `timestamp`: were that taken out of all that others sent when they want to
        be forgotten, nothing would be left of the store.
        """
        likely = [one for one in wanted if one.kind not in ("email", "phone")]
        mentions = Mentions(likely)
        people: dict[str, set[int]] = {}
        for request, alias, text in self._erasure.lately(_SAMPLE) if likely else ():
            entry = self._log.entry(request)
            for said in mentions.texts(text.encode("utf-8", "surrogatepass") + (entry.body or b"" if entry else b"")):
                people.setdefault(said, set()).add(alias)
        words = {said for said, aliases in people.items() if len(aliases) > _MANY}
        words |= mentions.texts(self._erasure.own_words().encode("utf-8", "surrogatepass")) if likely else set()
        return {one for one in likely if one.value.casefold() in words}

    def _sweep_log(self, mentions: Mentions, beside: set[int]) -> tuple[Counter[str], set[bytes]]:
        """Rewrite every row that is owed or mentions the person; rows by kind, and prints of what they held."""
        places: Counter[str] = Counter()
        prints: set[bytes] = set()
        position, last = 0, self._erasure.folded()
        # What is not folded yet may be anybody's: the tombstones judge it when its turn comes.
        while batch := [one for one in self._log.read(position, rows=_ROWS) if one.seq <= last]:
            position = batch[-1].seq
            owed = self._erasure.owed_rewrites()
            mentioning = [one for one in batch if one.seq not in beside and _mentioned(one, mentions)]
            seqs = {one.seq for one in mentioning}
            self._transact(self._erasure.mentioned, seqs)
            entries = [one for one in batch if one.seq in owed or one.seq in seqs]
            prints.update(print_ for one in entries if (print_ := self._print(one)))
            self._rewrite(entries, owed, mentions)
            places.update(f"log.db: {one.kind}" for one in entries)
        return places, prints

    def _rewrite(
        self, entries: Sequence[Entry], owed: Mapping[int, Sequence[erase.Mention]], mentions: Mentions
    ) -> None:
        if not entries:
            return
        seqs = [entry.seq for entry in entries]
        items = self._erasure.items(seqs)
        self._log.rewrite(
            _rewritten(_stripped(entry, owed.get(entry.seq, ())), items[entry.seq], mentions) for entry in entries
        )
        self._transact(self._erasure.rewritten, seqs)

    def _sweep_store(self, mentions: Mentions) -> dict[str, int]:
        swept = self._transact(sweep.sweep_store, self._db, mentions)
        return {f"store.db: {table}": count for table, count in swept.items()}

    def _sweep_others(self, mentions: Mentions) -> dict[str, int]:
        """Deliveries and any other database beside the two; log files and the like are masked in place."""
        places: dict[str, int] = {}
        for path in sorted(self._folder.rglob("*")):
            if path.name.endswith(("-wal", "-shm")):
                continue
            with contextlib.suppress(FileNotFoundError):  # a trial fold may end and take its file away
                if path.is_file():
                    places |= self._sweep_other(path, mentions)
        return places

    def _sweep_other(self, path: Path, mentions: Mentions) -> dict[str, int]:
        if not sweep.is_database(path):
            masked = _masked(path, mentions)
            return {path.name: masked} if masked else {}
        if path.name in (logs.FILE, files.FILE):
            return {}
        return {f"{path.name}: {table}": count for table, count in sweep.sweep_file(path, mentions).items()}

    def _rewrite_command(self, entry: Entry, command: Command, forgotten: Forgotten) -> Command:
        # Its own id may be a hash of the target: the row's place in the log is as good, and says nothing.
        resolved = replace(command, id=f"log:{entry.seq}", target=(), resolved=forgotten.document())
        self._log.rewrite([msgspec.structs.replace(entry, body=body.encode(commands.document(resolved)))])
        return resolved

    def _print(self, entry: Entry) -> bytes | None:
        """A piece of a compressed body: what would be left of it in a free page, where no text can be found."""
        packed = self._log.packed(entry)
        if packed is None or packed == entry.body or len(packed) < 2 * _PRINT:
            return None
        return packed[len(packed) // 2 :][:_PRINT]

    def _transact(self, work: Callable[..., T], *given: Any) -> T:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = work(*given)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return result


def _block(forget: Entry, place: int, one: Identifier) -> Entry:
    document = {"action": "block", "target": f"{one.kind}:{one.value}", "id": f"log:{forget.seq}:{place}"}
    return command_entry(document, now=forget.received_at)


def _searchable(spans: Iterable[Span]) -> list[Identifier]:
    """What to look for everywhere: identifiers that nobody else ever had; weak ones also without their shop."""
    found = [Identifier(span.kind, span.value) for span in spans if span.alone]
    return found + [Identifier(one.kind, one.value.partition("/")[2]) for one in found if one.kind in WEAK]


def _mentioned(entry: Entry, mentions: Mentions) -> bool:
    beside = "\n".join((entry.path, entry.query, entry.message, *(entry.headers or {}).values()))
    return mentions.within(entry.body or b"") or mentions.within(beside.encode())


def _stripped(entry: Entry, mentions: Iterable[erase.Mention]) -> Entry:
    """The row with identifiers taken out of single items of it, and out of the cookie that stands for any of them."""
    data, headers, before = entry.body or b"", entry.headers or {}, entry.erased
    for kind, value, pointer in mentions:
        one = Mentions([Identifier(kind, value)], short=True)
        data = one.scrubbed_item(data, pointer)
        if kind == "anonymous_id" and one.is_one(headers.get(COOKIE_HEADER, "")):
            headers = {name: text for name, text in headers.items() if name != COOKIE_HEADER}
    if (data, headers) == (entry.body or b"", entry.headers or {}):
        return entry
    return msgspec.structs.replace(
        entry, body=data, headers=headers, erased=before or Remains(fingerprint=_fingerprint(entry), items={}).encode()
    )


def _rewritten(entry: Entry, items: Mapping[str, tuple[int, int]], mentions: Mentions) -> Entry:
    """The row without what is erased. `items`: by pointer, how many of its events are, and how many there are."""
    if entry.kind == "command":
        return msgspec.structs.replace(entry, body=None, erased=_NOTHING_LEFT)
    erased = {pointer: erased for pointer, (erased, _) in items.items() if erased}
    remains = Remains(fingerprint=_fingerprint(entry), items=erased)
    if all(erased == count for erased, count in items.values()):
        return msgspec.structs.replace(
            entry, path="", query="", headers={}, message="", body=None, erased=remains.encode()
        )
    return msgspec.structs.replace(
        entry,
        path=mentions.scrubbed_text(entry.path),
        query=mentions.scrubbed_text(entry.query),
        message=mentions.scrubbed_text(entry.message),
        headers={name: mentions.scrubbed_text(value) for name, value in (entry.headers or {}).items()},
        body=_scrubbed_body(entry.body or b"", remains, mentions),
        erased=remains.encode(),
    )


def _fingerprint(entry: Entry) -> bytes:
    """What stands for the body that the row had when it was written."""
    return Remains.read(entry.erased).fingerprint if entry.erased else fingerprint(entry.body or b"")


def _scrubbed_body(data: bytes, remains: Remains, mentions: Mentions) -> bytes:
    # A body that cannot be divided keeps the events of others; of the person's it keeps what names nobody.
    left = emptied(data, list(remains.items)) if remains.items else data
    data = data if left is None else left
    return mentions.scrubbed_document(data) if mentions.within(data) else data


def _masked(path: Path, mentions: Mentions) -> int:
    """Overwrite mentions in a file in place, length kept: a process may be appending to it. 1 when there were any."""
    if not sweep.file_holds(path, mentions.within):
        return 0
    with path.open("r+b") as file:
        masked = mentions.masked(file.read())
        file.seek(0)
        file.write(masked)
    return 1


def _databases(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.db")) if path.is_file()]
