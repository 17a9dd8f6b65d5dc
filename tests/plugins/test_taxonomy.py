"""Every golden body of the bundled plugins, held against the taxonomy and folded as the engine folds it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from tagway import Source, catalogue, registry
from tagway.config import Config
from tagway.preview import preview
from tagway.testing import GoldenPair, InProcess, request_to

from tests.plugins.test_vendors import SOURCES, pairs

CONFIG: Final = Config()
CASES: Final = [pytest.param(source, pair, id=str(pair)) for source in SOURCES.values() for pair in pairs(source)]
TAXONOMY: Final = catalogue.load(CONFIG, registry.load(CONFIG))
# Bodies that lack what their event needs, on purpose: the violation is what a store has to see.
FAULTY: Final = frozenset(
    (
        *(
            "gtm/purchase_legacy",
            "gtm/unrendered",
            "gtm/view_item_list",
            "gtm/checkout_legacy",
            "gtm/impressions_legacy",
        ),
        "mailchimp/subscribe_minimal",
        "octane/nested_state",
        "privy/no_email",
        "segment/nulls",
        "shopify/carts_update_unreadable",
        *("shopify_pixel/product_removed_from_cart", "shopify_pixel/product_viewed_plain"),
        "snowplow/transaction",
        *("woocommerce/order_created_guest", "woocommerce/order_updated_refunds"),
    )
)


@pytest.mark.parametrize(("source", "pair"), CASES)
def test_a_golden_body_violates_only_where_it_is_about_that(source: Source, pair: GoldenPair) -> None:
    rows = preview(pair.configured(source), pair.request(source), TAXONOMY)
    faults = {
        f"{one['code']} {one['pointer']}"
        for row in rows
        for one in row.get("violations", ())
        if one["severity"] == "error"
    }
    assert bool(faults) == (str(pair) in FAULTY), faults


@pytest.mark.parametrize("plugin", ["segment", "rudderstack", "customerio"])
def test_a_list_of_the_ecommerce_spec_is_a_collection(plugin: str) -> None:
    call = {
        "type": "track",
        "event": "Product List Viewed",
        "anonymousId": "a-1",
        "properties": {"list_id": "hot-deals", "category": "Deals", "products": []},
    }
    source = SOURCES[plugin]
    (row,) = preview(source, request_to(source, call, path="/v1/track"), TAXONOMY)
    assert (row["name"], row["violations"]) == ("Collection Viewed", [])
    assert row["properties"] == {"collection_id": "hot-deals", "collection_name": "Deals", "products": []}


def test_an_order_of_stripe_without_its_lines_is_accepted_and_says_so() -> None:
    session = {
        "id": "cs_1",
        "payment_status": "paid",
        "payment_intent": "pi_1",
        "amount_total": 1999,
        "currency": "eur",
    }
    event = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": session}}
    source = SOURCES["stripe"]
    (row,) = preview(source, request_to(source, event), TAXONOMY)
    assert row["status"] == "accepted"
    assert [(one["code"], one["severity"], one["pointer"]) for one in row["violations"]] == [
        ("property_missing", "info", "/properties/products")
    ]


def test_all_golden_bodies_fold_into_one_balanced_ledger(tmp_path: Path) -> None:
    with InProcess(tmp_path) as gateway:
        for source in SOURCES.values():
            for pair in pairs(source):
                request = pair.request(source)
                gateway.append(
                    source.name,
                    request.body,
                    path=request.path,
                    query=request.query,
                    method=request.method,
                    headers=request.headers,
                )
        gateway.fold.drain()
        ledger = gateway.feed.ledger()
    assert ledger["balanced"]
    assert ledger["requests"]["pending"] == 0
