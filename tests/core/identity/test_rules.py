"""The rules of identity, one sentence each, and what other tools get wrong that must not happen here."""

from __future__ import annotations

import pytest
from tagway.core.erasure import Tombstone, Tombstones, digest
from tagway.core.events import Identifier
from tagway.core.identity.legal import Refused, normalized
from tagway.core.identity.rules import Rules
from tagway.core.moments import DAY

from tests.core.identity.people import People, command, event


def legal(kind: str, value: str, *, shop: str = "", region: str = "") -> str | None:
    found = normalized(Identifier(kind, value), shop=shop, region=region)
    return None if isinstance(found, Refused) else found.value


# --- what is an identifier


@pytest.mark.parametrize(
    "value",
    [
        "anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "undefined", "true",
        "false", "[object Object]", "NaN", "None", "none", "null", "0", "-1", "void", "anon", "nil", "n/a", "na",
        "unknown", "<nil>", "[]", "{}", "00000000-0000-0000-0000-000000000000", "000", "---", "", " ", '""', "' '",
        "NULL", "nan", " undefined ", '"undefined"', "'NULL'", "Ｎｕｌｌ", "a\x00b", "a\u200bb", "a\nb", "\ud800",
        "x" * 201,
    ],
)  # fmt: skip
def test_a_placeholder_is_never_an_identifier(value: str) -> None:
    assert legal("user_id", value) is None


@pytest.mark.parametrize("value", ["abc123", "Guest1", "nullable", "7", "x" * 200, "Ünal 7", "0a"])
def test_a_real_user_id_is_kept_as_it_is(value: str) -> None:
    assert legal("user_id", value) == value


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        ("user_id", "gid://shopify/Customer/7188389789809", "7188389789809"),
        ("cart_token", "gid://shopify/Cart/Z2NwLWV1?key=2bf1", "Z2NwLWV1"),
        ("cart_token", "Z2NwLWV1?key=2bf1", "Z2NwLWV1"),
        ("order_id", "gid://shopify/Order/", None),
        ("user_id", "what?", "what?"),
    ],
)
def test_an_id_of_shopify_s_is_the_same_from_every_side(kind: str, sent: str, value: str | None) -> None:
    assert legal(kind, sent) == value


def test_an_email_is_trimmed_and_lower_case() -> None:
    assert legal("email", " J.Doe@Example.COM ") == "j.doe@example.com"


def test_what_is_no_address_is_no_email() -> None:
    assert legal("email", "ana at example.com") is None


@pytest.mark.parametrize("value", ["+45 12 34 56 78", "0045-12345678", "12345678"])
def test_a_phone_is_read_in_the_region_of_the_store(value: str) -> None:
    assert legal("phone", value, region="DK") == "+4512345678"


def test_a_local_phone_without_a_region_is_no_identifier() -> None:
    assert legal("phone", "12345678") is None


def test_weak_keys_of_two_shops_never_meet() -> None:
    assert legal("cart_token", "C1", shop="north") == "north/C1"
    assert legal("user_id", "U1", shop="north") == "U1"


# --- who joins whom


def test_what_was_done_before_a_sign_in_is_the_persons() -> None:
    view = event(0, "a1")
    people = People(view, event(1, "U1", "a1"))
    assert people.on(view) == people.profile("U1")


def test_an_event_belongs_to_its_strongest_identifier() -> None:
    order = event(5, "c1", "m1")
    people = People(event(0, "U1", "c1"), event(1, "U2", "m1"), order)
    assert people.on(order) == people.profile("U2") != people.profile("c1")


def test_two_user_ids_are_never_one_person_by_themselves() -> None:
    sign_in = event(10, "U2", "U1")
    people = People(event(0, "U1", "a1"), sign_in)
    assert people.together("U1", "a1")
    assert not people.together("U1", "U2")
    assert people.verdict(sign_in, "U1") == "skipped_conflict"


def test_an_unseen_user_id_is_not_attached_to_somebody_elses_email() -> None:
    second = event(5, "U2", "m1")
    people = People(event(0, "U1", "m1"), second)
    assert people.together("U1", "m1")
    assert not people.together("U1", "U2")
    assert people.verdict(second, "m1") == "skipped_conflict"


def test_two_user_ids_approved_as_one_person_are_one() -> None:
    evidence = [event(0, "U1", "m1"), event(5, "U2", "m1")]
    assert People(*evidence, commands=[command("approve", "U1", "U2")]).together("U1", "U2", "m1")


def test_an_approval_taken_back_parts_them_again() -> None:
    evidence = [event(0, "U1", "m1"), event(5, "U2", "m1")]
    commands = [command("approve", "U1", "U2", at=1), command("reject", "U1", "U2", at=2)]
    assert not People(*evidence, commands=commands).together("U1", "U2")


def test_a_new_email_of_a_person_keeps_the_old_one() -> None:
    assert People(event(0, "U1", "m1"), event(9, "U1", "m2")).together("U1", "m1", "m2")


def test_two_browsers_join_through_a_person() -> None:
    assert People(event(0, "m1", "a1"), event(1, "m1", "a2")).together("a1", "a2", "m1")


def test_a_guest_browser_belongs_to_each_of_two_addresses_in_turn() -> None:
    second = event(1, "m2", "d1")
    people = People(event(0, "m1", "d1"), second)
    assert not people.together("m1", "m2")
    assert people.verdict(second, "d1") == "handed_over"


def test_a_client_id_that_survives_a_reset_does_not_join_two_browsers() -> None:
    second = event(2, "a2", "g1")
    people = People(event(0, "a1", "g1"), second)
    assert not people.together("a1", "a2")
    assert people.verdict(second, "g1") == "skipped_conflict"


def test_a_shared_browser_is_each_owners_for_their_time() -> None:
    middle, after = event(5, "a1"), event(12, "a1")
    people = People(event(0, "U1", "a1"), event(10, "U2", "a1"), middle, after)
    assert people.on(middle) == people.profile("U1")
    assert people.on(after) == people.profile("U2")


def test_a_view_never_moves_a_browser() -> None:
    view = event(11, "a1", "c1")
    people = People(event(0, "U1", "a1"), event(10, "U2", "c1"), view)
    assert people.profile("a1") == people.profile("U1")
    assert people.on(view) == people.profile("U1")


def test_a_repeated_sign_in_gives_a_browser_back() -> None:
    people = People(event(0, "U1", "a1"), event(10, "U1", "a1"), event(5, "U2", "a1"))
    assert people.profile("a1", 7) == people.profile("U2")
    assert people.profile("a1", 10) == people.profile("U1")


def test_in_one_instant_sign_ins_come_before_views() -> None:
    view = event(10, "a1")
    people = People(event(0, "U1", "a1"), view, event(10, "U2", "a1"))
    assert people.on(view) == people.profile("U2")


def test_a_cart_joins_a_browser_to_a_webhook() -> None:
    add = event(50, "a1", "c1")
    for evidence in ([add, event(100, "m1", "c1")], [event(100, "m1", "c1"), add]):
        assert People(*evidence).on(add) == People(*evidence).profile("m1")


def test_a_cart_of_two_addresses_stays_with_the_first() -> None:
    second = event(2, "m2", "c1")
    people = People(event(1, "m1", "c1"), second)
    assert people.verdict(second, "c1") == "skipped_conflict"
    assert people.together("m1", "c1")


def test_a_cart_token_unseen_for_over_ninety_days_starts_anew() -> None:
    again = event(91 * DAY, "m2", "c1")
    people = People(event(0, "m1", "c1"), again)
    assert people.verdict(again, "c1") == "skipped_expired"
    assert people.together("m2", "c1")
    assert people.profile("c1", 90 * DAY) == people.profile("m1")


def test_a_sighting_in_between_keeps_a_cart_alive() -> None:
    again = event(120 * DAY, "a1", "c1")
    assert People(event(0, "m1", "c1"), event(60 * DAY, "c1"), again).together("m1", "c1", "a1")


# --- identifiers of many


def test_an_address_of_more_than_five_people_joins_nobody_in_the_whole_history() -> None:
    evidence = [event(at, f"U{at}", "m1") for at in range(1, 7)]
    people = People(*evidence)
    assert len({people.profile(f"U{at}") for at in range(1, 7)} | {people.profile("m1")}) == 7
    assert {people.verdict(one, "m1") for one in evidence} == {"skipped_shared"}


def test_an_address_of_five_people_is_the_first_ones() -> None:
    assert People(*(event(at, f"U{at}", "m1") for at in range(1, 6))).together("U1", "m1")


def test_a_user_id_with_more_than_twenty_emails_is_nobody() -> None:
    people = People(*(event(at, "U1", f"m{at}") for at in range(1, 22)))
    assert not people.together("m1", "m2")
    assert not people.together("U1", "m1")


def test_a_blocked_address_joins_nobody() -> None:
    evidence = [event(0, "U1", "m1"), event(1, "m1", "a2")]
    for people in (
        People(*evidence, commands=[command("block", "m1")]),
        People(*evidence, rules=Rules(blocked=("m1@example.com",))),
        People(*evidence, rules=Rules(blocked=("email:m1@example.com",))),
    ):
        assert people.groups() == {
            frozenset({"user_id:U1"}), frozenset({"email:m1@example.com"}), frozenset({"anonymous_id:a2"})
        }  # fmt: skip


def test_an_event_with_only_shared_identifiers_is_on_their_own_profile() -> None:
    one = event(0, "m1")
    people = People(one, event(1, "U1", "m1"), commands=[command("block", "m1")])
    assert people.on(one) == people.profile("m1") != people.profile("U1")


# --- second thoughts


def test_a_retracted_event_joins_nothing() -> None:
    wrong = event(1, "U1", "a1")
    people = People(event(0, "a1"), wrong, commands=[command("retract", f"event:{wrong.event_id.hex()}")])
    assert not people.together("U1", "a1")
    assert people.on(wrong) == people.profile("U1")
    assert people.verdict(wrong, "a1") == "retracted"


def test_a_retracted_link_stays_retracted_when_the_archive_is_told_again() -> None:
    wrong = [event(0, "U1", "m1"), event(6, "U1", "m1")]
    people = People(*wrong, commands=[command("retract", "U1", "m1", at=5)])
    assert not people.together("U1", "m1")


def test_a_restored_link_joins_again() -> None:
    commands = [command("retract", "U1", "m1", at=5), command("restore", "U1", "m1", at=6)]
    assert People(event(0, "U1", "m1"), commands=commands).together("U1", "m1")


def test_a_forgotten_person_does_not_come_back() -> None:
    salt = b"s" * 16
    stones = [Tombstone(salt, digest(salt, "user_id", "U1")), Tombstone(salt, digest(salt, "email", "m1@example.com"))]
    late = [event(2, "U1"), event(3, "m1"), event(4, "a9", "m1")]
    people = People(event(0, "U1", "m1"), *late, tombstones=Tombstones(stones))
    assert people.groups() == set()
    assert len(people.folded.erased) == 4


def test_somebody_elses_event_loses_a_forgotten_identifier() -> None:
    salt = b"s" * 16
    stones = [Tombstone(salt, digest(salt, "cart_token", "c1"))]
    people = People(event(0, "U2", "c1"), tombstones=Tombstones(stones))
    assert people.groups() == {frozenset({"user_id:U2"})}


# --- ids of profiles


def test_a_profile_keeps_the_id_of_its_first_born_alias() -> None:
    alone = People(event(0, "a1"))
    assert People(event(0, "a1"), event(5, "U1", "a1")).profile("U1") == alone.profile("a1")


def test_of_unequal_copies_the_least_counts() -> None:
    copies = [event(7, "a1", name="x"), event(5, "a2", name="x"), event(5, "a1", name="x")]
    for evidence in (copies, copies[::-1]):
        assert People(*evidence).groups() == {frozenset({"anonymous_id:a1"})}
