"""Checks of our own, for what JSON Schema cannot say exactly: decimals by currency, currency codes, emails."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tagway.core import money

MOST_DECIMALS: Final = 4
"""What an amount may have whose currency is not known: as many as any currency has."""
_UNITS: Final = {code: Decimal(1).scaleb(-money.exponent(code)) for code in money.CURRENCIES}
_LONGEST_EMAIL: Final = 254
_LONGEST_LOCAL: Final = 64
_SMALLEST: Final = Decimal(1).scaleb(-MOST_DECIMALS)
_LOCAL: Final = r"[^\s@\"(),:;<>\[\\\].\x00-\x1f\x7f-\x9f]+"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL: Final = re.compile(rf"{_LOCAL}(?:\.{_LOCAL})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")


def has_its_decimals(amount: Any, currency: Any) -> bool:
    """Whether an amount has at most its currency's decimals; trailing zeros do not count."""
    if isinstance(amount, int):
        return True
    if not isinstance(amount, Decimal):
        return False
    unit = _unit(currency)
    try:
        return not amount % unit
    except InvalidOperation:
        # More digits than arithmetic keeps: count the decimals.
        exponent = amount.as_tuple().exponent
        return isinstance(exponent, int) and -exponent <= decimals(currency)


def all_have_their_decimals(values: Iterable[Any], currency: Any) -> bool:
    """Whether every amount among some values has at most its currency's decimals; fast, and no when unsure."""
    unit = _unit(currency)
    try:
        for one in values:
            kind = type(one)
            if kind is float or (kind is Decimal and one % unit):
                return False
    except InvalidOperation:
        return False
    return True


def _unit(currency: Any) -> Decimal:
    return _UNITS.get(currency, _SMALLEST) if isinstance(currency, str) else _SMALLEST


def decimals(currency: Any) -> int:
    """How many decimals an amount may have; of an unknown or absent currency as many as any has."""
    return money.exponent(currency) if isinstance(currency, str) and currency in money.CURRENCIES else MOST_DECIMALS


def is_email(text: str) -> bool:
    """Whether a text is one address as shops take them: no quotes, no comments, a domain with a dot."""
    text = text.strip()
    return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None and text.index("@") <= _LONGEST_LOCAL
