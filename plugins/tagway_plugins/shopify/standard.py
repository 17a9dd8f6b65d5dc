"""The standard events of Shopify's Web Pixel as data: what each becomes, and from where each value is read.

Amounts are numbers with a currency beside them. Addresses of products are relative to the shop's origin.
(shopify.dev, Web Pixels API, standard events.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tagway import mapping

from tagway_plugins.shopify.values import variant_title

_VARIANT: Final = {
    "product_id": "/product/id",
    "variant_id": "/id",
    "sku": "/sku",
    "name": "/product/title",
    "variant": "/title",
    "brand": "/product/vendor",
    "category": "/product/type",
    "price": "/price/amount",
    "url": "/product/url",
    "image_url": "/image/src",
}
_READERS: Final[Mapping[str, Callable[..., mapping.Field]]] = {
    "product_id": mapping.identifier,
    "variant_id": mapping.identifier,
    "variant": variant_title,
    "price": mapping.amount,
    "url": mapping.url,
    "image_url": mapping.url,
}


def _variant(at: str = "") -> dict[str, mapping.Field]:
    """The fields of a product variant that stands at a pointer."""
    return {name: _READERS.get(name, mapping.text)(f"{at}{pointer}") for name, pointer in _VARIANT.items()}


_LISTED: Final = mapping.Table({**_variant(), "currency": mapping.currency("/price/currencyCode")})
_CART_LINE: Final = mapping.Table(
    {
        **_variant("/merchandise"),
        "quantity": mapping.count("/quantity"),
        "line_total": mapping.amount("/cost/totalAmount/amount"),
    }
)
_CHECKOUT_LINE: Final = mapping.Table(
    {
        **_variant("/variant"),
        "name": mapping.text("/variant/product/title", "/title"),
        "quantity": mapping.count("/quantity"),
        "line_total": mapping.amount("/finalLinePrice/amount"),
        "selling_plan_id": mapping.identifier("/sellingPlanAllocation/sellingPlan/id"),
    }
)


def _currency_of_line() -> mapping.Field:
    return mapping.currency("/merchandise/price/currencyCode", "/cost/totalAmount/currencyCode")


_ADDED: Final = _CART_LINE.with_fields({"currency": _currency_of_line()})
_REMOVED: Final = mapping.Table(
    {
        **{name: field for name, field in _variant("/merchandise").items() if name not in ("url", "image_url")},
        "quantity": mapping.count("/quantity"),
        "currency": _currency_of_line(),
    }
)
_COLLECTION: Final = mapping.Table(
    {
        "collection_id": mapping.identifier("/id"),
        "collection_name": mapping.text("/title"),
        "products": mapping.each("/productVariants", _LISTED),
    }
)
_SEARCH: Final = mapping.Table({"query": mapping.text("/query"), "products": mapping.each("/productVariants", _LISTED)})
_CART: Final = mapping.Table(
    {
        "cart_id": mapping.token("/id"),
        "currency": mapping.currency("/cost/totalAmount/currencyCode"),
        "value": mapping.amount("/cost/totalAmount/amount"),
        "item_count": mapping.count("/totalQuantity"),
        "products": mapping.each("/lines", _CART_LINE),
    }
)


def _code(applications: Any, _: mapping.Given) -> Any:
    """The first code that was entered; an automatic discount has a title, and no code."""
    listed = [one for one in applications if isinstance(one, dict)] if isinstance(applications, list) else []
    codes = [one.get("title") for one in listed if one.get("type", _ENTERED) == _ENTERED]
    return mapping.as_text(codes[0]) if codes else None


_ENTERED: Final = "DISCOUNT_CODE"
_CHECKOUT: Final = mapping.Table(
    {
        "checkout_id": mapping.token("/token"),
        "currency": mapping.currency("/currencyCode"),
        "subtotal": mapping.amount("/subtotalPrice/amount"),
        "value": mapping.amount("/subtotalPrice/amount"),
        "total": mapping.amount("/totalPrice/amount"),
        "tax": mapping.amount("/totalTax/amount"),
        # `shippingLine` is deprecated: what delivery costs stands in the option that was chosen.
        "shipping": mapping.amount(
            "/shippingLine/price/amount",
            *(f"/delivery/selectedDeliveryOptions/0/{cost}/amount" for cost in ("costAfterDiscounts", "cost")),
        ),
        "discount": mapping.amount("/discountsAmount/amount"),
        "coupon": mapping.Field(("/discountApplications",), _code),
        "email": mapping.text("/email"),
        "phone": mapping.text("/phone"),
        "products": mapping.each("/lineItems", _CHECKOUT_LINE),
    }
)
_ORDER: Final = _CHECKOUT.with_fields(
    {
        # Null until the order exists, which may be after the thank-you page was shown.
        "order_id": mapping.identifier("/order/id"),
        "customer_id": mapping.identifier("/order/customer/id"),
        "is_first_order": mapping.flag("/order/customer/isFirstOrder"),
        "payment_method": mapping.text("/transactions/0/paymentMethod/type", "/transactions/0/gateway"),
    }
)
PAGE: Final = mapping.Table(
    {
        "url": mapping.url("/location/href"),
        "path": mapping.text("/location/pathname"),
        "title": mapping.text("/title"),
        "referrer": mapping.text("/referrer"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What becomes of one standard event: `root` is the pointer of the object that `table` reads."""

    name: str
    root: str
    table: mapping.Table
    currency: str = ""
    more: Mapping[str, Any]

    def origins(self, found: Any) -> dict[str, str]:
        """Where the values of its object come from."""
        return {to: f"{self.root}{source}" for to, source in self.table.origins(document=found).items()}


def _kind(name: str, root: str, table: mapping.Table, currency: str = "", **more: Any) -> Kind:
    return Kind(name=name, root=root, table=table, currency=currency, more=more)


def _checkout(name: str, table: mapping.Table = _CHECKOUT, **more: Any) -> Kind:
    return _kind(name, "/data/checkout", table, "/currencyCode", **more)


_VARIANT_ROOT: Final = "/data/productVariant"
_LINE_ROOT: Final = "/data/cartLine"
_LINE_CURRENCY: Final = "/merchandise/price/currencyCode"
EVENTS: Final[Mapping[str, Kind]] = {
    "product_viewed": _kind("Product Viewed", _VARIANT_ROOT, _LISTED, "/price/currencyCode"),
    "collection_viewed": _kind("Collection Viewed", "/data/collection", _COLLECTION),
    "search_submitted": _kind("Products Searched", "/data/searchResult", _SEARCH),
    "product_added_to_cart": _kind("Added to Cart", _LINE_ROOT, _ADDED, _LINE_CURRENCY),
    "product_removed_from_cart": _kind("Removed from Cart", _LINE_ROOT, _REMOVED, _LINE_CURRENCY),
    "cart_viewed": _kind("Cart Viewed", "/data/cart", _CART, "/cost/totalAmount/currencyCode"),
    "checkout_started": _checkout("Checkout Started"),
    "checkout_contact_info_submitted": _checkout("Checkout Step Completed", step="contact", step_index=1),
    "checkout_address_info_submitted": _checkout("Checkout Step Completed", step="address", step_index=2),
    "checkout_shipping_info_submitted": _checkout("Checkout Step Completed", step="shipping", step_index=3),
    "payment_info_submitted": _checkout("Payment Info Entered"),
    "checkout_completed": _checkout("Order Completed", _ORDER),
}
"""The standard events with a place in the taxonomy; any other is unplanned, under its own name."""
