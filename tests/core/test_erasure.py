"""Forgetting: hashes recognize, mentions are found however they are written, and the rest stays as it was."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.core.erasure import Forgotten, Mentions, Remains, Span, Tombstone, Tombstones, digest, emptied
from tagway.core.events import Identifier

SALT = b"0123456789abcdef"
ANA = Mentions(
    [
        Identifier("email", "ana.b+x@example.com"),
        Identifier("phone", "+15551234567"),
        Identifier("anonymous_id", "5f1c0a9e-7d2b"),
        Identifier("user_id", "7"),
    ]
)


def test_a_tombstone_recognizes_its_identifier_and_no_other() -> None:
    stones = Tombstones([Tombstone(SALT, digest(SALT, "email", "ana@example.com"))])
    assert stones.covers("email", "ana@example.com", 0)
    assert not stones.covers("email", "bo@example.com", 0)
    assert not stones.covers("user_id", "ana@example.com", 0)


def test_a_device_is_erased_for_its_time_only() -> None:
    stones = Tombstones([Tombstone(SALT, digest(SALT, "device_id", "d1"), 10, 20)])
    assert [stones.covers("device_id", "d1", at) for at in (9, 10, 19, 20)] == [False, True, True, False]


@pytest.mark.parametrize(
    "text",
    [
        "ana.b+x@example.com",
        "mail to <ANA.B+X@Example.com>, please",
        "https://example.com/?e=" + quote("ana.b+x@example.com", safe=""),
        "e%3Dana.b%2bx%40example.com",
        r'{"e":"\u0061na"}' + r"\nana.b+x\u0040example.com",
        "+1 (555) 123-4567",
        "5551234567",
        "tel=%2B15551234567",
        "555.123.4567",
        "_ga=5F1C0A9E-7D2B;",
    ],
)
def test_a_mention_is_found_however_it_is_written(text: str) -> None:
    assert ANA.within(text.encode())
    assert not ANA.within(ANA.scrubbed_text(text).encode())


@pytest.mark.parametrize("text", ["susana.b+x@example.com", "7 pieces", "915551234567890123", "ana", ""])
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert not ANA.within(text.encode())
    assert ANA.scrubbed_text(text) == text


@pytest.mark.parametrize("text", ["(555) 123-4567", "(+1) 555 123 4567", "+1(555)1234567"])
def test_a_phone_number_is_one_as_a_whole_with_its_brackets(text: str) -> None:
    assert ANA.scrubbed({"phone": text}) == {}


def test_a_short_national_number_is_a_mention_only_with_its_country() -> None:
    mentions = Mentions([Identifier("phone", "+50021234")])
    assert [mentions.within(text) for text in (b"212.34", b"+500 21234", b"0050021234")] == [False, True, True]


@given(st.binary(), st.sampled_from([b"ana.b+x@example.com", b"+1-555-123-4567"]), st.binary())
def test_masking_keeps_the_length_of_a_file(before: bytes, mention: bytes, after: bytes) -> None:
    data = before + b" " + mention + b" " + after
    masked = ANA.masked(data)
    assert len(masked) == len(data)
    assert not ANA.within(masked)


def test_a_scrubbed_document_keeps_its_shape_and_the_digits_of_its_amounts() -> None:
    document = (
        b'{"to":"ana.b+x@example.com","note":"for ana.b+x@example.com","total":10.10,"phone":15551234567,"x":[null]}'
    )
    scrubbed = ANA.scrubbed_document(document)
    assert scrubbed == b'{"note":"for [erased]","total":10.10,"x":[null]}'


def test_an_emptied_item_leaves_the_others_in_their_places() -> None:
    assert emptied(b'{"batch":[{"a":1},{"b":2}],"n":1.50}', ["/batch/0"]) == b'{"batch":[null,{"b":2}],"n":1.50}'


@pytest.mark.parametrize("pointer", ["", "/batch/7", "/nothing", "/batch/x"])
def test_a_body_that_cannot_be_divided_goes_as_a_whole(pointer: str) -> None:
    assert emptied(b'{"batch":[1]}', [pointer]) is None


def test_a_body_that_is_not_json_goes_as_a_whole() -> None:
    assert emptied(b"a=1&b=2", ["/a"]) is None


@given(
    st.dictionaries(st.text(), st.integers(1, 9)),
    st.binary(min_size=16, max_size=16),
)
def test_remains_are_read_back_as_written(items: dict[str, int], fingerprint: bytes) -> None:
    remains = Remains(fingerprint=fingerprint, items=items)
    assert Remains.read(remains.encode()) == remains


def test_what_a_forget_came_to_is_read_back_as_written() -> None:
    span = Span("email", "ana@example.com", 1, 2, True)
    forgotten = Forgotten(stones=(span.stone(SALT),), spans=(span,))
    assert Forgotten.read(forgotten.document()) == forgotten
    assert "ana@example.com" not in json.dumps(Forgotten(stones=forgotten.stones).document())


PEOPLE = [Identifier("email", f"ana.{place}+x@example.com") for place in range(90)]
PEOPLE += [Identifier("anonymous_id", f"browser-{place:04d}-é") for place in range(90)]
ODD = st.sampled_from(
    ["ana.7+x@example.com", "ANA.8%2Bx%40example.com", r"ana.9\u002bx\u0040example.com", "browser-0003-é"]
)
AROUND = st.sampled_from(["", " ", "x", "%20", "%4", r"\n", "%3Dana", "-", "é", "0", '"', "browser-", "@", r"\u00e9"])


@given(st.lists(AROUND | ODD, max_size=9).map("".join))
def test_many_identifiers_are_found_and_taken_out_as_each_alone_would_be(text: str) -> None:
    many = Mentions(PEOPLE)
    assert many.many
    alone = [one for one in map(Mentions, ([one] for one in PEOPLE[:12] + PEOPLE[90:102])) if one.within(text.encode())]
    assert many.within(text.encode()) == bool(alone)
    for one in alone:
        assert one.texts(text.encode()) <= many.texts(text.encode())
