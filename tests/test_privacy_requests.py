"""What a vendor's webhooks ask for is carried out when they are proven, and never otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tagway.answers.export import exported, requested
from tagway.log import Entry
from tagway.testing import InProcess

CUSTOMER = {"id": 706405506930370084, "email": "canary.bea@example.com", "phone": "+12015550188"}
ORDER = {
    "id": 5550001,
    "created_at": "2025-10-09T08:00:00Z",
    "currency": "EUR",
    "total_price": "10.00",
    "email": CUSTOMER["email"],
    "customer": CUSTOMER,
    "line_items": [],
}
REDACT = {"shop_domain": "one.example", "customer": CUSTOMER, "orders_to_redact": [5550001]}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


def webhook(gateway: InProcess, topic: str, body: dict[str, Any], *, verified: bool = True) -> dict[str, Any]:
    delivery = f"{topic}-{verified}"
    headers = {"x-shopify-topic": topic, "x-shopify-webhook-id": delivery, "x-shopify-event-id": delivery}
    seq = gateway.append("shopify", json.dumps(body).encode(), headers=headers, verified=verified)
    gateway.fold.drain()
    return gateway.feed.outcomes(seq)[0]  # type: ignore[index]


def held(folder: Path, text: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_a_proven_redact_request_forgets_the_customer(gateway: InProcess, tmp_path: Path) -> None:
    webhook(gateway, "orders/create", ORDER)
    assert held(tmp_path, "canary.bea")
    webhook(gateway, "customers/redact", REDACT)
    assert not held(tmp_path, "canary.bea")
    assert [one["status"] for one in gateway.feed.events()] == ["erased", "erased"]
    assert gateway.feed.ledger()["balanced"]


def test_the_same_redact_request_again_is_counted_and_brings_nobody_back(gateway: InProcess, tmp_path: Path) -> None:
    webhook(gateway, "orders/create", ORDER)
    webhook(gateway, "customers/redact", REDACT)
    again = webhook(gateway, "customers/redact", REDACT)
    assert again["status"] == "erased"
    assert not held(tmp_path, "canary.bea")


def test_an_unproven_redact_request_erases_nothing_and_says_why(gateway: InProcess, tmp_path: Path) -> None:
    webhook(gateway, "orders/create", ORDER)
    asked = webhook(gateway, "customers/redact", REDACT, verified=False)
    assert "unproven_request" in [one["code"] for one in asked["violations"]]
    assert held(tmp_path, "canary.bea")
    assert gateway.feed.commands() == []


def test_a_shop_redact_request_erases_what_the_source_has_sent_and_nothing_else(
    gateway: InProcess, tmp_path: Path
) -> None:
    webhook(gateway, "orders/create", ORDER)
    call = {"type": "identify", "userId": "u1", "messageId": "m1", "traits": {"email": "bo@example.com"}}
    gateway.send("segment", json.dumps(call).encode(), path="/v1/identify")
    refused = Entry(
        kind="refused", source="shopify", received_at=gateway.clock, code="bad_proof", body=json.dumps(ORDER).encode()
    )
    gateway.log.append([refused])
    webhook(gateway, "shop/redact", {"shop_id": 1, "shop_domain": "one.example"})
    assert not held(tmp_path, "canary.bea")
    assert [one["status"] for one in gateway.feed.events()] == ["erased", "accepted", "erased"]
    assert gateway.feed.profile("email", "canary.bea@example.com") is None
    assert gateway.feed.profile("email", "bo@example.com") is not None
    assert gateway.feed.ledger()["balanced"]


def test_a_redact_request_that_was_cut_off_by_a_crash_is_carried_out_once(gateway: InProcess, tmp_path: Path) -> None:
    webhook(gateway, "orders/create", ORDER)
    headers = {"x-shopify-topic": "customers/redact", "x-shopify-webhook-id": "r1"}
    gateway.append("shopify", json.dumps(REDACT).encode(), headers=headers)
    gateway.fold.step()
    with InProcess(tmp_path) as anew:
        anew.fold.drain()
        assert [one["outcome"] for one in anew.feed.commands()] == ["done"]
    assert not held(tmp_path, "canary.bea")


def test_a_proven_data_request_puts_the_customer_on_the_list_with_all_that_is_known(gateway: InProcess) -> None:
    webhook(gateway, "orders/create", ORDER)
    asked = {"shop_domain": "one.example", "customer": CUSTOMER, "orders_requested": [5550001]}
    webhook(gateway, "customers/data_request", asked, verified=False)
    assert requested(gateway.feed) == []
    webhook(gateway, "customers/data_request", {**asked, "data_request": {"id": 1}})
    (person,) = requested(gateway.feed)
    document = exported(gateway.feed, person)
    assert document is not None
    assert CUSTOMER["email"] in document["profile"]["emails"]
    assert ORDER["id"] in [event["raw"].get("id") for event in document["events"]]


KEPT, DELETED = "7188389789809", "7188389789001"
MERGED = {
    "admin_graphql_api_customer_kept_id": f"gid://shopify/Customer/{KEPT}",
    "admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{DELETED}",
    "status": "success",
    "errors": [],
}


def profiles(gateway: InProcess) -> list[str | None]:
    """The profile of the customer that was kept, and of the other."""
    found = [gateway.feed.profile("user_id", one) for one in (KEPT, DELETED)]
    return [one["profile_id"] if one else None for one in found]


def order(gateway: InProcess, customer: str, email: str) -> None:
    body = {**ORDER, "id": int(customer[-4:]), "email": email, "customer": {"id": int(customer), "email": email}}
    gateway.append(
        "shopify",
        json.dumps(body).encode(),
        headers={"x-shopify-topic": "orders/create", "x-shopify-webhook-id": customer},
    )
    gateway.fold.drain()


def test_customers_that_the_shop_has_merged_are_one_person_until_somebody_rejects_it(gateway: InProcess) -> None:
    order(gateway, KEPT, "bea@example.com")
    order(gateway, DELETED, "bea.old@example.com")
    assert len(set(profiles(gateway))) == 2
    webhook(gateway, "customers/merge", MERGED)
    assert len(set(profiles(gateway))) == 1
    assert [one["verdict"] for one in gateway.feed.merges() if one["rule"] == "person_id"][-1] == "merged"
    assert gateway.feed.review() == []
    assert [(one["action"], one["outcome"]) for one in gateway.feed.commands()] == [("approve", "done")]
    webhook(gateway, "customers/merge", MERGED)
    assert len(gateway.feed.commands()) == 1
    gateway.clock += 1
    gateway.command("reject", f"user_id:{KEPT}", f"user_id:{DELETED}")
    assert len(set(profiles(gateway))) == 2


def test_a_merge_that_nobody_has_proven_waits_for_review(gateway: InProcess) -> None:
    order(gateway, KEPT, "bea@example.com")
    order(gateway, DELETED, "bea.old@example.com")
    merged = webhook(gateway, "customers/merge", MERGED, verified=False)
    assert [one["code"] for one in merged["violations"]] == ["unproven_request"]
    assert len(set(profiles(gateway))) == 2
    assert len(gateway.feed.review()) == 1
