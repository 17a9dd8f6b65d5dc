"""What all ingest paths share: the log's writer, the limits, the clock, and the running counts.

There is one per web process. The counts are for `/metrics` and begin at zero with the process; the ledger
counts rows instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tagway import clock
from tagway.config import Config
from tagway.errors import RefusedError
from tagway.log import Entry, GroupCommit
from tagway.web.trust import Network, networks

_NO_SOURCE: Final = ""


@dataclass(slots=True)
class Intake:
    """State of the ingest side; `commit` is there once the application has started."""

    config: Config
    now: Callable[[], int] = clock.now
    commit: GroupCommit | None = None
    in_flight: int = 0
    claimed: int = 0
    """Bytes of bodies that are being received or wait for their commit."""
    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    proxies: tuple[Network, ...] = ()

    def __post_init__(self) -> None:
        """Read the lists of the configuration once. Raises `ConfigError`."""
        self.proxies = networks(self.config.gateway.trusted_proxies, f"{self.config.file}: `gateway.trusted_proxies`")

    def writer(self) -> GroupCommit:
        """The log's writer. Raises `RefusedError` before start-up and after the end."""
        if self.commit is None:
            raise RefusedError("draining", "the gateway is starting or stopping; send it again")
        return self.commit

    def refuse(
        self, refused: RefusedError, *, source: str = _NO_SOURCE, path: str = "", kept: Entry | None = None
    ) -> None:
        """Count a refusal, and leave its trace in the log; `kept` is the whole request where it is quarantined."""
        self.refused[source, refused.code] += 1
        if self.commit is None:
            return
        entry = kept or Entry(
            kind="refused",
            source=source,
            received_at=self.now(),
            path=path,
            code=refused.code,
            message=refused.message,
        )
        self.commit.refuse(entry)
