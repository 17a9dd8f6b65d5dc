"""Tagway's public API for plugin authors: these names, and `tagway.testing`; nothing else is public.

Names are loaded on first use, so that `tagway --help` does not pay for them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagway.core import body as body
    from tagway.core import captures as captures
    from tagway.core import forms as forms
    from tagway.core import mapping as mapping
    from tagway.core import moments as moments
    from tagway.core import money as money
    from tagway.core import quiz as quiz
    from tagway.core import signatures as signatures
    from tagway.core.events import DeadLetter as DeadLetter
    from tagway.core.events import Event as Event
    from tagway.core.events import Identifier as Identifier
    from tagway.core.events import Request as Request
    from tagway.errors import ConfigError as ConfigError
    from tagway.errors import PayloadError as PayloadError
    from tagway.errors import RefusedError as RefusedError
    from tagway.hookspecs import Access as Access
    from tagway.hookspecs import Example as Example
    from tagway.hookspecs import Proof as Proof
    from tagway.hookspecs import Route as Route
    from tagway.hookspecs import Source as Source
    from tagway.hookspecs import hookimpl as hookimpl

__version__ = "0.1.0"

_HOME = {
    "Access": "tagway.hookspecs",
    "ConfigError": "tagway.errors",
    "DeadLetter": "tagway.core.events",
    "Event": "tagway.core.events",
    "Example": "tagway.hookspecs",
    "Identifier": "tagway.core.events",
    "PayloadError": "tagway.errors",
    "Proof": "tagway.hookspecs",
    "RefusedError": "tagway.errors",
    "Request": "tagway.core.events",
    "Route": "tagway.hookspecs",
    "Source": "tagway.hookspecs",
    "hookimpl": "tagway.hookspecs",
}
_MODULES = ("body", "captures", "forms", "mapping", "moments", "money", "quiz", "signatures")

__all__ = [*sorted(_HOME), *_MODULES]  # noqa: PLE0604 - computed from the tables above


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"tagway.core.{name}")
    raise AttributeError(f"module 'tagway' has no attribute {name!r}")
