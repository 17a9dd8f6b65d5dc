"""The rules that can be set: limits, the store's region, blocked identifiers. The defaults are right for a store."""

from __future__ import annotations

from dataclasses import dataclass

from tagway.core.moments import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What `[identity]` of the configuration says.

    `region` is the store's country (`US`), in which local phone numbers are read. An identifier seen together
    with more than `people` user_ids, or a user_id with more than `emails` emails, joins nobody; neither does
    one that is `blocked` (`kind:value`, or a value of any kind). A weak identifier that was not seen for
    longer than `weak_gap` microseconds starts anew.
    """

    region: str = ""
    people: int = 5
    emails: int = 20
    weak_gap: int = 90 * DAY
    blocked: tuple[str, ...] = ()
