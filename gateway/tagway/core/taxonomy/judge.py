"""The hot path: an event as a plugin made it, in; the canonical event with its faults, out.

A clean event costs one call of the compiled schema and a few look-ups. Only an event that fails there, or
carries names that are not planned as they stand, is respelled, and told everything that is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from tagway.core import body, money
from tagway.core.events import Event, Identifier, Severity, Violation
from tagway.core.moments import Unread
from tagway.core.taxonomy.catalogue import DEFAULT_PLAN, Catalogue
from tagway.core.taxonomy.checks import all_have_their_decimals, has_its_decimals, is_email
from tagway.core.taxonomy.faults import Report, command, named, shown, unread, worst_first
from tagway.core.taxonomy.names import folded
from tagway.core.taxonomy.rules import Severities
from tagway.core.taxonomy.schema import Schema
from tagway.core.taxonomy.shape import Shape
from tagway.core.taxonomy.spelling import Path, Speller

_MOST_ERRORS: Final = 1_000
_MOST_NAMES: Final = 10_000
_ENVELOPE: Final = frozenset(("user_id", "anonymous_id"))
# All that an event outside the catalogue says of a shopper: any other name may stand for somebody else.
_WEAK: Final = {"cart_id": "cart_token", "checkout_id": "checkout_token", "order_id": "order_id"}
# Traits describe the person whatever the event; a property of an unplanned event may be somebody else's address.
_PERSON: Final = (("email", "email"), ("phone", "phone"))


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """An event in canonical spelling, the schema it was held against, its identifiers and its faults.

    `schema` is the id (`order_completed/1-0-0`); empty for an event that is in no schema.
    """

    event: Event
    schema: str
    identifiers: tuple[Identifier, ...]
    violations: tuple[Violation, ...]

    @property
    def violating(self) -> bool:
        """Whether one of its faults is an error."""
        return any(one.severity == "error" for one in self.violations)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRules:
    """What one source has of its own: spellings of events and properties (folded, to canonical), severities."""

    events: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    severities: Severities = field(default_factory=Severities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a store configures: rules by source, defaults by rule, the events it plans, holds by event in seconds."""

    sources: Mapping[str, SourceRules] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    plan: tuple[str, ...] = DEFAULT_PLAN
    hold: Mapping[str, float] = field(default_factory=dict)


class _Recognized(NamedTuple):
    """What an event's name came to: its canonical name, its schema, and what there was to say."""

    name: str
    schema: Schema | None
    spoken: tuple[tuple[str, str, str, str], ...] = ()
    """Code, expected, got, resolution."""


class Taxonomy:
    """Schemas compiled once; `judge` is pure and has no clock: dates are compared with when an event was received."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        """Prepare what one store says of the catalogue."""
        self.catalogue, self.settings = catalogue, settings
        self._known = catalogue.spellings.known()
        self._plain = SourceRules(severities=Severities(defaults=settings.severities))
        self._recognized: dict[tuple[str, str, str, str], _Recognized] = {}

    def judge(self, event: Event, source: str, at: int = 0) -> Judged:
        """Recognize the event's name and spellings, hold it against its schema, collect its identifiers.

        `source` is the name in the configuration, `at` when the event was received (microseconds).
        """
        found = self._recognize(event, source)
        rules = self.settings.sources.get(source, self._plain)
        said = self._spoken(found, rules, at) if found.spoken else []
        if isinstance(event.timestamp, Unread) and (untimely := unread(event.timestamp, rules.severities, at)):
            said.append(untimely)
        name, schema = found.name, found.schema
        if schema is None:
            known = _identifiers(event.properties, tuple(_WEAK.items())) + _identifiers(event.traits, _PERSON)
            renamed = event if name == event.name else replace(event, name=name)
            return Judged(event=renamed, schema="", identifiers=(*event.identifiers, *known), violations=tuple(said))
        properties, traits = _dict(event.properties), _dict(event.traits)
        instance = _instance(event, name, properties, traits)
        clean = schema.valid(instance) and _clean(schema.properties, properties)
        if not clean or (traits and not _clean(schema.traits, traits)):
            properties, traits, more = self._examine(event, schema, instance, source, rules, at)
            said += more
            event = replace(event, name=name, properties=properties, traits=traits)
        elif name != event.name:
            event = replace(event, name=name)
        identifiers = (*event.identifiers, *_identifiers(properties, schema.properties.identifiers))
        if event.type == "alias":
            identifiers = _as_the_source_knows(identifiers, event)
        if traits:
            identifiers = (*identifiers, *_identifiers(traits, schema.traits.identifiers))
        return Judged(
            event=event, schema=schema.id, identifiers=identifiers, violations=worst_first(said) if said else ()
        )

    def hold(self, schema: Schema) -> float:
        """The seconds that a copy of an event waits for the declared truth."""
        return self.settings.hold.get(schema.name, schema.hold)

    def repeated(self, judged: Judged, source: str, at: int) -> Judged:
        """An event that its source has sent before as another message, with the remark that it is."""
        severity = self.settings.sources.get(source, self._plain).severities.of("repeat", "/message_id", at)
        if severity is None:
            return judged
        key = ", ".join(f"`{name}`" for name in self.catalogue.schemas[judged.schema].dedupe)
        remark = Violation(
            code="repeat",
            pointer="/message_id",
            expected="one message for one fact",
            got=shown(judged.event.message_id),
            resolution=f"send it once, or again with the same message id; it is told by {key}",
            severity=severity,
        )
        return msgspec.structs.replace(judged, violations=worst_first([*judged.violations, remark]))

    def _recognize(self, event: Event, source: str) -> _Recognized:
        key = (source, event.type, event.name, event.schema)
        found = self._recognized.get(key)
        if found is None:
            found = self._named(event, source)
            if len(self._recognized) < _MOST_NAMES:
                self._recognized[key] = found
        return found

    def _named(self, event: Event, source: str) -> _Recognized:
        if event.type != "track":
            return self._versioned(event.type, event.name, event.schema, ())
        newest = self.catalogue.newest
        if (one := newest.get(event.name)) is not None and one.type == "track":
            return self._versioned(event.name, event.name, event.schema, ())
        same = folded(event.name)
        rules = self.settings.sources.get(source, self._plain)
        if (declared := rules.events.get(same)) is not None:
            return self._versioned(declared, declared, event.schema, ())
        sent = shown(event.name)
        if (name := self.catalogue.by_spelling.get(same)) is not None:
            what = f"send `{name}`" + command(source, event.name, name, "; declare the spelling: ")
            return self._versioned(name, name, event.schema, (("event_spelling", f"`{name}`", sent, what),))
        near = self.catalogue.near.find(event.name)
        what = f"plan `{named(event.name)}` in a schema of your own, or stop sending it"
        if near:
            what = f"did you mean `{near}`? Send that" + command(source, event.name, near, ", or declare it: ")
        return _Recognized(event.name, None, (("event_unplanned", "a planned event", sent, what),))

    def _versioned(
        self, key: str, name: str, wanted: str, spoken: tuple[tuple[str, str, str, str], ...]
    ) -> _Recognized:
        if (newest := self.catalogue.newest.get(key)) is None:
            return _Recognized(name, None, spoken)
        if not wanted:
            return _Recognized(name, newest, spoken)
        schema, there = self.catalogue.version(key, wanted)
        if there:
            return _Recognized(name, schema, spoken)
        what = f"name a version of the catalogue; the event was held against {schema.id}"
        return _Recognized(name, schema, (*spoken, ("version_unknown", schema.id, shown(wanted), what)))

    def _spoken(self, found: _Recognized, rules: SourceRules, at: int) -> list[Violation]:
        said = []
        for code, expected, got, resolution in found.spoken:
            pointer = "/schema" if code == "version_unknown" else "/event"
            if (severity := rules.severities.of(code, pointer, at)) is not None:
                said.append(Violation(
                    code=code, pointer=pointer, expected=expected, got=got, resolution=resolution, severity=severity
                ))  # fmt: skip
        return said

    def _examine(
        self, event: Event, schema: Schema, instance: dict[str, Any], source: str, rules: SourceRules, at: int
    ) -> tuple[dict[str, Any], dict[str, Any], list[Violation]]:
        """The slow way: respell the event, then list everything that is wrong with it."""
        speller = Speller(known=self._known, own=rules.properties)
        properties = speller.object(schema.properties, instance["properties"], ("properties",))
        traits = speller.object(schema.traits, instance.get("traits", {}), ("traits",))
        instance["properties"] = properties
        if traits or "traits" in instance:
            instance["traits"] = traits
        report = Report(
            source=source,
            schema=schema,
            severities=rules.severities,
            at=at,
            mapping=event.mapping,
            renamed=speller.renamed,
        )
        faults = [report.broken(error, instance) for error in islice(schema.faults(instance), _MOST_ERRORS)]
        wrong = {one.pointer for one in faults if one}
        faults += (report.noted(note) for note in islice(speller.notes, _MOST_ERRORS))
        for part, shape in (("properties", schema.properties), ("traits", schema.traits)):
            faults += _check(shape, instance.get(part, {}), (part,), None, report, wrong)
        return properties, traits, [one for one in faults if one]


def _dict(value: Mapping[str, Any]) -> dict[str, Any]:
    return value if type(value) is dict else dict(value)


def _instance(event: Event, name: str, properties: dict[str, Any], traits: dict[str, Any]) -> dict[str, Any]:
    """The event as its schema sees it."""
    instance: dict[str, Any] = {
        "type": event.type,
        "event": name if event.type == "track" else event.type,
        "properties": properties,
    }
    if traits:
        instance["traits"] = traits
    instance.update((kind, value) for kind, value in event.identifiers if kind in _ENVELOPE)
    return instance


def _clean(shape: Shape, value: dict[str, Any], currency: Any = None) -> bool:
    """Whether a valid object needs no respelling and no remark; in doubt it says no, and the slow way looks."""
    if not value.keys() <= shape.names:
        return False
    for name, check in shape.checked:
        if (one := value.get(name)) is not None and not _holds(check, one):
            return False
    currency = value.get("currency", currency)
    if shape.amounts and not all_have_their_decimals(map(value.get, shape.amounts), currency):
        return False
    for name, inner, many in shape.nested:
        if (one := value.get(name)) is not None:
            for each in one if many else (one,):
                if not _clean(inner, each, currency):
                    return False
    return True


def _identifiers(values: Mapping[str, Any], wanted: tuple[tuple[str, str], ...]) -> list[Identifier]:
    """The identifiers among an object's values; a number is one by its digits."""
    found = []
    for name, kind in wanted:
        value = values.get(name)
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            found.append(Identifier(kind, str(value)))
    return found


def _as_the_source_knows(identifiers: tuple[Identifier, ...], event: Event) -> tuple[Identifier, ...]:
    """An earlier id that the source itself identifies, as a customer's for instance, is not a browser's as well."""
    known = {value for _, value in event.identifiers}
    return tuple(one for one in identifiers if one in event.identifiers or one.value not in known)


def _check(
    shape: Shape, value: Any, path: Path, currency: Any, report: Report, wrong: set[str]
) -> Iterator[Violation | None]:
    """Our own checks of an object and of what is in it, on whatever the validator has not found wrong."""
    if not isinstance(value, dict):
        return
    currency = value.get("currency", currency)
    for name, check in shape.checked:
        if (
            isinstance(one := value.get(name), str)
            and not _holds(check, one)
            and body.pointer(*path, name) not in wrong
        ):
            yield (report.email if check == "email" else report.currency)((*path, name), one)
    for name in shape.amounts:
        if isinstance(one := value.get(name), Decimal) and not has_its_decimals(one, currency):
            yield report.decimals((*path, name), one, currency)
    for name, inner, many in shape.nested:
        one = value.get(name)
        if not many:
            yield from _check(inner, one, (*path, name), currency, report, wrong)
        elif isinstance(one, list):
            for place, each in enumerate(one):
                yield from _check(inner, each, (*path, name, place), currency, report, wrong)


def _holds(check: str, value: str) -> bool:
    return is_email(value) if check == "email" else value in money.CURRENCIES
