"""The kinds of identifiers, strongest first, and what may be joined by each.

Person ids say who somebody is; device ids say which browser or phone it was, and may change hands; weak ids
(carts, checkouts, orders) join a browser to a webhook that knows no browser, and expire.
"""

from __future__ import annotations

from typing import Final

PERSON: Final = ("user_id", "email", "phone")
DEVICE: Final = ("anonymous_id", "device_id", "client_id")
WEAK: Final = ("checkout_token", "cart_token", "order_id")
KINDS: Final = (*PERSON, *DEVICE, *WEAK)
RANK: Final = {kind: rank for rank, kind in enumerate(KINDS)}
