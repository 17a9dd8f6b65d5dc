"""Addresses that a person gave: found where they were typed, told as events."""

from __future__ import annotations

import pytest
from tagway import Event, Identifier, captures


@pytest.mark.parametrize("text", ["ana@example.com", " Ana.B+x@mail.example.co.uk ", "añá@exämple.com"])
def test_a_text_that_is_an_email_is_one(text: str) -> None:
    assert captures.email_in(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["", "@", "ana@", "ana@example", "ask bea@example.com", "a@b.co, c@d.co", "a" * 250 + "@b.co", 7, None, ["a@b.co"]],
)
def test_anything_else_is_no_email(text: object) -> None:
    assert captures.email_in(text) is None


@pytest.mark.parametrize("text", ["+49 170 1234567", "+1 (415) 555-0123", "0049 170 1234567"])
def test_an_international_number_is_a_phone_wherever_it_stands(text: str) -> None:
    assert captures.phone_in(text) == text


@pytest.mark.parametrize("question", ["Your phone", "mobile_number", "Handynummer", "WhatsApp?", "teléfono / telefono"])
def test_local_digits_are_a_phone_where_one_is_asked_for(question: str) -> None:
    assert captures.phone_in("0170 1234567", question=question) == "0170 1234567"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("0170 1234567", ""),
        ("2022-11-17", "enter_name"),
        ("10045512", "Your order number"),
        ("7", "How often do you use your phone a day?"),
        ("+49", ""),
        ("+1234567890123456", ""),
        ("call me", "phone"),
    ],
)
def test_other_digits_are_no_phone(text: str, question: str) -> None:
    assert captures.phone_in(text, question=question) is None


def test_identifiers_are_known_by_their_fields_names_however_spelled() -> None:
    fields = {"Anonymous ID": "a1", "customerId": 8812, "cart_token": "c1", "plan": "growth", "x" * 100: "y"}
    assert captures.identifiers_in(fields) == (("anonymous_id", "a1"), ("user_id", "8812"), ("cart_token", "c1"))
    assert captures.identifiers_in(fields, ["user_id"]) == (("user_id", "8812"),)


@pytest.mark.parametrize(
    "left", ["xxxxx", "{{user_id}}", "{user}", "[anonymous_id]", "%ID%", "<id>", "", " ", None, True, ["a"], 1.5]
)
def test_a_placeholder_that_nobody_filled_in_identifies_nobody(left: object) -> None:
    assert captures.identifiers_in({"anonymous_id": left}) == ()


def test_two_addresses_are_two_events_of_one_person() -> None:
    given = Event(name="Lead", message_id="m", properties={"email": "a@b.co", "phone": "+4917", "form_id": "f"})
    email, sms = captures.captured(given)
    both = (Identifier("email", "a@b.co"), Identifier("phone", "+4917"))
    assert (email.name, email.message_id, email.properties) == (
        "Email Captured",
        "m:email",
        {"email": "a@b.co", "form_id": "f"},
    )
    assert (sms.name, sms.message_id, sms.properties) == ("SMS Captured", "m:phone", {"phone": "+4917", "form_id": "f"})
    assert email.identifiers == sms.identifiers == both


def test_one_address_keeps_the_message_id() -> None:
    (sms,) = captures.captured(Event(name="Lead", message_id="m", properties={"phone": "+4917"}))
    assert (sms.name, sms.message_id) == ("SMS Captured", "m")


def test_a_capture_without_an_address_is_kept_for_its_violation() -> None:
    (email,) = captures.captured(Event(name="Lead", properties={"form_id": "f"}))
    assert (email.name, email.properties) == ("Email Captured", {"form_id": "f"})
