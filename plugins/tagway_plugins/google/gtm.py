"""Google Tag Manager: dataLayer pushes that a tag forwards, in GA4's e-commerce shape or the shop's own.

A push tells neither who, nor when, nor which one: the tag must add ids and a time (`snippet` does). Pitfalls
that are handled: `currency` only on the items, `{{Variable}}` left unrendered (absent: as an id it would join
every visitor), `{ecommerce: null}` resets (no event), the older `ecommerce.purchase.actionField` shape.
(developers.google.com, tag platform, dataLayer e-commerce.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final

from tagway import (
    DeadLetter,
    Event,
    Example,
    Identifier,
    PayloadError,
    Request,
    Route,
    Source,
    body,
    hookimpl,
    mapping,
    moments,
)

from tagway_plugins.google import commerce

_PLACEHOLDER: Final = re.compile(r"\s*\{\{[^{}]*\}\}\s*")
_IDS: Final = mapping.Table(
    {
        "anonymous_id": mapping.identifier("/anonymous_id", "/anonymousId"),
        "client_id": mapping.identifier("/client_id", "/clientId"),
        "user_id": mapping.identifier("/user_id", "/userId"),
        "email": commerce.contact("/email", "/user_data/email_address", "/user_data/email"),
        "phone": commerce.contact("/phone", "/user_data/phone_number", "/user_data/phone"),
    }
)
_PAGE: Final = mapping.Table(
    {
        "url": mapping.url("/page_location"),
        "title": mapping.text("/page_title"),
        "referrer": mapping.text("/page_referrer"),
    }
)
_MESSAGE_ID: Final = mapping.Table({"id": mapping.identifier("/event_id", "/message_id", "/messageId")})
# What is told elsewhere in the event, or is Tag Manager's own.
_NOT_PROPERTIES: Final = frozenset(
    ("event", "event_name", "event_id", "message_id", "messageId", "timestamp", "ecommerce", "gtm.uniqueEventId",
     "anonymous_id", "anonymousId", "client_id", "clientId", "user_id", "userId", "user_data")
)  # fmt: skip
_PAGE_KEYS: Final = frozenset(("page_location", "page_title", "page_referrer"))
# Universal Analytics' e-commerce: the action's name in `ecommerce`, its fields below it.
_LEGACY: Final = {
    "detail": "view_item",
    "impressions": "view_item_list",
    "add": "add_to_cart",
    "checkout": "begin_checkout",
    "remove": "remove_from_cart",
    "purchase": "purchase",
    "refund": "refund",
}
_LEGACY_FIELDS: Final[dict[str, str]] = {"id": "transaction_id", "revenue": "value", "list": "item_list_name"}
_FIRST_STEP: Final = (None, 1, "1")


class Gtm(Source):
    """dataLayer pushes, one a request, or several in an array."""

    name = "gtm"
    routes = (Route(path="/collect"),)
    kind = "collect"
    side = "web"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for each push that has a name. Raises `PayloadError`."""
        try:
            document = body.decode(request.body)
        except ValueError as error:
            raise PayloadError(str(error)) from None
        if b"{{" in request.body:
            document = _rendered(document)
        if not isinstance(document, list):
            return _events(document, "")
        return [one for place, push in enumerate(document) for one in _events(push, body.pointer(place))]

    def snippet(self, endpoint: str, key: str) -> str:
        """A Custom HTML tag for all pages, which forwards every event of the dataLayer."""
        tag = files(__package__).joinpath("tag.html").read_text(encoding="utf-8")
        return tag.replace("ENDPOINT", f"{endpoint}/collect/{key}" if key else f"{endpoint}/collect")

    def examples(self) -> Sequence[Example]:
        """An item added, as GA4's reference pushes it, with what the tag adds."""
        headers = {"Content-Type": "text/plain"}
        return (Example(name="add_to_cart", path="/collect", body=body.encode(_ADD_TO_CART), headers=headers),)


def _events(push: Any, at: str) -> list[Event | DeadLetter]:
    if not isinstance(push, dict):
        return [DeadLetter(code="payload", message="expected a dataLayer push: an object", pointer=at)]
    inside = "/2" if push.get("0") == "event" else ""
    if inside:
        push = _called(push)
    if push.keys() == {"ecommerce"} and push["ecommerce"] is None:
        return []  # What GA4's reference pushes before each event, to clear the one before.
    name = push.get("event") or push.get("event_name")
    if not isinstance(name, str) or not name.strip():
        return [DeadLetter(code="payload", message="expected the event's name", pointer=f"{at}/event")]
    return commerce.events(_event(name.strip(), push, at, inside))


def _called(push: dict[str, Any]) -> dict[str, Any]:
    """A push of `gtag("event", name, params)`, whose arguments JSON writes as an object by place."""
    params = push.get("2")
    rest = {key: value for key, value in push.items() if key not in ("0", "1", "2")}
    return {**rest, **(params if isinstance(params, dict) else {}), "event": push.get("1")}


def _event(raw_name: str, push: dict[str, Any], at: str, inside: str) -> Event:
    ecommerce = push.get("ecommerce")
    ecommerce = ecommerce if isinstance(ecommerce, dict) else {}
    name, params = _params(raw_name, ecommerce)
    kind = commerce.KINDS.get(name)
    sent, context = commerce.told(push, _NOT_PROPERTIES)
    params = {**sent, **params}
    if kind is None or kind.type != "page":
        params = {key: value for key, value in params.items() if key not in _PAGE_KEYS}
    if name == "sign_up":
        params["user_id"] = push.get("user_id") or push.get("userId")
    page, person = _PAGE.read(push), _IDS.read(push)
    params = commerce.with_person(name, params, person)
    return Event(
        type=kind.type if kind else "track",
        name=kind.name if kind else name,
        raw_name=raw_name,
        message_id=commerce.message_id(name, _MESSAGE_ID.read(push).get("id"), params),
        timestamp=moments.of(push, "/timestamp", form=commerce.moment),
        identifiers=tuple(Identifier(*one) for one in person.items() if isinstance(one[1], str)),
        properties=commerce.properties(name, params),
        context={**context, "page": page} if page else context,
        side="web",
        item=at,
        mapping=mapping.Origins(lambda: commerce.origins(name, params, _places(push, ecommerce, inside))),
    )


def _params(name: str, ecommerce: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """GA4's name and parameters; those of Universal Analytics' shape where the push has that."""
    if (action := _action(ecommerce)) is not None:
        within = ecommerce[action]
        if isinstance(within, list):  # Impressions stand in a list, each with the name of its own list.
            within = {"actionField": {"list": _LIST(within)}, "products": within}
        params = _legacy(within, ecommerce.get("currencyCode"))
        # Of a checkout only the first step is known; what the others are, only the shop knows.
        return name if action == "checkout" and params.get("step") not in _FIRST_STEP else _LEGACY[action], params
    params = dict(ecommerce)
    if "currency" not in params and (currency := _CURRENCY(params.get("items"))) is not None:
        params["currency"] = currency
    return name, params


_LIST: Final = mapping.path("/0/list")
_CURRENCY: Final = mapping.path("/0/currency")


def _action(ecommerce: dict[str, Any]) -> str | None:
    """The action of Universal Analytics' shape that a push is in; None for GA4's shape."""
    if "items" in ecommerce:
        return None
    return next((one for one in _LEGACY if isinstance(ecommerce.get(one), dict | list)), None)


def _places(push: dict[str, Any], ecommerce: dict[str, Any], inside: str) -> dict[str, str]:
    """Where the parameters of a push stand; `inside` is the pointer of the push's own."""
    of_ecommerce = {key: f"/ecommerce/{key}" for key in ecommerce}
    if (action := _action(ecommerce)) is not None:
        fields = mapping.path(f"/{action}/actionField")(ecommerce)
        listed = f"/ecommerce/{action}" if isinstance(ecommerce[action], list) else f"/ecommerce/{action}/products"
        of_ecommerce |= {"items": listed, "currency": "/ecommerce/currencyCode", "item_list_name": f"{listed}/0/list"}
        of_ecommerce |= {
            _LEGACY_FIELDS.get(key) or key: f"/ecommerce/{action}/actionField/{key}"
            for key in (fields if isinstance(fields, dict) else ())
        }
    elif "currency" not in ecommerce and "items" in ecommerce:
        of_ecommerce["currency"] = "/ecommerce/items/0/currency"
    person = {key: _IDS.origins("", push)[f"/{key}"] for key in ("email", "phone")}
    places = {"": "/ecommerce" if ecommerce else "", **person, **{key: f"/{key}" for key in push}, **of_ecommerce}
    return {key: inside + place for key, place in places.items()}


def _legacy(action: dict[str, Any], currency: Any) -> dict[str, Any]:
    fields = action.get("actionField")
    found = {"items": action.get("products"), "currency": currency}
    for key, value in fields.items() if isinstance(fields, dict) else ():
        found[_LEGACY_FIELDS.get(key) or key] = value
    return {key: value for key, value in found.items() if value is not None}


def _rendered(value: Any) -> Any:
    """The push without the variables that Tag Manager left unrendered."""
    if isinstance(value, dict):
        return {key: _rendered(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rendered(one) for one in value]
    return None if isinstance(value, str) and _PLACEHOLDER.fullmatch(value) else value


_ADD_TO_CART: Final = {
    "event": "add_to_cart",
    "event_id": "gtm-demo-1",
    "timestamp": "2026-11-01T10:02:00.000Z",
    "anonymous_id": "5ad9f7c2-91d4-4a2e-b7f0-3f6e6c1d0b11",
    "client_id": "1762000000.1700000000",
    "cart_id": "Z2NwLWV1cm9wZS13ZXN0MTowMUpGSzM",
    "page_location": "https://ember-and-oak.example/products/oak-moss-candle",
    "ecommerce": {
        "currency": "EUR",
        "value": Decimal("49.80"),
        "items": [
            {
                "item_id": "8213868347682",
                "sku": "CNDL-OAK-S",
                "item_name": "Oak Moss Candle",
                "price": Decimal("24.90"),
                "quantity": 2,
            }
        ],
    },
}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Gtm())
