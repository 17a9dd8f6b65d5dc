"""Snowplow's tracker protocol (tp2): POST of many events, GET of one. All values are strings.

An event's time is `ttm` (true) or `dtm` (the device's), its message id is `eid`. Self-describing events
(`e=ue`) carry their own data as JSON or base64url, with or without padding; the ecommerce entities that
Snowplow's own plugin sends stand beside the event in its contexts.
(docs.snowplow.io, tracker protocol; iglu-central, com.snowplowanalytics.snowplow.ecommerce.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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

from tagway_plugins.snowplow import entities
from tagway_plugins.snowplow.entities import Entities

Object = Mapping[str, Any]

_IDS: Final = mapping.Table(
    {
        "user_id": mapping.identifier("/uid"),
        "anonymous_id": mapping.identifier("/duid"),
        "device_id": mapping.identifier("/tnuid"),
    }
)
_PAGE: Final = mapping.Table(
    {"url": mapping.url("/url"), "title": mapping.text("/page"), "referrer": mapping.text("/refr")}
)
_STRUCTURED: Final = mapping.Table(
    {
        "category": mapping.text("/se_ca"),
        "action": mapping.text("/se_ac"),
        "label": mapping.text("/se_la"),
        "property": mapping.text("/se_pr"),
        "value": mapping.amount("/se_va"),
    }
)
_TRANSACTION: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/tr_id"),
        "total": mapping.amount("/tr_tt"),
        "tax": mapping.amount("/tr_tx"),
        "shipping": mapping.amount("/tr_sh"),
        "affiliation": mapping.text("/tr_af"),
        "currency": mapping.currency("/tr_cu"),
    }
)
_ITEM: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/ti_id"),
        "sku": mapping.text("/ti_sk"),
        "name": mapping.text("/ti_nm"),
        "category": mapping.text("/ti_ca"),
        "price": mapping.amount("/ti_pr"),
        "quantity": mapping.count("/ti_qu"),
        "currency": mapping.currency("/ti_cu"),
    }
)
_SIDES: Final = {"web": "web", "mob": "app", "srv": "server", "app": "app"}


class Snowplow(Source):
    """What Snowplow's trackers send."""

    name = "snowplow"
    routes = (
        Route(path="/com.snowplowanalytics.snowplow/tp2", credentials=True),
        Route(path="/i", methods=("GET",), pixel=True, credentials=True),
    )
    kind = "collect"
    side = "web"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a GET, one per element of a POST. Raises `PayloadError`."""
        if not request.body or request.method == "GET":
            return [_event(_fields(request), "")]
        data = request.document().get("data")
        if not isinstance(data, list):
            raise PayloadError("expected an array of events", pointer="/data")
        return [_event(one, f"/data/{place}") for place, one in enumerate(data)]

    def snippet(self, endpoint: str, key: str) -> str:
        """The call that points the JavaScript tracker here."""
        del key
        return _SNIPPET.replace("ENDPOINT", endpoint)

    def examples(self) -> Sequence[Example]:
        """A page view, as the Python tracker posts it."""
        path = "/com.snowplowanalytics.snowplow/tp2"
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return (Example(name="page_view", path=path, body=body.encode(_PAGE_VIEW), headers=headers),)


def _fields(request: Request) -> dict[str, str]:
    """A GET's event: its query, or a body that is one (files of queries have it there)."""
    query = request.query or request.body.decode("utf-8", "replace")
    try:
        return dict(parse_qsl(query.strip(), max_num_fields=500))
    except ValueError:
        raise PayloadError("more than 500 parameters") from None


def _event(one: Any, at: str) -> Event | DeadLetter:
    if not isinstance(one, dict) or not isinstance(kind := one.get("e"), str) or not kind:
        return DeadLetter(code="payload", message="expected an event: an object with `e`", pointer=f"{at}/e")
    try:
        around = entities.beside(one, needed=kind == "ue")
        raw_name, name, type_, properties = _read(kind, one, around)
    except ValueError as error:
        return DeadLetter(code="payload", message=str(error), pointer=at)
    known = [*_IDS.read(one).items(), *(id_ for entity, data, _ in around for id_ in entities.person(entity, data))]
    message_id = mapping.as_identifier(one.get("eid"))
    page = _PAGE.read(one)
    return Event(
        type=type_,
        name=name,
        raw_name=raw_name,
        message_id=message_id if isinstance(message_id, str) else "",
        timestamp=moments.of(one, "/ttm", "/dtm", form="ms"),
        identifiers=tuple(dict.fromkeys(Identifier(*id_) for id_ in known if isinstance(id_[1], str))),
        properties=properties,
        context={"page": page} if page and type_ != "page" else {},
        side=_side(one),
        item=at,
        mapping=_origins(kind, raw_name, one, around),
    )


def _side(one: Object) -> Any:
    platform = one.get("p")
    return _SIDES.get(platform, "web") if isinstance(platform, str) else "web"


def _read(kind: str, one: Object, around: Entities) -> tuple[str, str, Any, dict[str, Any]]:
    """The vendor's name, ours, the type and the properties. Raises ValueError for data that is not readable."""
    if kind == "pv":
        return "pv", "page", "page", _PAGE.read(one)
    if kind == "ue":
        return _self_describing(one, around)
    if kind == "se":
        found = _STRUCTURED.read(one)
        action = found.get("action")
        return "se", action if isinstance(action, str) else "Structured Event", "track", found
    if kind == "tr":
        return "tr", "Order Completed", "track", _TRANSACTION.read(one)
    return (
        (kind, "Order Item", "track", _ITEM.read(one)) if kind == "ti" else (kind, _OTHERS.get(kind, kind), "track", {})
    )


_OTHERS: Final = {"pp": "Page Pinged"}


def _self_describing(one: Object, around: Entities) -> tuple[str, str, Any, dict[str, Any]]:
    """A self-describing event: its schema names it, its data are its properties."""
    wrapper = entities.json(one, "ue_pr", "ue_px")
    inner = wrapper.get("data") if isinstance(wrapper, dict) else None
    if not isinstance(inner, dict) or not isinstance(schema := inner.get("schema"), str):
        raise ValueError("expected a self-describing event: a schema and its data in `ue_pr` or `ue_px`")
    data = inner.get("data")
    data = data if isinstance(data, dict) else {}
    name = entities.schema_name(schema)
    if name == entities.ECOMMERCE and isinstance(action := data.get("type"), str) and action:
        named = entities.ACTIONS.get(action) or action.replace("_", " ").title()
        return action, named, "track", entities.ecommerce(action, data, around)
    return schema, name.replace("_", " ").title(), "track", dict(data)


def _origins(kind: str, raw_name: str, one: Object, around: Entities) -> Mapping[str, str]:
    """Where values come from: a field of the event, and on into the JSON that it holds."""
    if kind != "ue":
        return _ORIGINS.get(kind, {})
    data = "/ue_pr/data/data" if one.get("ue_pr") else "/ue_px/data/data"
    if raw_name.startswith("iglu:"):
        return {"/properties": data}
    return mapping.Origins(lambda: entities.origins(raw_name, data, around))


_ORIGINS: Final = {
    "pv": _PAGE.origins(),
    "se": _STRUCTURED.origins(),
    "tr": _TRANSACTION.origins(),
    "ti": _ITEM.origins(),
}
_PAGE_VIEW: Final = {
    "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
    "data": [
        {
            "e": "pv",
            "eid": "5f1f4a1e-2f6c-4a55-9a1e-6d1d7c1b0a01",
            "dtm": "1793527200000",
            "p": "web",
            "tv": "py-1.1.0",
            "aid": "shop",
            "duid": "5ad9f7c2-91d4-4a2e-b7f0-3f6e6c1d0b11",
            "url": "https://ember-and-oak.example/",
            "page": "Ember & Oak",
        }
    ],
}
_SNIPPET: Final = """\
import { newTracker, trackPageView } from "@snowplow/browser-tracker";

newTracker("tagway", "ENDPOINT", { appId: "shop", credentials: "omit" });
trackPageView();
"""


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Snowplow())
