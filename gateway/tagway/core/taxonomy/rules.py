"""The rules that an event can break: one row each, with its code, its severity and what it means.

Codes are stable: configurations, dashboards and tests name them. `schemas/README.md` prints this table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tagway.core import moments
from tagway.core.events import Severity
from tagway.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: how bad it is to break it, and what that means."""

    severity: Severity
    meaning: str


RULES: Final[Mapping[str, Rule]] = {
    "event_unplanned": Rule(severity="warn", meaning="The event's name is in no schema; it is kept as it is."),
    "event_spelling": Rule(severity="warn", meaning="The event came under another spelling and was renamed."),
    "version_unknown": Rule(severity="warn", meaning="The event names a version that the catalogue does not have."),
    "property_missing": Rule(severity="error", meaning="A required property is absent, or null."),
    "property_unplanned": Rule(severity="info", meaning="A property is in no schema; it is kept as it is."),
    "property_spelling": Rule(severity="warn", meaning="A property came under another spelling and was renamed."),
    "property_twice": Rule(severity="warn", meaning="A property came under two spellings; the canonical one counts."),
    "null_dropped": Rule(severity="info", meaning="A property was null and was dropped."),
    "wrong_type": Rule(severity="error", meaning="A value has another JSON type than planned."),
    "not_in_list": Rule(severity="error", meaning="A value is none of the planned ones."),
    "out_of_range": Rule(severity="error", meaning="A number is too small or too large."),
    "wrong_length": Rule(severity="error", meaning="A text or a list is too short or too long."),
    "wrong_format": Rule(severity="error", meaning="A text does not look as planned."),
    "email_format": Rule(severity="error", meaning="A text is not an email address."),
    "phone_format": Rule(severity="warn", meaning="A phone number is not in E.164, so it may not be reachable."),
    "time_format": Rule(severity="error", meaning="A time is not RFC 3339 with an offset."),
    "timestamp_unread": Rule(
        severity="warn", meaning="The event's own time cannot be read, or has no offset; its receipt counts."
    ),
    "url_format": Rule(severity="error", meaning="An address is not absolute."),
    "currency_format": Rule(severity="error", meaning="A currency is not three letters."),
    "currency_unknown": Rule(severity="error", meaning="A currency is not in ISO 4217."),
    "currency_case": Rule(severity="warn", meaning="A currency was not upper case and was corrected."),
    "money_decimals": Rule(severity="error", meaning="An amount has more decimals than its currency."),
    "money_float": Rule(severity="warn", meaning="A plugin gave an amount as a binary float; its digits were read."),
    "no_alternative": Rule(severity="error", meaning="None of the alternatives that the schema allows is met."),
    "schema_rule": Rule(severity="error", meaning="Another rule of the schema is broken."),
    "repeat": Rule(severity="warn", meaning="The same source sent the same fact again as a new message; it is kept."),
    "more_violations": Rule(severity="info", meaning="The event has more violations than are listed."),
}

_SEVERITIES: Final[Mapping[str, Severity]] = {"error": "error", "warn": "warn", "info": "info"}
_UNTIL: Final = re.compile(r"ignore until (\d{4}-\d\d-\d\d)", re.ASCII)
_KEY: Final = re.compile(r"([a-z_]+)(?::(/.*))?", re.ASCII)
_INDEX: Final = re.compile(r"/\d+(?=/|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What is configured for one rule of one source; `until` in microseconds, ignored before it."""

    severity: Severity | None = None
    until: int = 0


@dataclass(frozen=True, slots=True)
class Severities:
    """How bad each violation of one source is."""

    rulings: Mapping[str, _Ruling] = field(default_factory=dict)
    defaults: Mapping[str, Severity] = field(default_factory=dict)
    vendor: Mapping[str, Severity] = field(default_factory=dict)
    """What the source's plugin says of its vendor; the store's own word comes first."""

    @classmethod
    def read(
        cls,
        said: Mapping[str, str],
        defaults: Mapping[str, Severity],
        where: str,
        vendor: Mapping[str, str] | None = None,
    ) -> Severities:
        """Read `[sources.x.severity]`, and what the plugin says. Raises `ConfigError` that leads with `where`."""
        rulings = {key: _ruling(key, value, where) for key, value in said.items()}
        told = {key: _ruling(key, value, f"{where}, the plugin's own") for key, value in (vendor or {}).items()}
        known = {key: ruling.severity for key, ruling in told.items() if ruling.severity}
        return cls(rulings=rulings, defaults=defaults, vendor=known)

    def of(self, code: str, pointer: str, at: int) -> Severity | None:
        """The severity of one violation of an event received at `at`; None when it is ignored.

        A ruling for the pointer comes before one for the code; `*` or an index may stand for a list's elements.
        """
        usual = self.defaults.get(code) or RULES[code].severity
        if not self.rulings and not self.vendor:
            return usual
        keys = (f"{code}:{pointer}", f"{code}:{_INDEX.sub('/*', pointer)}", code)
        usual = next((self.vendor[key] for key in keys if key in self.vendor), usual)
        for key in keys:
            if (ruling := self.rulings.get(key)) is not None:
                return (None if at < ruling.until else usual) if ruling.until else ruling.severity
        return usual


def _ruling(key: str, value: str, where: str) -> _Ruling:
    match = _KEY.fullmatch(key)
    if match is None or match[1] not in RULES:
        raise ConfigError(f"{where}: `{key}` is no violation code; there are {', '.join(RULES)}")
    if (severity := _SEVERITIES.get(value)) is not None:
        return _Ruling(severity)
    if (until := _UNTIL.fullmatch(value)) and (at := moments.read(f"{until[1]}T00:00:00Z")) is not None:
        return _Ruling(until=at)
    raise ConfigError(f"{where}: `{key}` must be error, warn, info or `ignore until 2026-12-31`, got {value!r}")
