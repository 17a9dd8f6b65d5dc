"""Checks of our own, for what JSON Schema cannot say exactly: decimals by currency, currency codes, emails."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tagway.core import money

MOST_DECIMALS: Final = 4
"""What an amount may have whose currency is not known: as many as any currency has."""
_UNITS: Final = {code: Decimal(1).scaleb(-money.exponent(code)) for code in money.CURRENCIES}
_LOCAL: Final = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f-\x9f]{1,64}")
_LABEL: Final = re.compile(r"(?!-)[^\W_](?:[\w-]{0,61}[^\W_])?")


def has_its_decimals(amount: Any, currency: Any) -> bool:
    """Whether an amount has at most its currency's decimals; trailing zeros do not count."""
    if isinstance(amount, int):
        return True
    if not isinstance(amount, Decimal):
        return False
    unit = _UNITS.get(currency) or Decimal(1).scaleb(-decimals(currency))
    try:
        return not amount % unit
    except InvalidOperation:
        # More digits than arithmetic keeps: count the decimals.
        exponent = amount.as_tuple().exponent
        return isinstance(exponent, int) and -exponent <= decimals(currency)


def decimals(currency: Any) -> int:
    """How many decimals an amount may have; of an unknown or absent currency as many as any has."""
    return money.exponent(currency) if isinstance(currency, str) and currency in money.CURRENCIES else MOST_DECIMALS


def is_email(text: str) -> bool:
    """Whether a text is one address as shops take them: no quotes, no comments, a domain with a dot."""
    local, _, domain = text.strip().rpartition("@")
    if len(text) > 254 or not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return False
    labels = domain.split(".")
    return len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
