"""The script: a few minutes in a candle shop, told scene by scene.

A scene names a plugin's example by source and name, and what stands in it: JSON pointers into its body and
their values. `NOW` becomes the moment of sending, so that the shop's clock is today's; all else is fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

Changes = Mapping[str, Any]
NOW: Final = object()
ABSENT: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One request of the simulated store.

    `at` is seconds after the opening. `source` is a name in the demo's configuration, `example` one of its
    plugin's. `change` has JSON pointers and their values (`NOW`: the moment of sending, `ABSENT`: left out).
    `forged` signs with a secret that is not the store's. `status` is the answer that the store expects.
    """

    at: float
    who: str
    says: str
    source: str
    example: str
    change: Changes
    headers: Mapping[str, str] = field(default_factory=dict)
    forged: bool = False
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A thing to buy, with Shopify's ids."""

    product: int
    variant: int
    sku: str
    title: str
    price: Decimal

    def seen(self, at: str) -> Changes:
        """The product at a pointer of a Web Pixel event."""
        return {
            f"{at}/id": str(self.variant),
            f"{at}/sku": self.sku,
            f"{at}/price/amount": self.price,
            f"{at}/product/id": str(self.product),
            f"{at}/product/title": self.title,
        }

    def bought(self, at: str) -> Changes:
        """The product as one line item of a webhook."""
        return {
            f"{at}/product_id": self.product,
            f"{at}/variant_id": self.variant,
            f"{at}/sku": self.sku,
            f"{at}/title": self.title,
            f"{at}/price": str(self.price),
            f"{at}/quantity": 1,
        }


CANDLE: Final = Product(
    product=8213868347682, variant=44901482856738, sku="CNDL-OAK-S", title="Oak Moss Candle", price=Decimal("24.90")
)
DIFFUSER: Final = Product(
    product=8213868380450, variant=44901482889506, sku="DIFF-FIG-M", title="Fig Diffuser", price=Decimal("39.00")
)
MATCHES: Final = Product(
    product=8213868413218, variant=44901482922274, sku="MTCH-BLK", title="Long Matches", price=Decimal("7.50")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """Somebody in the shop: a browser's id, and what the shop may come to know."""

    name: str
    browser: str
    email: str = ""
    customer: int = 0
    cart: str = ""
    checkout: str = ""

    def looks(self, at: float, product: Product) -> Scene:
        """A product page, seen by the Web Pixel."""
        change = product.seen("/data/productVariant")
        return self._pixel(at, "product_viewed", f"looks at {product.title}", change)

    def adds(self, at: float, product: Product) -> tuple[Scene, Scene]:
        """A line for the cart: the browser tells it, and a moment later Shopify's server does."""
        line = {
            **product.seen("/data/cartLine/merchandise"),
            "/data/cartLine/quantity": 1,
            "/data/cartLine/cost/totalAmount/amount": product.price,
        }
        cart = {
            "/id": self.cart,
            "/token": self.cart,
            "/created_at": NOW,
            "/updated_at": NOW,
            **product.bought("/line_items/0"),
            "/line_items/0/line_price": str(product.price),
            "/line_items/0/line_price_set/shop_money/amount": str(product.price),
        }
        return (
            self._pixel(at, "product_added_to_cart", f"adds {product.title} to the cart", line),
            self._webhook(at + 0.4, "carts_create", "has a cart on the server (webhook, no browser id in it)", cart),
        )

    def starts_checkout(self, at: float, product: Product) -> Scene:
        """The checkout opens; nobody has said who they are."""
        return self._pixel(at, "checkout_started", "starts the checkout", self._checkout(product, email=""))

    def gives_contact(self, at: float, product: Product) -> Scene:
        """The contact step: the email stands in the checkout."""
        change = self._checkout(product, email=self.email)
        return self._pixel(at, "checkout_contact_info_submitted", f"types {self.email} in the checkout", change)

    def buys(self, at: float, product: Product, order: int) -> tuple[Scene, Scene]:
        """The thank-you page, and Shopify's signed order."""
        paid = self._checkout(product, email=self.email)
        done = self._pixel(
            at, "checkout_completed", "sees the thank-you page", {**paid, "/data/checkout/order/id": order}
        )
        return done, self.order(at + 0.6, product, order, f"has paid order {order} (signed webhook)")

    def order(self, at: float, product: Product, order: int, says: str, **how: Any) -> Scene:
        """Shopify's orders/create, signed; the same `order` again is the same delivery again."""
        change = {
            "/id": order,
            "/name": f"#{order % 10_000}",
            "/created_at": NOW,
            "/updated_at": NOW,
            "/subtotal_price": str(product.price),
            "/total_price": str(product.price + Decimal("4.90")),
            "/total_tax": "0.00",
            "/checkout_token": self.checkout or None,
            "/cart_token": self.cart or None,
            "/email": self.email,
            "/customer/id": self.customer,
            "/customer/email": self.email,
            "/customer/first_name": self.name,
            "/customer/last_name": ABSENT,
            **product.bought("/line_items/0"),
            "/line_items/0/id": order * 10,
        }
        return self._webhook(at, "orders_create", says, change, key=str(order), **how)

    def gives_email(self, at: float) -> Scene:
        """A popup in the page; Tag Manager forwards what it pushed."""
        change = {
            "/event": "generate_lead",
            "/email": self.email,
            "/form_name": "Ten percent off",
            "/capture_source": "popup",
            "/ecommerce": ABSENT,
            "/cart_id": ABSENT,
        }
        return self.tag(at, f"gives {self.email} in a popup", change)

    def tag(self, at: float, says: str, change: Changes) -> Scene:
        """A dataLayer push, forwarded by a tag."""
        about = {"/event_id": f"gtm-{self.name}-{at}", "/anonymous_id": self.browser, "/timestamp": NOW}
        about["/client_id"] = f"ga-{self.browser}"
        return Scene(at=at, who=self.name, says=says, source="gtm", example="add_to_cart", change={**about, **change})

    def signs_in(self, at: float, says: str) -> Scene:
        """Two calls of a Segment SDK in one batch: a view, and then who it is."""
        change = {
            "/sentAt": NOW,
            "/batch/0/messageId": f"view-{self.name}-{at}",
            "/batch/0/anonymousId": self.browser,
            "/batch/0/timestamp": NOW,
            "/batch/1/messageId": f"identify-{self.name}-{at}",
            "/batch/1/anonymousId": self.browser,
            "/batch/1/userId": str(self.customer),
            "/batch/1/timestamp": NOW,
            "/batch/1/traits/email": self.email,
            "/batch/1/traits/first_name": self.name,
        }
        return Scene(at=at, who=self.name, says=says, source="app", example="batch", change=change)

    def _checkout(self, product: Product, email: str) -> Changes:
        at = "/data/checkout"
        return {
            f"{at}/token": self.checkout,
            f"{at}/email": email,
            f"{at}/order/customer/id": str(self.customer) if email and self.customer else None,
            f"{at}/subtotalPrice/amount": product.price,
            f"{at}/totalTax/amount": Decimal(0),
            f"{at}/totalPrice/amount": product.price + Decimal("4.90"),
            **product.seen(f"{at}/lineItems/0/variant"),
            f"{at}/lineItems/0/title": product.title,
            f"{at}/lineItems/0/quantity": 1,
            f"{at}/lineItems/0/finalLinePrice/amount": product.price,
        }

    def _pixel(self, at: float, example: str, says: str, change: Changes) -> Scene:
        about = {
            "/id": f"sh-{self.name}-{at}",
            "/clientId": self.browser,
            "/timestamp": NOW,
            "/init/cart/token": self.cart or None,
        }
        return Scene(at=at, who=self.name, says=says, source="pixel", example=example, change={**about, **change})

    def _webhook(self, at: float, example: str, says: str, change: Changes, *, key: str = "", **how: Any) -> Scene:
        headers = {"X-Shopify-Webhook-Id": f"{example}-{self.name}-{key or at}"}
        return Scene(
            at=at, who=self.name, says=says, source="shopify", example=example, change=change, headers=headers, **how
        )


ANA: Final = Shopper(
    name="Ana", browser="b7c1-ana-laptop", email="ana@example.com", customer=7188389780001,
    cart="cart-ana-01JFK3", checkout="checkout-ana-f0c1d2e3",
)  # fmt: skip
BEN: Final = Shopper(name="Ben", browser="b7c1-ben-phone")
CLEO: Final = Shopper(
    name="Cleo", browser="b7c1-cleo-tablet", cart="cart-cleo-01JFK4", checkout="checkout-cleo-a1b2c3d4"
)
DORA: Final = Shopper(name="Dora", browser="b7c1-shared-laptop", email="dora@example.com", customer=7188389780002)
EMIL: Final = Shopper(name="Emil", browser="b7c1-shared-laptop", email="emil@example.com", customer=7188389780003)
FINN_PHONE: Final = Shopper(name="Finn", browser="b7c1-finn-phone", email="finn@example.com")
FINN_LAPTOP: Final = Shopper(name="Finn", browser="b7c1-finn-laptop", email="finn@example.com")
MALLORY: Final = Shopper(name="Mallory", browser="", email="mallory@example.com", customer=7188389789999)

_ORDER: Final = 5820982911946154508
# What a careless tag makes of an item: an old name for the SKU, a price in words, no currency anywhere.
_CARELESS: Final[Changes] = {
    "/cart_id": ABSENT,
    "/ecommerce/currency": ABSENT,
    "/ecommerce/items/0/sku": ABSENT,
    "/ecommerce/items/0/product_sku": "CNDL-OAK-S",
    "/ecommerce/items/0/price": "from 24.90",
}
_VIEW: Final[Changes] = {"/event": "view_item", "/cart_id": ABSENT}


def scenes() -> tuple[Scene, ...]:
    """The whole script in order."""
    return tuple(sorted(_all(), key=lambda one: one.at))


def _all() -> tuple[Scene, ...]:
    return (
        ANA.looks(0.0, CANDLE),
        ANA.looks(1.5, DIFFUSER),
        CLEO.looks(2.0, MATCHES),
        *ANA.adds(3.0, CANDLE),
        BEN.tag(4.0, "looks at Oak Moss Candle (Tag Manager)", _VIEW),
        BEN.tag(5.0, "adds to the cart through a careless tag", _CARELESS),
        *CLEO.adds(6.0, MATCHES),
        ANA.gives_email(8.0),
        FINN_PHONE.looks(9.0, DIFFUSER),
        FINN_PHONE.gives_email(10.0),
        DORA.signs_in(11.0, "signs in on the shared laptop (Segment batch)"),
        CLEO.starts_checkout(12.0, MATCHES),
        ANA.starts_checkout(13.0, CANDLE),
        FINN_LAPTOP.looks(14.0, CANDLE),
        ANA.gives_contact(15.0, CANDLE),
        FINN_LAPTOP.gives_email(16.0),
        *ANA.buys(17.0, CANDLE, _ORDER),
        EMIL.signs_in(18.5, "signs in on the same laptop"),
        ANA.order(19.5, CANDLE, _ORDER, "has the same order delivered again"),
        MALLORY.order(
            20.5, DIFFUSER, _ORDER + 1, "forges an order: the signature is wrong", forged=True, status=401
        ),
    )  # fmt: skip
