"""Quizzes: what a response becomes, whatever the vendor."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tagway import quiz


def response(*answers: quiz.Answer, **given: Any) -> quiz.Response:
    return quiz.Response(
        **{"provider": "acme", "quiz_id": "q", "session_id": "s", "message_id": "m", "answers": answers, **given}
    )


def answer(key: str, value: Any, **given: Any) -> quiz.Answer:
    return quiz.Answer(question_id=key, value=value, **given)


def told(*answers: quiz.Answer, **given: Any) -> list[str]:
    return [event.name for event in quiz.events(response(*answers, **given))]


def test_a_complete_response_is_a_completion_and_its_answers() -> None:
    completed, answered = quiz.events(response(answer("skin", "dry", question="Skin?")))
    assert completed.message_id == "m"
    assert completed.properties["answers"] == {"skin": "dry"}
    assert answered.properties["question"] == "Skin?"


def test_a_partial_response_has_no_completion() -> None:
    assert told(answer("skin", "dry"), completed=False) == ["Quiz Answered"]


def test_a_response_without_anything_is_a_start() -> None:
    assert told(completed=False) == ["Quiz Started"]


def test_every_event_carries_the_address_given_at_the_end() -> None:
    events = quiz.events(
        response(answer("skin", "dry"), answer("mail", "ana@example.com"), hidden={"anonymous_id": "a"})
    )
    assert [event.name for event in events] == ["Quiz Completed", "Quiz Answered", "Email Captured"]
    assert {event.identifiers for event in events} == {(("anonymous_id", "a"), ("email", "ana@example.com"))}


def test_an_address_of_a_typed_field_is_captured_even_if_it_is_wrong() -> None:
    captured = quiz.events(response(answer("mail", "ana(at)example", asks="email")))[-1]
    assert (captured.name, captured.properties["email"]) == ("Email Captured", "ana(at)example")


def test_a_second_address_is_captured_alone_because_it_may_be_a_friends() -> None:
    friend = answer("friend", "bea@example.com")
    *_, own, other = quiz.events(response(answer("mail", "ana@example.com"), friend, hidden={"anonymous_id": "a"}))
    assert own.identifiers == (("anonymous_id", "a"), ("email", "ana@example.com"))
    assert (other.name, other.identifiers) == ("Email Captured", (("email", "bea@example.com"),))


def test_an_address_that_is_repeated_is_captured_once() -> None:
    again = answer("confirm", "Ana@example.com")
    assert told(answer("mail", "ana@example.com"), again) == ["Quiz Completed", "Email Captured"]


def test_an_email_that_the_link_carried_identifies_and_is_no_capture() -> None:
    (completed,) = quiz.events(response(hidden={"email": "ana@example.com"}))
    assert (completed.name, completed.identifiers) == ("Quiz Completed", (("email", "ana@example.com"),))


def test_the_stores_anonymous_id_wins_over_the_vendors() -> None:
    (completed,) = quiz.events(response(respondent="v", hidden={"anonymous_id": "a"}))
    assert completed.identifiers == (("anonymous_id", "a"),)
    (completed,) = quiz.events(response(respondent="v"))
    assert completed.identifiers == (("anonymous_id", "v"),)


def test_a_fuller_copy_of_a_response_repeats_the_message_ids_of_its_answers() -> None:
    first = quiz.events(response(answer("skin", "dry"), completed=False))
    second = quiz.events(response(answer("skin", "dry"), answer("age", 34), completed=False))
    assert [event.message_id for event in second][:1] == [event.message_id for event in first]
    assert len({event.message_id for event in second}) == 2


def test_questions_that_share_an_id_do_not_hide_each_other() -> None:
    completed = quiz.events(response(answer("q", "a"), answer("q", "b")))[0]
    assert completed.properties["answers"] == {"q": "a", "q_2": "b"}


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (" dry ", "dry"),
        ("", None),
        (None, None),
        (False, False),
        (Decimal("4.50"), Decimal("4.50")),
        (["a", " ", None, 3, True], ["a", "3", "true"]),
        ([], None),
        ({"label": "Dry", "id": "c1"}, "Dry"),
        ({"first": "Ana", "last": "B"}, ["Ana", "B"]),
        ([{"label": "Dry"}, {"label": "Red"}], ["Dry", "Red"]),
        ([["a", "b"], "c"], ["a, b", "c"]),
        ({}, None),
    ],
)
def test_an_answer_is_made_plain(sent: Any, value: Any) -> None:
    assert quiz.plain(sent) == value
