"""Person data on the screen: emails and phone numbers are masked until they are revealed for the session.

The view models call `shown` for every piece of foreign text: first the mask, then `tagway.core.safe.visible`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tagway.core.safe import Safe, visible

_EMAIL: Final = re.compile(r"([\w.%+'-]{1,64})(@|%40)([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_PHONE: Final = re.compile(r"(?<![\w.])\+\d[\d ().-]{6,18}\d(?!\w)")
_PHONE_KEY: Final = re.compile(r"phone|mobile|(^|_)tel($|_)", re.IGNORECASE)
_DIGIT: Final = re.compile(r"\d")


@dataclass(slots=True)
class Mask:
    """How foreign text is shown in this session: visible always, masked until `revealed`."""

    revealed: bool = False

    def shown(self, text: object, *, key: str = "") -> Safe:
        """Text as it may stand on the screen; `key` is the name of the field that it came from."""
        plain = str(text)
        return visible(plain if self.revealed else masked(plain, key=key))


def masked(text: str, *, key: str = "") -> str:
    """The text with the emails and phone numbers in it shortened beyond use, still telling people apart.

    >>> masked("ana@example.com and +1 415 555 0101")
    'ana@ex… and +1…01'
    """
    if "@" in text or "%40" in text:
        text = _EMAIL.sub(lambda match: f"{_head(match[1])}{match[2]}{match[3][:2]}…", text)
    if "+" in text:
        text = _PHONE.sub(lambda match: _phone(match[0]), text)
    if _PHONE_KEY.search(key) and len(_DIGIT.findall(text)) >= 6 and "…" not in text:
        return _phone(text)
    return text


def _head(local: str) -> str:
    return local if len(local) <= 3 else f"{local[:3]}…"


def _phone(number: str) -> str:
    return f"{number[:2]}…{number[-2:]}"
