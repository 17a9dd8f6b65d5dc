"""Versions: which one an event is held against, and what a change breaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tagway.core.events import Event
from tagway.core.taxonomy import Catalogue, Schema, SchemaError, Settings, Taxonomy
from tagway.core.taxonomy.lint import findings
from tagway.core.taxonomy.versions import changes, proper

TEXT = {"type": "string", "description": "A text."}


def gift(version: str, properties: Mapping[str, Any], required: Any = (), **more: Any) -> dict[str, Any]:
    inside = {"type": "object", "properties": dict(properties), "required": list(required)}
    return {
        "x-event": "Gift Wrapped", "x-version": version, "title": "Gift Wrapped", "description": "A gift was wrapped.",
        "properties": {"properties": inside}, **more,
    }  # fmt: skip


def together(bundled: Catalogue, *documents: Mapping[str, Any]) -> Catalogue:
    return Catalogue.of([*bundled.documents.values(), *documents], bundled.spellings)


def two(bundled: Catalogue, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Schema, Schema]:
    found = [one for one in together(bundled, old, new).schemas.values() if one.name == "Gift Wrapped"]
    return found[0], found[1]


def outcome(catalogue: Catalogue, name: str, schema: str = "", **properties: Any) -> tuple[str, list[str]]:
    judged = Taxonomy(catalogue, Settings()).judge(Event(name=name, schema=schema, properties=properties), "web")
    return judged.schema, [one.code for one in judged.violations]


def test_without_a_version_the_newest_is_used_and_named(bundled: Catalogue) -> None:
    catalogue = together(bundled, gift("1-0-0", {"paper": TEXT}), gift("1-0-1", {"paper": TEXT, "bow": TEXT}))
    assert outcome(catalogue, "Gift Wrapped", bow="red") == ("gift_wrapped/1-0-1", [])


@pytest.mark.parametrize("named", ["1-0-0", "gift_wrapped/1-0-0"])
def test_a_named_version_is_used(bundled: Catalogue, named: str) -> None:
    catalogue = together(bundled, gift("1-0-0", {"paper": TEXT}), gift("1-0-1", {"paper": TEXT, "bow": TEXT}))
    assert outcome(catalogue, "Gift Wrapped", named, bow="red") == ("gift_wrapped/1-0-0", ["property_unplanned"])


def test_a_named_model_is_its_newest_version(bundled: Catalogue) -> None:
    catalogue = together(bundled, *(gift(one, {"paper": TEXT}) for one in ("1-0-0", "1-2-0", "2-0-0")))
    assert outcome(catalogue, "Gift Wrapped", "1", paper="x") == ("gift_wrapped/1-2-0", [])


def test_a_version_that_is_not_there_falls_back_to_the_newest_of_its_model(bundled: Catalogue) -> None:
    catalogue = together(bundled, *(gift(one, {"paper": TEXT}) for one in ("1-0-0", "1-2-0", "2-0-0")))
    assert outcome(catalogue, "Gift Wrapped", "1-9-0", paper="x") == ("gift_wrapped/1-2-0", ["version_unknown"])


def test_a_store_narrows_an_event_by_a_version_of_its_own(bundled: Catalogue) -> None:
    narrow = {
        "x-event": "Order Cancelled", "x-version": "2-0-0", "title": "Order Cancelled", "description": "With a reason.",
        "allOf": [{"$ref": "../order_cancelled/1-0-0.json"}], "properties": {"properties": {"required": ["reason"]}},
    }  # fmt: skip
    catalogue = together(bundled, narrow)
    assert outcome(catalogue, "orders_cancelled", order_id="1") == (
        "order_cancelled/2-0-0",
        ["property_missing", "event_spelling"],
    )
    assert catalogue.newest["Order Cancelled"].dedupe == ("order_id",)


def test_a_reference_out_of_the_catalogue_is_refused_and_never_fetched(bundled: Catalogue) -> None:
    with pytest.raises(SchemaError, match=r"gift_wrapped/1-0-0.*none is ever fetched"):
        together(bundled, gift("1-0-0", {"paper": {"$ref": "http://127.0.0.1:9/paper.json"}}))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"x-version": "one"}, "`x-version` must look like 1-0-0"),
        ({"x-truth": "phone"}, "`x-truth` must be one of web, server, provider"),
        ({"x-twin": {"keys": "order_id"}}, "`x-twin` must look like"),
        ({"properties": {"properties": {"type": "thing"}}}, "thing"),
    ],
)
def test_a_schema_that_cannot_be_used_is_named(bundled: Catalogue, document: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match="gift_wrapped") as caught:
        together(bundled, {**gift("1-0-0", {}), **document})
    assert message in caught.value.message


def test_one_spelling_of_two_events_is_refused(bundled: Catalogue) -> None:
    with pytest.raises(SchemaError, match="'Purchase' is a spelling of both"):
        together(bundled, gift("1-0-0", {}, **{"x-aliases": ["Purchase"]}))


@pytest.mark.parametrize(
    ("old", "new", "breaking", "reason"),
    [
        (({}, []), ({"paper": TEXT}, []), False, "is new and optional"),
        (({}, []), ({"paper": TEXT}, ["paper"]), True, "is new and required"),
        (({"paper": TEXT}, ["paper"]), ({}, []), True, "was required and is no longer planned"),
        (({"paper": TEXT}, []), ({}, []), False, "is no longer planned"),
        (({"paper": TEXT}, []), ({"paper": TEXT}, ["paper"]), True, "is now required"),
        (({"paper": TEXT}, ["paper"]), ({"paper": TEXT}, []), True, "is no longer required"),
        (({"paper": TEXT}, []), ({"paper": {**TEXT, "type": "integer"}}, []), True, "`type` was string and is integer"),
        (({"paper": {**TEXT, "type": "integer"}}, []), ({"paper": {**TEXT, "type": "number"}}, []), False, "fine"),
        (({"paper": {**TEXT, "minLength": 2}}, []), ({"paper": {**TEXT, "minLength": 1}}, []), False, "more values"),
        (({"paper": {**TEXT, "maxLength": 9}}, []), ({"paper": {**TEXT, "maxLength": 5}}, []), True, "may not be"),
        (({"paper": {**TEXT, "enum": ["a"]}}, []), ({"paper": {**TEXT, "enum": ["a", "b"]}}, []), False, "more values"),
        (({"paper": {**TEXT, "enum": ["a", "b"]}}, []), ({"paper": {**TEXT, "enum": ["a"]}}, []), True, "may not be"),
        (({"paper": TEXT}, []), ({"paper": {**TEXT, "pattern": "^a"}}, []), True, "`pattern` was absent"),
        (({"paper": TEXT}, []), ({"paper": {**TEXT, "description": "Else."}}, []), False, "in other words"),
    ],
)  # fmt: skip
def test_each_change_breaks_or_not_with_a_reason(
    bundled: Catalogue, old: Any, new: Any, breaking: bool, reason: str
) -> None:
    (change,) = changes(*two(bundled, gift("1-0-0", *old), gift("1-0-1", *new)))
    assert (change.path, change.breaking) == ("properties.paper", breaking)
    assert reason in change.reason


def test_equal_versions_differ_in_nothing(bundled: Catalogue) -> None:
    assert changes(*two(bundled, gift("1-0-0", {"paper": TEXT}), gift("1-0-1", {"paper": TEXT}))) == []


def test_other_keys_of_copies_break_and_a_longer_hold_does_not(bundled: Catalogue) -> None:
    twin = {"keys": [["paper"]], "seconds": 5}
    old, new = two(
        bundled, gift("1-0-0", {"paper": TEXT}), gift("1-0-1", {"paper": TEXT}, **{"x-twin": twin, "x-hold": 9})
    )
    assert [(one.breaking, one.reason.split("`")[1]) for one in changes(old, new)] == [
        (True, "x-twin"),
        (False, "x-hold"),
    ]


def test_a_breaking_change_asks_for_a_new_model(bundled: Catalogue) -> None:
    broken = {"paper": TEXT}, ["paper"]
    assert not proper(*two(bundled, gift("1-0-0", {"paper": TEXT}), gift("1-1-0", *broken)))
    assert proper(*two(bundled, gift("1-0-0", {"paper": TEXT}), gift("2-0-0", *broken)))


def test_the_bundled_catalogue_has_no_findings(bundled: Catalogue) -> None:
    assert findings(bundled) == []


@pytest.mark.parametrize(
    ("document", "finding"),
    [
        (gift("1-0-0", {"paper": {"type": "string"}}), "properties.paper: has no description"),
        (gift("1-0-0", {}, description=""), "has no description"),
        (gift("1-0-0", {"paper": {**TEXT, "minLength": 5, "maxLength": 2}}), "contradiction: minLength 5 is more"),
        (gift("1-0-0", {"paper": {**TEXT, "enum": [1, 2]}}), "contradiction: none of the `enum` is of type string"),
        (gift("1-0-0", {"paper": TEXT, "Paper": TEXT}), "properties.Paper: collides with `paper`"),
        (gift("1-0-0", {"paper": {**TEXT, "x-check": "colour"}}), "`x-check` 'colour' is none of money"),
        (gift("1-0-0", {}, **{"x-twin": {"keys": [["bow"]], "seconds": 1}}), "its keys name `bow`"),
        (gift("1-0-0", {"paper": TEXT}, **{"x-dedupe": ["paper"]}), "has `x-dedupe` without `x-twin`"),
        (gift("1-0-0", {"paper": TEXT}, examples=[{"properties": {"paper": 1}}]), "its own example breaks it"),
    ],
)
def test_lint_finds_what_is_worth_mending(bundled: Catalogue, document: dict[str, Any], finding: str) -> None:
    assert [one for one in findings(together(bundled, document)) if finding in one]


def test_lint_finds_a_version_that_breaks_without_a_new_model(bundled: Catalogue) -> None:
    found = findings(together(bundled, gift("1-0-0", {"paper": TEXT}), gift("1-0-1", {"paper": TEXT}, ["paper"])))
    assert any("gift_wrapped/1-0-1: breaks gift_wrapped/1-0-0 without a new model" in one for one in found)
