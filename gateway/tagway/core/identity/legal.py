"""What is an identifier, and how it is written: one spelling for each, and none for placeholders.

SDKs and shops send `undefined`, `null`, `0` or an empty quote where they know nobody. Such a value would join
everybody who ever had it, so it is never an identifier. The lists are those that PostHog, Segment and Mixpanel
publish (without Segment's example `abc123`), and are held against the value unquoted and case-folded, which
closes the gaps that theirs have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from tagway.core.events import Identifier
from tagway.core.identity.evidence import ordered
from tagway.core.identity.kinds import RANK, WEAK

LONGEST: Final = 200
_POSTHOG: Final = (
    "anonymous guest distinctid distinct_id id not_authenticated email undefined true false nan none null 0"
)
_SEGMENT: Final = "-1 null anonymous void"
_MIXPANEL: Final = (
    "00000000-0000-0000-0000-000000000000 anon anonymous nil none null n/a na undefined unknown <nil> 0 -1 true false"
    " [] {}"
)
PLACEHOLDERS: Final = frozenset({"[object object]", *_POSTHOG.split(), *_SEGMENT.split(), *_MIXPANEL.split()})
_ZEROS: Final = re.compile(r"[0-]*")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Refused(NamedTuple):
    """A value that is no identifier: as sent (shortened), and why."""

    kind: str
    value: str
    rule: str


Legal = tuple[tuple[Identifier, ...], tuple[Refused, ...]]
"""What of an event's identifiers is legal, once each and strongest first; and what is refused."""


def legal(sent: Iterable[Identifier], *, shop: str = "", region: str = "") -> Legal:
    """The identifiers among those sent, and what is none; `shop` and `region` are those of `normalized`."""
    found = [normalized(one, shop=shop, region=region) for one in sent]
    ids = ordered([one for one in found if isinstance(one, Identifier)])
    if len(ids) == len(found):
        return ids, ()
    return ids, tuple(dict.fromkeys(one for one in found if isinstance(one, Refused)))


def normalized(sent: Identifier, *, shop: str = "", region: str = "") -> Identifier | Refused:
    """The identifier in its one spelling, or why it is none.

    `shop` prefixes weak identifiers, so that carts of two shops never meet; `region` is the country in which
    local phone numbers are read. Rules: `unknown_kind`, `too_long`, `invisible`, `placeholder`, `email`, `phone`.
    """
    kind = sent.kind
    if kind not in RANK:
        return Refused(kind, _shown(sent.value), "unknown_kind")
    if len(sent.value) > 2 * LONGEST:  # before work that grows with the length
        return Refused(kind, _shown(sent.value), "too_long")
    value = unwrapped(unicodedata.normalize("NFKC", sent.value).strip())
    rule = _fault(value)
    if rule:
        return Refused(kind, _shown(sent.value), rule)
    if kind == "email":
        value = _email(value)
    elif kind == "phone":
        value = _phone(value, region)
    elif kind in WEAK and shop:
        value = f"{shop}/{value}"
    return Identifier(kind, value) if value else Refused(kind, _shown(sent.value), kind)


def unwrapped(value: str) -> str:
    """An id of Shopify's as every side writes it: without `gid://shopify/Cart/` before it and `?key=` after it."""
    if value.startswith("gid://"):
        value = value.partition("?")[0].rpartition("/")[2]
    return value.partition("?key=")[0] if "?key=" in value else value


def _fault(value: str) -> str:
    if len(value) > LONGEST:
        return "too_long"
    # Plain printable text, which is nearly all, needs no look at each character.
    plain = value.isascii() and value.isprintable()
    if not plain and any(unicodedata.category(char) in _INVISIBLE for char in value):
        return "invisible"
    bare = _unquoted(value).casefold()
    if bare in PLACEHOLDERS or _ZEROS.fullmatch(bare):
        return "placeholder"
    return ""


def _unquoted(value: str) -> str:
    while len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"`":
        value = value[1:-1].strip()
    return "" if value in ("'", '"', "`") else value


def _email(value: str) -> str:
    """Lower case, by email-validator without network; addresses of test domains are as good as others."""
    try:
        found = validate_email(value, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except EmailNotValidError:
        return ""
    return found.normalized.lower()


def _phone(value: str, region: str) -> str:
    """E.164; a number without a country needs the store's region, but `00` is `+` everywhere that we know not."""
    if not region and value.startswith("00"):
        value = f"+{value[2:]}"
    try:
        number = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _shown(value: str) -> str:
    return value[:LONGEST].encode("utf-8", "replace").decode()
