"""Shopify Web Pixel: the standard events of the storefront and the checkout, forwarded by a custom pixel.

Shopify delivers none of these: a pixel in its sandbox subscribes to them and posts them here (`snippet`). So
they are unsigned, can be forged and never prove anything; the webhooks stay the record of truth. Pixel and
webhooks meet in the checkout's token, the cart's token and the ids of customers.

`init` in the body is what the snippet adds to Shopify's event: the customer and the cart of the page load,
because an added line alone tells neither. A pixel of the shop's own may add Shopify's `init` as it is.
(shopify.dev, Web Pixels API, standard events.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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

from tagway_plugins.shopify import demo
from tagway_plugins.shopify.standard import EVENTS, PAGE
from tagway_plugins.shopify.values import attribute_ids

_ROOTS: Final = {name: mapping.path(kind.root) for name, kind in EVENTS.items()}
_CURRENCIES: Final = {name: mapping.path(kind.currency) for name, kind in EVENTS.items() if kind.currency}
# Events of a cart tell its lines, not its id: that is what the snippet adds.
_NEED_A_CART: Final = ("product_added_to_cart", "product_removed_from_cart", "cart_viewed", "checkout_started")
_CART_ID: Final = mapping.Table({"cart_id": mapping.token("/init/cart/token", "/init/cart/id", "/init/data/cart/id")})
_CUSTOMER: Final = mapping.Table(
    {
        "user_id": mapping.identifier("/init/customer/id", "/init/data/customer/id"),
        "email": mapping.text("/init/customer/email", "/init/data/customer/email"),
        "phone": mapping.text("/init/customer/phone", "/init/data/customer/phone"),
    }
)
_CAPTURED: Final = mapping.Table(
    {"email": mapping.text("/email"), "consent": mapping.flag("/buyerAcceptsEmailMarketing")}
)
_CAPTURED_PHONE: Final = mapping.Table(
    {"phone": mapping.text("/smsMarketingPhone"), "consent": mapping.flag("/buyerAcceptsSmsMarketing")}
)
_origin = mapping.path("/context/document/location/origin")
_document = mapping.path("/context/document")
_attributes = mapping.path("/data/checkout/attributes")


class ShopifyPixel(Source):
    """Web Pixel events, one a request, or several in an array."""

    name = "shopify_pixel"
    routes = (Route(path="/collect", dialect=True),)
    kind = "collect"
    side = "web"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for each; an email given in the checkout is an event of its own. Raises `PayloadError`."""
        try:
            document = body.decode(request.body)
        except ValueError as error:
            raise PayloadError(str(error)) from None
        if not isinstance(document, list):
            return _events(document, "")
        return [one for place, item in enumerate(document) for one in _events(item, body.pointer(place))]

    def snippet(self, endpoint: str, key: str) -> str:
        """The code of a custom pixel (Settings > Customer events > Add custom pixel)."""
        return _SNIPPET.replace("ENDPOINT", f"{endpoint}/collect/{key}" if key else f"{endpoint}/collect")

    def examples(self) -> Sequence[Example]:
        """A visit, from the first product to the thank-you page."""
        return demo.PIXEL_EVENTS


def _events(item: Any, at: str) -> list[Event | DeadLetter]:
    if not isinstance(item, dict) or not isinstance(name := item.get("name"), str) or not name:
        message = "expected an event of the Web Pixels API: an object with a `name`"
        return [DeadLetter(code="payload", message=message, pointer=at)]
    if name == "page_viewed":
        return [_event(item, at, "page", PAGE.read(_document(item)), _PAGE_ORIGINS, type_="page")]
    kind = EVENTS.get(name)
    if kind is None:
        return [_event(item, at, _name_of(item, name), _custom(item), {})]
    found = _ROOTS[name](item)
    if name == "cart_viewed" and found is None:  # Shopify's way to say that the cart is empty.
        return [_event(item, at, "Empty Cart Viewed", {}, {})]
    properties = {**kind.table.read(found, _given(name, found, item)), **kind.more}
    if name in _NEED_A_CART and "cart_id" not in properties:
        properties |= _CART_ID.read(item)
    origins = mapping.Origins(lambda: kind.origins(found))
    events: list[Event | DeadLetter] = [_event(item, at, kind.name, properties, origins)]
    if name == "checkout_contact_info_submitted":
        events += _captured(item, at, found)
    return events


def _event(
    item: Mapping[str, Any], at: str, name: str, properties: Mapping[str, Any], origins: Mapping[str, str], *,
    suffix: str = "", type_: Any = "track",
) -> Event:  # fmt: skip
    message_id = mapping.as_identifier(item.get("id"))
    return Event(
        type=type_,
        name=name,
        raw_name=str(item["name"]),
        message_id=message_id + suffix if isinstance(message_id, str) else "",
        timestamp=moments.of(item, "/timestamp"),
        identifiers=_identifiers(item),
        properties=properties,
        context=_context(item),
        side="web",
        item=at,
        mapping=origins,
    )


def _captured(item: Mapping[str, Any], at: str, checkout: Any) -> Iterable[Event]:
    """The contact step is also the moment at which an address or a number was given."""
    for table, required, name, suffix in (
        (_CAPTURED, "email", "Email Captured", ":email"),
        (_CAPTURED_PHONE, "phone", "SMS Captured", ":sms"),
    ):
        properties = table.read(checkout)
        if isinstance(properties.get(required), str):
            origins = {to: f"/data/checkout{source}" for to, source in table.origins().items()}
            yield _event(item, at, name, {**properties, "capture_source": "checkout"}, origins, suffix=suffix)


def _given(name: str, found: Any, item: Any) -> mapping.Given:
    currency = _CURRENCIES[name](found) if name in _CURRENCIES else None
    origin = _origin(item)
    return mapping.Given(
        currency=currency if isinstance(currency, str) else None, origin=origin if isinstance(origin, str) else ""
    )


def _identifiers(item: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """The browser (`clientId` is the cookie `_shopify_y`), and the customer who is signed in."""
    found = [] if "init" not in item else list(_CUSTOMER.read(item).items())
    client = mapping.as_identifier(item.get("clientId"))
    if isinstance(client, str):
        found.append(("anonymous_id", client))
    ids = [Identifier(kind, value) for kind, value in found if isinstance(value, str)]
    return (*ids, *attribute_ids(_attributes(item)))


def _context(item: Mapping[str, Any]) -> dict[str, Any]:
    page = PAGE.read(_document(item))
    return {"page": page} if page else {}


def _custom(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event of the shop's own carries; DOM events may hold what a form held, and carry nothing."""
    data = item.get("customData") if item.get("type") == "custom" else item.get("data")
    return data if isinstance(data, dict) and item.get("type") in ("custom", "standard") else {}


def _name_of(item: Mapping[str, Any], name: str) -> str:
    """A shop's own name as it is; Shopify's as words (`alert_displayed` is "Alert Displayed")."""
    return name if item.get("type") == "custom" else " ".join(word.capitalize() for word in name.split("_"))


_PAGE_ORIGINS: Final = {to: f"/context/document{source}" for to, source in PAGE.origins().items()}
_SNIPPET: Final = """\
// Tagway: forwards Shopify's customer events. Settings > Customer events > Add custom pixel.
const customer = init.data.customer;
const cart = init.data.cart;
// 64 KiB is what a browser still sends for a page that is left. A repetition carries the same id.
const send = (body, again) =>
  fetch("ENDPOINT", { method: "POST", keepalive: body.length < 21000, headers: { "Content-Type": "text/plain" }, body })
    .then((answer) => answer.status < 500 || Promise.reject(answer.status))
    .catch(() => again && setTimeout(send, 2000, body, again - 1));
analytics.subscribe("all_standard_events", async (event) => {
  const token = await browser.cookie.get("cart").then((value) => value && decodeURIComponent(value)).catch(() => null);
  const known = customer && { id: customer.id, email: customer.email, phone: customer.phone };
  send(JSON.stringify({ ...event, init: { customer: known, cart: { id: cart && cart.id, token } } }), 5);
});
"""


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(ShopifyPixel())
