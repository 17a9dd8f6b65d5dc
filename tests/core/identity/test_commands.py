"""A command's document is checked before it is logged, and read back as it was given."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.commands import entry
from tagway.core import body
from tagway.core.identity import commands
from tagway.errors import PayloadError

EVENT = "event:" + "0a" * 16
GOOD: list[dict[str, Any]] = [
    {"action": "retract", "target": EVENT},
    {"action": "retract", "target": ["email:ana@example.com", "anonymous_id:a1"]},
    {"action": "approve", "target": ["user_id:u1", "user_id:u2"]},
    {"action": "block", "target": "email:info@example.com"},
    {"action": "forget", "target": "email:ana@example.com", "id": "mine"},
    {"action": "erase_source", "target": "source:shopify"},
]


@pytest.mark.parametrize("document", GOOD)
def test_a_command_is_read_back_from_the_log_as_it_was_given(document: dict[str, Any]) -> None:
    row = entry(document, now=5)
    assert row.body is not None
    assert commands.from_log(row.body, at=row.received_at) == commands.parse(document, at=5)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        ({"action": "retract", "target": EVENT, "when": 3}, ""),
        ({"action": "delete", "target": EVENT}, "/action"),
        ({"action": ["forget"], "target": EVENT}, "/action"),
        ({"action": "retract"}, "/target"),
        ({"action": "retract", "target": "event:xyz"}, "/target"),
        ({"action": "retract", "target": ["email:a@example.com", "email:a@example.com"]}, "/target"),
        ({"action": "approve", "target": ["user_id:u1", "email:a@example.com"]}, "/target"),
        ({"action": "forget", "target": "email:"}, "/target"),
        ({"action": "forget", "target": "shoe_size:44"}, "/target"),
        ({"action": "forget", "target": ["email:a@example.com", "email:b@example.com"]}, "/target"),
        ({"action": "block", "target": "user_id:u1", "id": 7}, "/id"),
    ],
)
def test_a_faulty_command_is_refused_with_the_place_of_its_fault(document: Any, pointer: str) -> None:
    with pytest.raises(PayloadError) as refused:
        entry(document, now=5)
    assert refused.value.pointer == pointer


def test_a_link_has_no_direction() -> None:
    one = commands.parse({"action": "retract", "target": ["email:a@example.com", "user_id:u1"]}, at=1)
    other = commands.parse({"action": "retract", "target": ["user_id:u1", "email:a@example.com"]}, at=1)
    assert one == other


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON | st.fixed_dictionaries({"action": st.sampled_from(sorted(commands.ACTIONS)) | JSON, "target": JSON}))
def test_any_document_is_either_a_command_or_refused(document: Any) -> None:
    try:
        command = commands.parse(document, at=0)
    except PayloadError:
        return
    assert commands.parse(body.decode(body.encode(commands.document(command))), at=0) == command
