"""stape's server-side tags: the JSON HTTP Request tag and the Data Client's `/data`.

Both carry one flat event of GA4's names and parameters, in spellings of stape's own. A GET carries the event
in the query (`dtcd` is JSON, `dtdc` the same in base64); an array carries several events.
(github.com/stape-io: json-http-request-tag, data-client-protocol.)
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

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

_IDS: Final = mapping.Table(
    {
        "anonymous_id": mapping.identifier("/anonymous_id"),
        "client_id": mapping.identifier("/client_id", "/data_client_id", "/_dcid"),
        "user_id": mapping.identifier("/user_id", "/userId", "/uid"),
        "email": commerce.contact("/user_data/email_address", "/userEmail", "/email", "/mail", "/user_data/email"),
        "phone": commerce.contact("/user_data/phone_number", "/userPhone", "/phone", "/user_data/phone"),
    }
)
_NAMES: Final = ("event_name", "eventName", "event", "e_n")
_RENAMED: Final[dict[str, str]] = {"e_v": "value", "transactionId": "transaction_id"}
_PAGE: Final = mapping.Table(
    {
        "url": mapping.url("/page_location"),
        "title": mapping.text("/page_title"),
        "referrer": mapping.text("/page_referrer"),
    }
)
_PAGE_KEYS: Final = frozenset(("page_location", "page_title", "page_referrer", "page_hostname", "page_path"))
_NOT_PROPERTIES: Final = frozenset(
    (*_NAMES, "v", "timestamp", "unique_event_id", "event_id", "anonymous_id", "client_id", "data_client_id", "_dcid",
     "user_id", "userId", "uid", "user_data", "userEmail", "mail", "userPhone", "dtcd", "dtdc")
)  # fmt: skip


class Stape(Source):
    """Events of stape's tags, as POST or GET."""

    name = "stape"
    routes = (Route(path="/data", methods=("GET", "POST"), pixel=True),)
    kind = "collect"
    side = "server"
    forms = True

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a request, one for each of an array. Raises `PayloadError`."""
        document = _document(request)
        if isinstance(document, list):
            return [event for place, one in enumerate(document) for event in _events(one, body.pointer(place))]
        return _events(document, "")

    def examples(self) -> Sequence[Example]:
        """A purchase, as the JSON HTTP Request tag posts it."""
        headers = {"Content-Type": "application/json"}
        return (Example(name="purchase", path="/data?v=2", body=body.encode(_PURCHASE), headers=headers),)


def _document(request: Request) -> Any:
    """The event as JSON, from the body, a form or the query."""
    text = request.body.strip()
    if text[:1] in (b"{", b"["):
        try:
            return body.decode(text)
        except ValueError as error:
            raise PayloadError(str(error)) from None
    fields = _fields(request.query if not text else text.decode("utf-8", "replace"))
    carried = fields.get("dtcd") or _unpacked(fields.get("dtdc", ""))
    if not carried:
        return _nested(fields)
    try:
        found = body.decode(carried)
    except ValueError as error:
        raise PayloadError(f"dtcd: {error}") from None
    return {**fields, **found} if isinstance(found, dict) else found


def _fields(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, max_num_fields=500))
    except ValueError:
        raise PayloadError("more than 500 fields") from None


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _nested(fields: Mapping[str, str]) -> dict[str, Any]:
    """Form fields in dot notation: `user_data.email_address=x` is `{"user_data": {"email_address": "x"}}`."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        outer, dot, inner = name.partition(".")
        if not dot:
            found.setdefault(outer, value)
        elif isinstance(within := found.setdefault(outer, {}), dict):
            within[inner] = value
    return found


def _events(one: Any, at: str) -> list[Event | DeadLetter]:
    if not isinstance(one, dict):
        return [DeadLetter(code="payload", message="expected an event: an object", pointer=at)]
    raw_name = next((value for key in _NAMES if isinstance(value := one.get(key), str) and value.strip()), "").strip()
    if not raw_name:
        return [DeadLetter(code="payload", message="expected the event's name", pointer=f"{at}/event_name")]
    return commerce.events(_event(raw_name, one, at))


def _event(raw_name: str, one: dict[str, Any], at: str) -> Event:
    kind = commerce.KINDS.get(raw_name)
    sent, context = commerce.told(one, _NOT_PROPERTIES)
    ecommerce = one.get("ecommerce")  # As a dataLayer has it, where the tag passes that on.
    params = {**{_RENAMED.get(key) or key: value for key, value in sent.items()}}
    if isinstance(ecommerce, dict):
        params = {**{key: value for key, value in params.items() if key != "ecommerce"}, **ecommerce}
    if kind is None or kind.type != "page":
        params = {key: value for key, value in params.items() if key not in _PAGE_KEYS}
    if raw_name == "sign_up":
        params["user_id"] = one.get("user_id")
    page, person = _PAGE.read(one), _IDS.read(one)
    params = commerce.with_person(raw_name, params, person)
    return Event(
        type=kind.type if kind else "track",
        name=kind.name if kind else raw_name,
        raw_name=raw_name,
        message_id=commerce.message_id(raw_name, one.get("unique_event_id") or one.get("event_id"), params),
        timestamp=moments.of(one, "/timestamp", form=commerce.moment),
        identifiers=tuple(Identifier(*id_) for id_ in person.items() if isinstance(id_[1], str)),
        properties=commerce.properties(raw_name, params),
        context={**context, "page": page} if page else context,
        side="server",
        item=at,
        mapping=mapping.Origins(lambda: commerce.origins(raw_name, params, _places(one))),
    )


def _places(one: Mapping[str, Any]) -> dict[str, str]:
    """Where the parameters of an event stand: under stape's own names, or in a dataLayer's object."""
    renamed = {to: f"/{key}" for key, to in _RENAMED.items() if key in one}
    renamed |= {key: _IDS.origins("", one)[f"/{key}"] for key in ("email", "phone")}
    ecommerce = one.get("ecommerce")
    return {**renamed, **({key: f"/ecommerce/{key}" for key in ecommerce} if isinstance(ecommerce, dict) else {})}


_PURCHASE: Final = {
    "event_name": "purchase",
    "client_id": "dcid.1.1762000000000.123456789",
    "user_id": "7188389789809",
    "user_data": {"email_address": "mara@example.com"},
    "transaction_id": "5820982911946154508",
    "currency": "EUR",
    "value": Decimal("49.80"),
    "timestamp": 1_793_527_500,
    "unique_event_id": "1793527500000_123456789",
    "items": [{"item_id": "CNDL-OAK-S", "item_name": "Oak Moss Candle", "price": Decimal("24.90"), "quantity": 2}],
}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Stape())
