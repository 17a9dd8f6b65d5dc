"""Stripe webhooks: Checkout sessions, refunds, invoices, subscriptions.

Signature: `Stripe-Signature: t=...,v1=...`, hex HMAC-SHA256 over `{t}.{raw body}`, five minutes of tolerance.
Amounts are integers in minor units of a lower-case currency, by Stripe's own table of decimals.

Pitfalls that are handled: a completed session whose payment is still `unpaid` is no order yet; line items are
not in the webhook unless a relay expanded them, and SKUs are only where the store put them into a product's metadata,
so that neither is an error when it is missing; `amount_refunded` is the sum of all refunds so far, so a part is its
difference to before. `customer` (`cus_...`) is Stripe's id, not the store's: it is kept, but identifies nobody,
or a shopper who is known by the store's id would become two people.
(docs.stripe.com: webhooks, Checkout Session object, currencies.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from tagway import (
    ConfigError,
    DeadLetter,
    Event,
    Example,
    Identifier,
    PayloadError,
    Request,
    Source,
    body,
    captures,
    hookimpl,
    mapping,
    moments,
    money,
    signatures,
)

Object = Mapping[str, Any]

# Where Stripe's decimals are not ISO 4217's: a currency that has as many as Stripe takes.
_DECIMALS_OF: Final = {"ISK": "EUR", "UGX": "EUR", "MGA": "JPY"}
_REFERENCES: Final = ("anonymous_id", "client_id", "user_id", "cart_token", "checkout_token")
_KINDS: Final = ("anonymous_id", "client_id", "device_id", "user_id", "cart_token", "email", "phone")


def _order_id() -> mapping.Field:
    """The store's own order number where it put one, else the payment: refunds name that, too."""
    return mapping.identifier("/metadata/order_id", "/payment_intent/id", "/payment_intent", "/id")


def _unix(*pointers: str) -> mapping.Field:
    """A time in Unix seconds, as RFC 3339."""

    def convert(value: Any, _: mapping.Given) -> Any:
        at = moments.from_unix(value, "s")
        return mapping.as_text(value) if at is None else moments.write(at)

    return mapping.Field(pointers, convert)


def _moment(value: Any) -> int | None:
    """Events of the newer API (v2) tell their time as text, all others in Unix seconds."""
    return moments.from_unix(value) or moments.read(value)


_PERSON: Final = {
    "email": mapping.text(
        "/customer_details/email", "/customer_email", "/receipt_email", "/billing_details/email", "/email"
    ),
    "phone": mapping.text("/customer_details/phone", "/customer_phone", "/billing_details/phone"),
}
_CONTEXT: Final = mapping.Table({"payment_customer_id": mapping.identifier("/customer/id", "/customer")})
_LINE: Final = mapping.Table(
    {
        "product_id": mapping.identifier("/price/product/id", "/price/product"),
        "variant_id": mapping.identifier("/price/id"),
        "sku": mapping.text("/price/product/metadata/sku", "/price/metadata/sku", "/price/lookup_key"),
        "name": mapping.text("/description"),
        "price": mapping.minor("/price/unit_amount"),
        "quantity": mapping.count("/quantity"),
        "line_total": mapping.minor("/amount_total"),
    }
)
_SESSION: Final = mapping.Table(
    {
        "order_id": _order_id(),
        "checkout_id": mapping.identifier("/metadata/checkout_id", "/metadata/checkout_token", "/id"),
        "cart_id": mapping.identifier("/metadata/cart_id", "/metadata/cart_token"),
        "currency": mapping.currency("/currency"),
        "total": mapping.minor("/amount_total"),
        "subtotal": mapping.minor("/amount_subtotal"),
        "value": mapping.minor("/amount_subtotal"),
        "tax": mapping.minor("/total_details/amount_tax"),
        "shipping": mapping.minor("/total_details/amount_shipping"),
        "discount": mapping.minor("/total_details/amount_discount"),
        **_PERSON,
        "products": mapping.each("/line_items/data", _LINE),
    }
)
_CHARGE: Final = mapping.Table(
    {
        "order_id": _order_id(),
        # The refunds themselves, newest first, are in the charge of older API versions only.
        "refund_id": mapping.identifier("/refunds/data/0/id"),
        "currency": mapping.currency("/currency"),
        "is_full_refund": mapping.flag("/refunded"),
        "reason": mapping.text("/refunds/data/0/reason"),
        **_PERSON,
    }
)
# What a subscription is to: the price of its first item, in old API versions a plan.
_ITEM: Final = "/items/data/0"
_PLAN: Final = {
    "product_id": mapping.identifier(
        *(f"{_ITEM}/price/product{at}" for at in ("/id", "")), f"{_ITEM}/plan/product", "/plan/product"
    ),
    "plan_id": mapping.identifier(f"{_ITEM}/price/id", f"{_ITEM}/plan/id", "/plan/id"),
}
_SUBSCRIPTION: Final = mapping.Table(
    {
        "subscription_id": mapping.identifier("/id"),
        **_PLAN,
        "interval_unit": mapping.text(f"{_ITEM}/price/recurring/interval", f"{_ITEM}/plan/interval", "/plan/interval"),
        "interval_count": mapping.count(
            f"{_ITEM}/price/recurring/interval_count", f"{_ITEM}/plan/interval_count", "/plan/interval_count"
        ),
        "price": mapping.minor(f"{_ITEM}/price/unit_amount", f"{_ITEM}/plan/amount", "/plan/amount"),
        "quantity": mapping.count(f"{_ITEM}/quantity", "/quantity"),
        "currency": mapping.currency("/currency", f"{_ITEM}/price/currency", "/plan/currency"),
        "next_charge_at": _unix(f"{_ITEM}/current_period_end", "/current_period_end"),
    }
)
_ENDED: Final = mapping.Table(
    {
        "subscription_id": mapping.identifier("/id"),
        **_PLAN,
        "reason": mapping.text("/cancellation_details/reason"),
        "cancelled_at": _unix("/ended_at", "/canceled_at"),
    }
)
_OTHER: Final = mapping.Table(
    {
        "resource_id": mapping.identifier("/id"),
        "order_id": mapping.identifier("/metadata/order_id", "/payment_intent/id", "/payment_intent"),
        "status": mapping.text("/status"),
        "currency": mapping.currency("/currency"),
        "total": mapping.minor("/amount_total", "/total", "/amount"),
        **_PERSON,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What becomes of one type of event: its name and the values of its object."""

    name: str
    table: mapping.Table

    def origins(self, found: Object, at: str) -> dict[str, str]:
        """Where the values of its object come from, which stands at a pointer."""
        return {to: f"{at}{source}" for to, source in self.table.origins(document=found).items()}


_PAID: Final = Kind(name="Order Completed", table=_SESSION)
KINDS: Final[Mapping[str, Kind]] = {
    "checkout.session.completed": _PAID,
    "checkout.session.async_payment_succeeded": _PAID,
    "charge.refunded": Kind(name="Order Refunded", table=_CHARGE),
    "customer.subscription.created": Kind(name="Subscription Started", table=_SUBSCRIPTION),
    "customer.subscription.deleted": Kind(name="Subscription Cancelled", table=_ENDED),
    # Stripe's customer is a payer, not an account of the store: not the catalogue's Customer Created.
    "customer.created": Kind(name="Payment Customer Created", table=_OTHER),
    "customer.updated": Kind(name="Payment Customer Updated", table=_OTHER),
    "customer.deleted": Kind(name="Payment Customer Deleted", table=_OTHER),
}
"""The types that Tagway knows; any other is named after its words and keeps its id, person and amount."""


class Stripe(Source):
    """Stripe's webhooks. The option `client_reference` says what the store puts into `client_reference_id`."""

    name = "stripe"
    headers = frozenset(("stripe-signature",))
    signature_header = "stripe-signature"
    scheme = signatures.Stamped(header="stripe-signature")
    kind = "webhook"
    side = "server"
    severity: ClassVar[Mapping[str, str]] = {
        "property_missing:/properties/products": "info",
        "property_missing:/properties/products/*/sku": "info",
    }

    def configured(self, options: Mapping[str, Any]) -> Source:
        """Check the options. Raises `ConfigError`."""
        if unknown := sorted(options.keys() - {"client_reference"}):
            raise ConfigError(f"unknown option {', '.join(unknown)}; stripe takes client_reference")
        if options.get("client_reference", _REFERENCES[0]) not in _REFERENCES:
            raise ConfigError(f"client_reference is one of {', '.join(_REFERENCES)}")
        return self

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a delivery. Raises `PayloadError`."""
        document = request.document()
        topic = document.get("type")
        if not isinstance(topic, str) or not topic.strip(" ._"):
            raise PayloadError("expected an event with a `type`", pointer="/type")
        data = document.get("data")
        found = data.get("object") if isinstance(data, dict) else None
        if isinstance(about := document.get("related_object"), dict) and found is None:
            found = about  # A "thin" event (API v2) only says what it is about.
        if not isinstance(found, dict):
            raise PayloadError("expected the object that the event is about", pointer="/data/object")
        return [_event(topic, document, found, request.options)]

    def examples(self) -> Sequence[Example]:
        """A paid Checkout session."""
        headers = {"Content-Type": "application/json"}
        return (
            Example(name="checkout_completed", path="/webhooks/stripe", body=body.encode(_EXAMPLE), headers=headers),
        )


def _event(topic: str, document: Object, found: Object, options: Object) -> Event:
    kind = _kind(topic, found)
    at = "/related_object" if found is document.get("related_object") else "/data/object"
    currency = money.currency(found.get("currency"))
    given = mapping.Given(currency=_DECIMALS_OF.get(currency or "", currency))
    properties = kind.table.read(found, given)
    if kind.table is _CHARGE:
        properties |= _refunded(document, found, given)
    event_id = mapping.as_identifier(document.get("id"))
    return Event(
        name=kind.name,
        raw_name=topic,
        message_id=event_id if isinstance(event_id, str) else "",
        timestamp=moments.of(document, "/created", form=_moment),
        identifiers=_identifiers(kind, found, properties, options),
        properties=properties,
        traits=_traits(found),
        context=_CONTEXT.read(found),
        side="server",
        test=document.get("livemode") is False,
        mapping=mapping.Origins(lambda: kind.origins(found, at)),
    )


def _kind(topic: str, found: Object) -> Kind:
    """A session is an order once it is paid for (or costs nothing); one that only saves a card never is."""
    kind = KINDS.get(topic)
    unpaid = topic == "checkout.session.completed" and found.get("payment_status") == "unpaid"
    if kind is None or (kind is _PAID and (unpaid or found.get("mode") == "setup")):
        words = topic.replace("_", " ").replace(".", " ").split()
        return Kind(name=" ".join(word[:1].upper() + word[1:] for word in words), table=_OTHER)
    return kind


def _refunded(document: Object, charge: Object, given: mapping.Given) -> dict[str, Any]:
    """What this refund paid back: the difference to what had been refunded before."""
    before = mapping.path("/data/previous_attributes/amount_refunded")(document)
    now = money.from_minor(charge.get("amount_refunded"), given.currency)
    earlier = money.from_minor(0 if before is None else before, given.currency)
    return {} if now is None or earlier is None or now < earlier else {"refund_amount": now - earlier}


def _identifiers(kind: Kind, found: Object, properties: Object, options: Object) -> tuple[Identifier, ...]:
    """What the store handed to Stripe: `client_reference_id` and metadata; of other objects, the payer's address."""
    ids = []
    reference = mapping.as_identifier(found.get("client_reference_id"))
    if isinstance(reference, str):
        ids.append(Identifier(options.get("client_reference", _REFERENCES[0]), reference))
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        ids += captures.identifiers_in(metadata, _KINDS)
    if kind.table is not _SESSION:
        # These events are not in the catalogue, or not with an address: nothing else would take it from there.
        ids += [Identifier(key, properties[key]) for key in ("email", "phone") if isinstance(properties.get(key), str)]
    return tuple(ids)


def _traits(found: Object) -> dict[str, Any]:
    name = mapping.path("/customer_details/name")(found) or found.get("customer_name")
    return {"name": name} if isinstance(name, str) and name else {}


_EXAMPLE: Final = {
    "id": "evt_demo_1",
    "object": "event",
    "type": "checkout.session.completed",
    "created": 1_793_527_500,
    "livemode": False,
    "data": {
        "object": {
            "id": "cs_test_demo_1",
            "object": "checkout.session",
            "mode": "payment",
            "payment_status": "paid",
            "payment_intent": "pi_demo_1",
            "client_reference_id": "5ad9f7c2-91d4-4a2e-b7f0-3f6e6c1d0b11",
            "currency": "eur",
            "amount_subtotal": 4980,
            "amount_total": 5470,
            "total_details": {"amount_tax": 0, "amount_shipping": 490, "amount_discount": 0},
            "customer": "cus_demo_1",
            "customer_details": {"email": "mara@example.com", "phone": None, "name": "Mara Lind"},
            "metadata": {"cart_id": "Z2NwLWV1cm9wZS13ZXN0MTowMUpGSzM"},
        }
    },
}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Stripe())
