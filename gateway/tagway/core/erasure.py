"""Forgetting a person: what stays (salted hashes) and how their text is taken out of what others sent. Pure.

A tombstone recognizes an identifier without holding it, so that replay, late events and webhooks bring nobody
back. The salt is the data folder's own and stands beside the hashes: it stops lookups in tables made
elsewhere. Person and weak identifiers are gone for ever; a device is gone for the time the person had it, and
starts anew when it is seen later.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import phonenumbers

from tagway.core import body
from tagway.core.events import Identifier

ALWAYS: Final = (-(2**62), 2**62)
ERASED: Final = "[erased]"
# Shorter ids (a customer number "7") are too common to be searched for in what other people sent.
_SEARCHABLE: Final = 8
# National digits of a phone fewer than these are written without a country code by chance: in prices, in dates.
_NATIONAL: Final = 7
_SEPARATORS: Final = b" ()-./+"
# More identifiers than these are looked up by the words of a text.
_MANY: Final = 64
_PATTERNS: Final = 256
_RUN: Final = re.compile(rb"[a-z0-9]+")
_ESCAPE: Final = re.compile(rb"%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[bfnrt]")
_BEFORE: Final = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\[bfnrt]))"


Sources = tuple[str, ...]
"""Regular expressions, one for each identifier."""


class Tombstone(NamedTuple):
    """One erased identifier: the hash of its normalized kind and value, and [since, until) in event time."""

    salt: bytes
    digest: bytes
    since: int = ALWAYS[0]
    until: int = ALWAYS[1]


class Span(NamedTuple):
    """One identifier of a person who is being forgotten, in clear, and when it was theirs in event time.

    `alone` says that nobody else ever had it, so that it may be looked for everywhere.
    """

    kind: str
    value: str
    since: int
    until: int
    alone: bool

    def stone(self, salt: bytes) -> Tombstone:
        """What stays of it."""
        return Tombstone(salt, digest(salt, self.kind, self.value), self.since, self.until)


def digest(salt: bytes, kind: str, value: str) -> bytes:
    """16 bytes that recognize a normalized identifier; `salt` is at most 16 bytes."""
    return hashlib.blake2b(f"{kind}:{value}".encode("utf-8", "surrogatepass"), digest_size=16, salt=salt).digest()


class Tombstones:
    """The erased identifiers of a data folder, by hash."""

    def __init__(self, stones: Iterable[Tombstone] = ()) -> None:
        """Collect the stones; several may stand for one identifier."""
        self._spans: dict[bytes, dict[bytes, list[tuple[int, int]]]] = {}
        for salt, hashed, since, until in stones:
            self._spans.setdefault(salt, {}).setdefault(hashed, []).append((since, until))

    def __bool__(self) -> bool:
        return bool(self._spans)

    def covers(self, kind: str, value: str, at: int) -> bool:
        """Whether this normalized identifier was erased for that event time (microseconds)."""
        return any(
            since <= at < until
            for salt, stones in self._spans.items()
            for since, until in stones.get(digest(salt, kind, value), ())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What a `forget` came to, once and for ever: the stones that stay, and until it is done the clear spans."""

    stones: tuple[Tombstone, ...]
    spans: tuple[Span, ...] = ()

    def document(self) -> dict[str, Any]:
        """As the command's row of the log keeps it."""
        stones = [[one.salt.hex(), one.digest.hex(), one.since, one.until] for one in self.stones]
        return {"stones": stones, "spans": [list(one) for one in self.spans]}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Forgotten:
        """Read what `document` made."""
        return cls(
            stones=tuple(Tombstone(bytes.fromhex(a), bytes.fromhex(b), c, d) for a, b, c, d in document["stones"]),
            spans=tuple(Span(*one) for one in document["spans"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What a rewritten row of the log says of itself.

    `fingerprint` stands for the body that it had, so that the ids of its other events stay; `items` counts the
    erased items by their JSON pointers.
    """

    fingerprint: bytes
    items: Mapping[str, int]

    def covers(self, pointer: str) -> bool:
        """Whether an item, or what was made of its place, is gone."""
        return any(pointer == gone or pointer.startswith(f"{gone}/") for gone in self.items)

    def encode(self) -> str:
        """As the log's `erased` column keeps it."""
        return body.encode({"fingerprint": self.fingerprint.hex(), "items": dict(self.items)}).decode()

    @classmethod
    def read(cls, text: str) -> Remains:
        """Read what `encode` wrote."""
        document = body.decode(text)
        return cls(fingerprint=bytes.fromhex(document["fingerprint"]), items=document["items"])


def fingerprint(data: bytes) -> bytes:
    """16 bytes that stand for a body."""
    return hashlib.blake2b(data, digest_size=16).digest()


class Mentions:
    """Finds a person's identifiers in text, however they are written, and takes them out.

    Values are recognized in any case, percent-encoded, as JSON escapes, and phone numbers with separators and
    with or without their country code. An identifier shorter than eight characters is not searched for, unless
    it is an email or a phone; with `short` such a one is recognized where it is a whole text.
    """

    def __init__(self, identifiers: Iterable[Identifier], *, short: bool = False) -> None:
        """Compile what to look for from normalized identifiers."""
        identifiers = list(identifiers)
        self._whole = {one.value.casefold() for one in identifiers} if short else set()
        values = {value for kind, value in identifiers if kind == "email" or len(value) >= _SEARCHABLE}
        self.phones = sorted({_national(value) for kind, value in identifiers if kind == "phone"})
        """The national digits of the phone numbers: a text without one of them mentions no phone."""
        values -= {value for kind, value in identifiers if kind == "phone"}
        self.runs = sorted({tuple(_runs(value)) for value in values})
        """Of each other identifier the runs of letters and digits: a text that lacks one does not mention it."""
        self.many = len(self.runs) + len(self.phones) > _MANY
        """Whether there are so many that a text is not asked for each of them."""
        self._likely = (_likely_of_many if self.many else _likely_of_few)(values)
        self._phones = tuple(map(_phone_pattern, self.phones))

    def within(self, data: bytes) -> bool:
        """Whether bytes mention the person."""
        low = data.lower()
        # Without a look behind and in one case, a search skips to the first letters: a hundred times faster.
        if sources := self._likely(low):
            pattern, starts = _bytes_pattern(sources), _starts(sources)
            if any(pattern.match(data, found.start()) for found in starts.finditer(low)):
                return True
        return self._any_phone(low) and _bytes_pattern(self._phones).search(data) is not None

    def texts(self, data: bytes) -> set[str]:
        """What bytes call the person, in one case."""
        found = self._pattern(data.lower()).finditer(data)
        return {match[0].decode("utf-8", "replace").casefold() for match in found}

    def masked(self, data: bytes) -> bytes:
        """The bytes with every mention overwritten, length kept: for files that others append to."""
        return self._pattern(data.lower()).sub(lambda match: b"*" * len(match[0]), data)

    def scrubbed_text(self, text: str) -> str:
        """The text with every mention replaced by `[erased]`."""
        return self._text_pattern(text).sub(ERASED, text)

    def is_one(self, text: str) -> bool:
        """Whether a whole text is one of the identifiers."""
        text = text.strip()
        return text.casefold() in self._whole or self._text_pattern(text).fullmatch(text) is not None

    def scrubbed(self, value: Any) -> Any:
        """A JSON value without any mention: as if a value that is one had not been sent, `[erased]` in other text."""
        if isinstance(value, str):
            return None if self.is_one(value) else self.scrubbed_text(value)
        if isinstance(value, Mapping):
            left = {self.scrubbed_text(str(key)): (one, self.scrubbed(one)) for key, one in value.items()}
            return {key: after for key, (before, after) in left.items() if after is not None or before is None}
        if isinstance(value, list | tuple):
            return [self.scrubbed(one) for one in value]
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and self._text_pattern(str(value)).fullmatch(str(value))
        ):
            return None
        return value

    def scrubbed_document(self, data: bytes) -> bytes:
        """A body with every mention replaced: as JSON where it is JSON, otherwise as text."""
        return self._erased(self.scrubbed_item(data, ""))

    def scrubbed_item(self, data: bytes, pointer: str) -> bytes:
        """A body with every mention replaced in the item at a JSON pointer; in all of it where it is not JSON."""
        try:
            document = body.decode(data)
        except body.BodyError:
            return self._erased(data)
        if not pointer:
            return body.encode(self.scrubbed(document))
        _replace(document, pointer, self.scrubbed)
        return body.encode(document)

    def _erased(self, data: bytes) -> bytes:
        return self._pattern(data.lower()).sub(ERASED.encode(), data)

    def _pattern(self, low: bytes) -> re.Pattern[bytes]:
        return _bytes_pattern(self._likely(low) + (self._phones if self._any_phone(low) else ()))

    def _text_pattern(self, text: str) -> re.Pattern[str]:
        low = text.lower().encode("utf-8", "surrogatepass")
        return _text_pattern(self._likely(low) + (self._phones if self._any_phone(low) else ()))

    def _any_phone(self, low: bytes) -> bool:
        if not self.phones:
            return False
        digits = low.replace(b"%20", b"").replace(b"%2b", b"").translate(None, _SEPARATORS)
        return any(phone.encode() in digits for phone in self.phones)


def _likely_of_few(values: Iterable[str]) -> Callable[[bytes], Sources]:
    """All identifiers where a text has what one of them is made of."""
    every = tuple(map(_spelled, sorted(values)))
    runs = [[run.encode() for run in _runs(value)] for value in values]
    return lambda low: every if any(all(run in low for run in one) for one in runs) else ()


def _likely_of_many(values: Iterable[str]) -> Callable[[bytes], Sources]:
    """The identifiers of whose runs each is a word of the text: found by the rarest, however many there are."""
    runs = {value: [run.encode() for run in _runs(value)] for value in sorted(values)}
    counts = Counter(run for one in runs.values() for run in one)
    by_run: dict[bytes, list[str]] = {}
    for value, one in runs.items():
        by_run.setdefault(min(one, key=counts.__getitem__, default=b""), []).append(value)
    anywhere = by_run.pop(b"", [])

    def likely(low: bytes) -> Sources:
        words = {*_RUN.findall(low), *_RUN.findall(_ESCAPE.sub(b" ", low))}
        near = (value for word in words & by_run.keys() for value in by_run[word])
        return tuple(map(_spelled, (*anywhere, *(value for value in near if words.issuperset(runs[value])))))

    return likely


def _runs(value: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", value.lower())


# An identifier is one only as a whole: `ana@example.com` is not in `susana@example.com`.
# A digit or letter before it may be the end of an escape.
def _whole(sources: Sources) -> str:
    longest_first = sorted(sources, key=len, reverse=True)
    return rf"{_BEFORE}(?:{'|'.join(longest_first)})(?![A-Za-z0-9])" if longest_first else r"(?!)"


@functools.lru_cache(_PATTERNS)
def _text_pattern(sources: Sources) -> re.Pattern[str]:
    return re.compile(_whole(sources), re.IGNORECASE)


@functools.lru_cache(_PATTERNS)
def _bytes_pattern(sources: Sources) -> re.Pattern[bytes]:
    return re.compile(_whole(sources).encode("utf-8", "surrogatepass"), re.IGNORECASE)


@functools.lru_cache(_PATTERNS)
def _starts(sources: Sources) -> re.Pattern[bytes]:
    return re.compile(b"|".join(one.encode("utf-8", "surrogatepass").lower() for one in sources))


def emptied(data: bytes, pointers: Sequence[str]) -> bytes | None:
    """A body with the items at these JSON pointers made null; None when nothing of it may stay.

    Items keep their places, so that the pointers of the others stay true. A body that is not JSON, or has no
    such place, cannot be divided: all of it goes.
    """
    if "" in pointers:
        return None
    try:
        document = body.decode(data)
    except body.BodyError:
        return None
    if not all(_replace(document, pointer, lambda _: None) for pointer in pointers):
        return None
    return body.encode(document)


def _replace(document: Any, pointer: str, change: Callable[[Any], Any]) -> bool:
    """Change the value at a JSON pointer in place; whether there is such a place."""
    parent = body.at(document, pointer.rpartition("/")[0])
    key = body.tokens(pointer)[-1]
    if isinstance(parent, dict) and key in parent:
        parent[key] = change(parent[key])
    elif isinstance(parent, list) and key.isascii() and key.isdigit() and int(key) < len(parent):
        parent[int(key)] = change(parent[int(key)])
    else:
        return False
    return True


def _national(phone: str) -> str:
    try:
        return str(phonenumbers.parse(phone).national_number)
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", phone)


def _phone_pattern(national: str) -> str:
    between = r"(?:[ ()./+-]|%20|%28|%29){0,3}"
    country = rf"(?:(?:\+|%2B|00)?\d{{1,3}}{between})"
    return rf"\(?{country}{'?' if len(national) >= _NATIONAL else ''}{between.join(national)}"


def _spelled(value: str) -> str:
    return "".join(map(_spellings, value))


@functools.lru_cache(_PATTERNS)
def _spellings(char: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    escapes = "".join(rf"\\u{unit:04x}" for unit in _utf16(char))
    same = sorted({char, char.lower(), char.upper()})
    encoded = sorted({quote(one, safe="") for one in same} | {quote(one, safe="").lower() for one in same})
    return "(?:" + "|".join(re.escape(one) for one in dict.fromkeys([*same, *encoded])) + f"|{escapes})"


def _utf16(char: str) -> list[int]:
    units = char.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(units[place : place + 2], "big") for place in range(0, len(units), 2)]
