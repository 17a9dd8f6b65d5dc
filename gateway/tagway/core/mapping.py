"""Mappings as data: canonical names, each with the JSON pointer it is read from and how it is read.

A `Table` is written once, reads every body of its kind, and tells where each value came from: what reads and
what explains cannot drift apart. Pointers are compiled to closures when the table is made, so that the hot
path parses nothing.

Readers never guess and never fail. A value that is absent, null or blank is left out; a value of the wrong
kind is kept as it was sent, so that the violation can show it. So a wrong amount is never made from a bad one.

    LINE = Table({"sku": text("/sku"), "price": amount("/price")})
    ORDER = Table({"order_id": identifier("/id"), "products": each("/line_items", LINE)})
    ORDER.read(document, Given(currency="EUR"))
    ORDER.origins()    # {"/properties/order_id": "/id", "/properties/products/*/sku": "/line_items/*/sku", ...}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple

from tagway.core import body, moments, money


class Given(NamedTuple):
    """What a document says once for all of its values: their currency, and the origin of relative addresses."""

    currency: str | None = None
    origin: str = ""


Convert = Callable[[Any, Given], Any]
_Read = Callable[[Any, Given], Any]
_NOTHING_GIVEN: Final = Given()


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value is looked for (the first pointer that holds one wins) and how it is read.

    `table` is that of the elements when the value is a list of objects; `otherwise` is read where this field
    finds nothing.
    """

    pointers: tuple[str, ...]
    convert: Convert
    table: Table | None = None
    otherwise: Field | None = None

    def found_at(self, document: Any) -> str:
        """The pointer that holds the value; the first one where none does."""
        if not isinstance(document, dict):  # As in `Table.read`: nothing is read from it.
            return self.pointers[0]
        field: Field | None = self
        while field is not None:
            for pointer in field.pointers:
                value = path(pointer)(document)
                if value is not None and field.convert(value, _NOTHING_GIVEN) is not None:
                    return pointer
            field = field.otherwise
        return self.pointers[0]


class Table:
    """Canonical names, each with the field it is read from."""

    __slots__ = ("_fields", "_steps")

    def __init__(self, fields: Mapping[str, Field]) -> None:
        """Compile the fields. Raises `ValueError` for a pointer that is not one."""
        self._fields = dict(fields)
        # Most fields are one key: those are read in the loop itself, because a call costs as much as the reading.
        self._steps = tuple((name, _key(field), field.convert, _read(field)) for name, field in fields.items())

    def __contains__(self, name: object) -> bool:
        """Whether the table has a field of that name."""
        return name in self._fields

    def read(self, document: Any, given: Given = _NOTHING_GIVEN) -> dict[str, Any]:
        """The values that the document carries, by canonical name; empty when it is not an object."""
        if not isinstance(document, dict):
            return {}
        found = {}
        get = document.get
        for name, key, convert, read in self._steps:
            if key is None:
                value = read(document, given)
            elif (value := get(key)) is not None:
                value = convert(value, given)
            if value is not None:
                found[name] = value
        return found

    def origins(self, at: str = "/properties", document: Any = None) -> dict[str, str]:
        """For canonical pointers under `at` the pointers that they were read from (`*` is any index).

        Without a document, or where it has nothing, that is the pointer that is looked at first.
        """
        found = {}
        for name, field in self._fields.items():
            source = field.found_at(document)
            found[f"{at}/{name}"] = source
            if field.table is not None:
                inner = field.table.origins("")
                found |= {f"{at}/{name}/*{to}": f"{source}/*{one}" for to, one in inner.items()}
                lines = None if field.table.is_fixed() else path(source)(document)
                for place, line in enumerate(lines if isinstance(lines, list) else ()):
                    other = field.table.origins("", line).items() - inner.items()
                    found |= {f"{at}/{name}/{place}{to}": f"{source}/{place}{one}" for to, one in other}
        return found

    def is_fixed(self) -> bool:
        """Whether each of its values has one place only."""
        return all(
            len(field.pointers) == 1 and field.otherwise is None and (field.table is None or field.table.is_fixed())
            for field in self._fields.values()
        )

    def pointers(self) -> Iterator[str]:
        """All pointers that are looked at, in order."""
        for field in self._fields.values():
            one: Field | None = field
            while one is not None:
                yield from one.pointers
                one = one.otherwise

    def with_fields(self, fields: Mapping[str, Field]) -> Table:
        """A table with fields added or replaced."""
        return Table({**self._fields, **fields})


class Origins(Mapping[str, str]):
    """Where the values of one body came from, for `Event.mapping`; worked out when a violation asks: most have none.

    `Origins(lambda: ORDER.origins(document=order))`
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Mapping[str, str]]) -> None:
        """Keep how to make them."""
        self._make = make
        self._made: Mapping[str, str] | None = None

    def _all(self) -> Mapping[str, str]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, pointer: str) -> str:
        """The pointer that a canonical pointer was read from."""
        return self._all()[pointer]

    def __iter__(self) -> Iterator[str]:
        """All canonical pointers."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all())


@cache
def path(pointer: str) -> Callable[[Any], Any]:
    """Compile a JSON pointer (RFC 6901): a function that gives the value there, None when there is nothing.

    Compiled once for each pointer: mappings have few, and they never change. Raises `ValueError`.
    """
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"not a JSON pointer: {pointer!r}")
    keys = body.tokens(pointer)
    steps = [(key, int(key) if key.isascii() and key.isdigit() else None) for key in keys]

    def key_by_key(document: Any) -> Any:
        for key in keys:
            if not isinstance(document, dict):
                return None
            document = document.get(key)
        return document

    if all(place is None for _, place in steps):
        return key_by_key

    def step_by_step(document: Any) -> Any:
        for key, place in steps:
            if isinstance(document, dict):
                document = document.get(key)
            elif isinstance(document, list) and place is not None and place < len(document):
                document = document[place]
            else:
                return None
        return document

    return step_by_step


def _keys(field: Field) -> list[str]:
    """The keys of a field that is looked for in one place of objects within objects; none for any other."""
    pointer = field.pointers[0]
    plain = len(field.pointers) == 1 and field.otherwise is None and "~" not in pointer
    return pointer.split("/")[1:] if plain and pointer.startswith("/") and not any(map(str.isdigit, pointer)) else []


def _key(field: Field) -> str | None:
    keys = _keys(field)
    return keys[0] if len(keys) == 1 else None


def _read(field: Field) -> _Read:
    """One closure per field: the short paths that nearly all fields have do no loop."""
    if field.otherwise is not None:
        return _read_either(_read(replace(field, otherwise=None)), _read(field.otherwise))
    if field.pointers == ("",):
        return field.convert
    keys = _keys(field)
    if len(keys) == 2:
        return _read_two_keys(keys[0], keys[1], field.convert)
    return _read_first([path(pointer) for pointer in field.pointers], field.convert)


def _read_either(one: _Read, other: _Read) -> _Read:
    def read(document: Any, given: Given) -> Any:
        value = one(document, given)
        return other(document, given) if value is None else value

    return read


def _read_two_keys(outer: str, inner: str, convert: Convert) -> _Read:
    def read(document: Any, given: Given) -> Any:
        within = document.get(outer)
        value = within.get(inner) if isinstance(within, dict) else None
        return None if value is None else convert(value, given)

    return read


def _read_first(paths: list[Callable[[Any], Any]], convert: Convert) -> _Read:
    def read(document: Any, given: Given) -> Any:
        for one in paths:
            value = one(document)
            if value is not None and (value := convert(value, given)) is not None:
                return value
        return None

    return read


def first(*fields: Field) -> Field:
    """The first of several fields that finds a value, each read in its own way."""
    *before, found = fields
    for one in reversed(before):
        found = replace(one, otherwise=found)
    return found


def raw(*pointers: str) -> Field:
    """The value as it is."""
    return Field(pointers, lambda value, _: value)


def text(*pointers: str) -> Field:
    """A string, trimmed; blank is absent; a number becomes its digits."""
    return Field(pointers, as_text)


def identifier(*pointers: str) -> Field:
    """An id: always a string of all its digits, without Shopify's `gid://shopify/Order/` prefix."""
    return Field(pointers, as_identifier)


def token(*pointers: str) -> Field:
    """A cart or checkout token, without the `?key=` that storefronts append and the `gid://` before it."""
    return Field(pointers, as_token)


def amount(*pointers: str) -> Field:
    """Money in major units, exact (`tagway.money.amount`)."""
    return Field(pointers, as_amount)


def minor(*pointers: str) -> Field:
    """Money in minor units of the given currency (`tagway.money.from_minor`), as major units."""
    return Field(pointers, as_minor)


def currency(*pointers: str) -> Field:
    """An ISO 4217 code, upper-cased."""
    return Field(pointers, lambda value, _: money.currency(value) or as_text(value, _NOTHING_GIVEN))


def count(*pointers: str) -> Field:
    """An integer: 3, 3.0 and "3" are 3."""
    return Field(pointers, as_count)


def flag(*pointers: str) -> Field:
    """A boolean, also from "true" and "false"."""
    return Field(pointers, as_flag)


def moment(*pointers: str, naive_utc: bool = False) -> Field:
    """A time as RFC 3339 in UTC; without an offset only where the vendor's are UTC (`naive_utc`)."""

    def convert(value: Any, _: Given) -> Any:
        at = moments.read(value, naive_utc=naive_utc)
        return as_text(value, _) if at is None else moments.write(at)

    return Field(pointers, convert)


def url(*pointers: str) -> Field:
    """An address, made absolute with the given origin where it is relative."""
    return Field(pointers, as_url)


def each(pointer: str, table: Table) -> Field:
    """A list of objects, each read by `table`; what is not an object stays in its place as it was sent."""
    read = table.read

    def convert(value: Any, given: Given) -> Any:
        if not isinstance(value, list):
            return value
        return [read(one, given) if isinstance(one, dict) else one for one in value]

    return Field((pointer,), convert, table)


def as_text(value: Any, _: Given = _NOTHING_GIVEN) -> Any:
    """Read a string (see `text`)."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def string(value: Any) -> str:
    """A text or a number as trimmed text; empty for anything else. For ids and names that plugins build on."""
    found = as_text(value)
    return found if isinstance(found, str) else ""


def as_identifier(value: Any, _: Given = _NOTHING_GIVEN) -> Any:
    """Read an id (see `identifier`)."""
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        value = value.strip()
        return (value.rsplit("/", 1)[-1].split("?", 1)[0] if value.startswith("gid://") else value) or None
    whole = as_count(value)
    return str(whole) if isinstance(whole, int) and not isinstance(whole, bool) else value


def as_token(value: Any, _: Given = _NOTHING_GIVEN) -> Any:
    """Read a token (see `token`)."""
    value = as_identifier(value)
    return value.split("?", 1)[0] or None if isinstance(value, str) else value


def as_amount(value: Any, given: Given = _NOTHING_GIVEN) -> Any:
    """Read money in major units (see `amount`)."""
    number = money.amount(value, given.currency)
    return as_text(value) if number is None else number


def as_minor(value: Any, given: Given = _NOTHING_GIVEN) -> Any:
    """Read money in minor units (see `minor`)."""
    number = money.from_minor(value, given.currency)
    return as_text(value) if number is None else number


def as_count(value: Any, _: Given = _NOTHING_GIVEN) -> Any:
    """Read an integer (see `count`)."""
    if isinstance(value, int):
        return value
    number = money.amount(value)
    if number is None:
        return as_text(value)
    return int(number) if number == number.to_integral_value() else value


def as_flag(value: Any, _: Given = _NOTHING_GIVEN) -> Any:
    """Read a boolean (see `flag`)."""
    return {"true": True, "false": False}.get(value.strip().lower(), value) if isinstance(value, str) else value


def as_url(value: Any, given: Given = _NOTHING_GIVEN) -> Any:
    """Read an address (see `url`)."""
    value = as_text(value)
    if not isinstance(value, str) or not value.startswith("/"):
        return value
    if value.startswith("//"):
        return f"https:{value}"
    return f"{given.origin}{value}" if given.origin else value
