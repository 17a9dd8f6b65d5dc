"""Money: amounts in major units as exact `Decimal`s; the only place with arithmetic and rounding.

No binary float ever reaches an amount: JSON numbers are decoded to `Decimal` from their digits, strings are
read digit by digit, minor units are shifted by the currency's exponent (ISO 4217).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

# ISO 4217 currencies whose exponent is not 2.
_EXPONENT: Final[dict[str, int]] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
# The active ISO 4217 codes of money (no metals, no bond units, no test code).
_CODES: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP "
    "BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR "
    "FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES "
    "KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
    "MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF "
    "SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS "
    "UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES: Final[frozenset[str]] = frozenset(_CODES.split())
_PLAIN: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,20})?", re.ASCII)
# What honest payloads hold: read without looking at the digits any further.
_SHORT: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,8})?", re.ASCII)
# No text that `_SHORT` takes is longer, and what is longer must not fill the cache.
_LONGEST: Final = 25
_EXACT: Final = Context(prec=50, rounding=ROUND_HALF_EVEN)
# More fraction digits than this in a vendor's decimal string are the noise of a binary float.
_NOISE_DIGITS: Final = 8


def exponent(currency: str | None) -> int:
    """The number of decimals of an ISO 4217 currency; 2 when it is unknown."""
    return _EXPONENT.get((currency or "").strip().upper(), 2)


def amount(value: Any, currency: str | None = None) -> Decimal | None:
    """Read an amount in major units from a string or a number; None when it is not one.

    Float noise ("10.649999999999999", as old Shopify REST bodies carry it) is rounded to the currency's
    decimals; honest digits are kept as they are ("600.00" stays 600.00, 19.999 stays for the violation).
    """
    if type(value) is str and (read := _short(value)) is not None:
        return read
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, Decimal) and _SHORT.fullmatch(str(value)):
        return value
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str):
        value = value.strip()
        if not _PLAIN.fullmatch(value):
            return None
    if not isinstance(value, str | int | Decimal):  # A list would be read as sign, digits and exponent.
        return None
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    if not number.is_finite() or abs(number.adjusted()) > 20:
        return None if number else Decimal(0)
    return rounded(number, currency) if -int(number.as_tuple().exponent) > _NOISE_DIGITS else number


# A store has few prices, and its bodies tell each of them many times.
@lru_cache(maxsize=4_096)
def _short(text: str) -> Decimal | None:
    return Decimal(text) if len(text) <= _LONGEST and _SHORT.fullmatch(text) else None


def rounded(number: Decimal, currency: str | None = None) -> Decimal:
    """Round to the currency's decimals, half to even."""
    return number.quantize(Decimal(1).scaleb(-exponent(currency)), context=_EXACT)


def from_minor(value: Any, currency: str | None) -> Decimal | None:
    """Read an integer in minor units (Stripe): 1999 USD is 19.99, 1999 JPY is 1999, 1999 KWD is 1.999."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value.strip(), re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() > 20 or number != number.to_integral_value():
        return None
    return Decimal(int(number)).scaleb(-exponent(currency), context=_EXACT)


def currency(value: Any) -> str | None:
    """Read an ISO 4217 code, upper-cased; None when it is not three letters."""
    if not isinstance(value, str):
        return None
    code = value.strip().upper()
    return code if re.fullmatch(r"[A-Z]{3}", code, re.ASCII) else None


def of_line(price: Decimal, quantity: int, discounts: list[Decimal]) -> Decimal:
    """What a line costs: price times quantity without what was taken off it, exactly."""
    result = _EXACT.multiply(price, quantity)
    for one in discounts:
        result = _EXACT.subtract(result, one)
    return result


def total(amounts: list[Decimal]) -> Decimal:
    """Add amounts exactly."""
    result = Decimal(0)
    for one in amounts:
        result = _EXACT.add(result, one)
    return result
