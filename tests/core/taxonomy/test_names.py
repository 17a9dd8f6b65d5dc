"""Names: what counts as the same one, and what is suggested for a misspelled one."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.core.taxonomy import Catalogue
from tagway.core.taxonomy.names import Nearest, distance, folded, key_of

# Plausible events of stores that are none of ours, and that the catalogue's own list does not name.
STRANGERS = (
    "Product Recommended", "Product Bookmarked", "Product Zoomed", "Product Restocked", "Product Imported",
    "Collection Filtered", "Collection Sorted", "Cart Merged", "Cart Reminded", "Cart Printed", "Cart Exported",
    "Checkout Resumed", "Checkout Loaded", "Checkout Error Shown", "Order Exported", "Order Printed",
    "Order Archived", "Order Flagged", "Order Invoiced", "Quiz Loaded", "Quiz Rated", "Popup Minimized",
    "Popup Loaded", "Email Forwarded", "Email Replied", "Email Queued", "SMS Replied", "SMS Queued",
    "Subscription Swapped", "Subscription Gifted", "Customer Archived", "Customer Imported", "Customer Exported",
    "Customer Called", "Payment Authorized", "Payment Voided", "Video Played", "Video Finished", "Banner Clicked",
    "Article Read", "Store Located", "Review Submitted", "Chat Started", "Chat Ended", "Loyalty Points Earned",
    "Referral Sent", "App Installed", "App Opened", "Push Received", "Size Guide Opened", "Invoice Sent",
    "Return Requested", "Password Reset", "Newsletter Opened", "Survey Sent",
)  # fmt: skip


def misspelled(name: str, dice: random.Random) -> str:
    """A name with one or two slips of the hand: a letter lost, doubled, swapped or mistaken; in any casing."""
    letters = list(name)
    for _ in range(dice.choice((1, 1, 1, 2))):
        at = dice.randrange(len(letters) - 1)
        slip = dice.randrange(4)
        if slip == 0:
            del letters[at]
        elif slip == 1:
            letters.insert(at, letters[at])
        elif slip == 2:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        else:
            letters[at] = dice.choice(string.ascii_lowercase)
    text = "".join(letters)
    return dice.choice((text, text.lower(), text.upper(), text.replace(" ", "_")))


def test_misspelled_names_are_suggested_and_other_names_are_not(bundled: Catalogue) -> None:
    dice = random.Random(7)
    names = [schema.name for schema in bundled.events()]
    tries = [(name, misspelled(name, dice)) for name in names for _ in range(46)]
    tries = [(name, text) for name, text in tries if folded(text) not in bundled.by_spelling]
    found = [(name, bundled.near.find(text)) for name, text in tries]
    right = sum(name == suggested for name, suggested in found)
    wrong = sum(suggested not in (None, name) for name, suggested in found)
    disturbed = [name for name in STRANGERS if bundled.near.find(name)]
    print(f"{len(tries)} misspellings: recall {right / len(tries):.3f}, wrong {wrong}; strangers {disturbed}")
    assert right / len(tries) >= 0.95
    assert wrong / len(tries) <= 0.01
    assert len(disturbed) / len(STRANGERS) <= 0.13


def test_names_on_the_list_of_others_are_never_suggested_away(bundled: Catalogue) -> None:
    assert [name for name in bundled.spellings.other_events if bundled.near.find(name)] == []


def test_case_and_separators_are_folded_away() -> None:
    spellings = ("Added to Cart", "added_to_cart", "addedToCart", "ADDED-TO-CART", " added  to.cart ")
    assert {folded(one) for one in spellings} == {"addedtocart"}


def test_the_key_of_a_name_is_its_folder() -> None:
    assert key_of("Added to Cart") == "added_to_cart"


@pytest.mark.parametrize(
    ("one", "other", "away"), [("cart", "cart", 0), ("cart", "cat", 1), ("cart", "crat", 1), ("cart", "bard", 2)]
)
def test_the_distance_counts_lost_mistaken_and_swapped_letters(one: str, other: str, away: int) -> None:
    assert distance(one, other, 3) == away


@given(st.text(max_size=12), st.text(max_size=12))
def test_the_distance_is_the_same_both_ways(one: str, other: str) -> None:
    assert distance(one, other, 12) == distance(other, one, 12)


@given(st.text(min_size=1, max_size=30))
def test_the_search_by_letter_pairs_misses_nothing_that_is_near(name: str) -> None:
    known = ["orderCompleted", "productViewed", "added to cart", name]
    slip = name[:-1] + "x" if len(folded(name)) >= 5 else name
    limit = int(0.2 * max(len(folded(slip)), len(folded(name))))
    if limit and distance(folded(slip), folded(name), limit) <= limit:
        assert Nearest((one, one) for one in known).find(slip) is not None


def test_a_short_name_has_no_near_misses() -> None:
    assert Nearest([("sku", "sku"), ("tax", "tax")]).find("sk") is None
