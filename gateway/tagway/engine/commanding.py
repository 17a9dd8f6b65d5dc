"""Carrying out commands at their place in the fold: inside its transaction, each once, with what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tagway.config import Identity
from tagway.core.erasure import Forgotten, digest
from tagway.core.identity import commands
from tagway.core.identity.commands import Command
from tagway.core.identity.legal import Refused, normalized
from tagway.engine.forgetting import Forgetting
from tagway.errors import PayloadError
from tagway.log import Entry
from tagway.store.commands import Commands
from tagway.store.erase import Erasure
from tagway.store.identities import Identities

if TYPE_CHECKING:
    import sqlite3

# Why a text is no identifier (`core.identity.legal`), for whoever typed it.
_REFUSED: Final = {
    "placeholder": "it is what is sent where nobody is known",
    "email": "it is no address",
    "phone": "it is no phone number; `+` and its country code may be missing",
    "too_long": "it has more than 200 characters",
    "invisible": "it has characters that nobody can see",
}


class Commanding:
    """The engine's command stage. Without `forgetting` (a trial fold) nothing outside the store is touched."""

    def __init__(
        self, db: sqlite3.Connection, identities: Identities, rules: Identity, forgetting: Forgetting | None
    ) -> None:
        """Work on the engine's connection."""
        self._commands, self._erasure = Commands(db), Erasure(db)
        self._identities, self._region, self._forgetting = identities, rules.region, forgetting

    def obey(self, entry: Entry, now: int, *, poisonous: bool = False) -> None:
        """Carry out one command of the log, unless it was before; a faulty one is recorded as that.

        A poisonous one has ended the engine twice: it is not tried again.
        """
        if entry.body is None:  # it named somebody who is forgotten
            return
        try:
            command = commands.from_log(entry.body, at=entry.received_at)
            if poisonous:
                raise PayloadError("the engine ended twice while it carried out this command; its log says how")
            if command.action != "erase_source":
                command = self._spelled(command)
        except PayloadError as error:
            nothing = Command(action="", target=(), at=entry.received_at, id="")
            self._commands.record(entry.seq, nothing, "faulty", {"message": error.message, "pointer": error.pointer})
            return
        if self._commands.done(command.id):
            self._commands.record(entry.seq, command, "repeated", {})
        elif command.action == "forget":
            self._forget(entry, command, now)
        elif command.action == "erase_source":
            self._erase_source(entry, command)
        elif command.action == "allow":
            self._commands.record(entry.seq, command, "done", self._allow(command, now))
        else:
            self._identities.apply(command, now)
            self._commands.record(entry.seq, command, "done", {})

    def _forget(self, entry: Entry, command: Command, now: int) -> None:
        if self._forgetting is None:
            forgotten = Forgotten.read(command.resolved) if command.resolved else Forgotten(stones=())
            self._erasure.bury(forgotten.stones)
            self._commands.record(entry.seq, command, "done", {})
        else:
            # Who is whose is resolved once and for ever: not while some of it still waits to be folded again.
            self._identities.settle(now)
            command, forgotten = self._forgetting.resolve(entry, command, now)
            self._forgetting.carry_out(entry, command, forgotten)
        self._identities.erase(forgotten.spans, now)

    def _erase_source(self, entry: Entry, command: Command) -> None:
        if self._forgetting is None:
            self._commands.record(entry.seq, command, "done", {})
        else:
            self._forgetting.erase_source(entry, command)

    def _allow(self, command: Command, now: int) -> Mapping[str, Any]:
        one = commands.identifier(command.target[0])
        lifted = self._erasure.lift(digest(salt, one.kind, one.value) for salt in self._erasure.salts())
        self._identities.erase((), now)  # nothing more is erased, but the tombstones are others now
        return {"lifted": lifted}

    def _spelled(self, command: Command) -> Command:
        """The command with its identifiers as identity spells them. Raises `PayloadError` where they are none."""
        targets = []
        for given in command.target:
            found = given if given.startswith("event:") else normalized(commands.identifier(given), region=self._region)
            if isinstance(found, Refused):
                why = _REFUSED.get(found.rule, found.rule)
                raise PayloadError(f"{found.kind}:{found.value} is no identifier: {why}", pointer="/target")
            targets.append(found if isinstance(found, str) else f"{found.kind}:{found.value}")
        if len(set(targets)) < len(targets):
            raise PayloadError(f"both are {targets[0]}", pointer="/target")
        return replace(command, target=tuple(sorted(targets)))
