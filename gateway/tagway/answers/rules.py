"""The rules of identity in words: why an identifier joined another, or did not."""

from __future__ import annotations

from typing import Final

_MEANINGS: Final = {
    "person_id": "a customer id, an email or a phone stands for one person, wherever it is seen",
    "sign_in": "somebody gave a customer id, an email or a phone in this browser",
    "device": "one event carried two ids of one browser",
    "weak_id": "a cart, checkout or order joins everybody who carries it",
    "two_people": "the event would have joined two user_ids, which are never one person without approval",
    "two_emails": "each side has an email of its own, and a device or cart is too weak to say that they are one",
    "two_phones": "each side has a phone of its own, and a device or cart is too weak to say that they are one",
    "two_browsers": "each side has a browser of its own, and nobody had signed in",
    "people_per_identifier": "an identifier between them was seen with too many people to say anything about one",
    "emails_per_user_id": "a user_id between them was seen with too many emails to be one person's",
    "blocked": "an identifier between them is blocked",
    "weak_gap": "the cart, checkout or order id between them was not seen for too long, and starts anew",
    "retracted_event": "the event between them was retracted",
    "retracted_link": "the link between them was retracted",
    "handed_over": "the device between them changed hands when somebody else signed in on it",
    "skipped_illegal": "the value between them is a placeholder and no identifier",
}
SHARED: Final = {
    "people_per_identifier": "it was seen with too many people to say anything about one",
    "emails_per_user_id": "it was seen with too many emails to be one person's",
    "blocked": "it is blocked",
}
"""Why an identifier joins nobody, by rule."""


def meaning(verdict: str, rule: str) -> str:
    """What a verdict by a rule means for the two identifiers that it is about."""
    return _MEANINGS.get(verdict) or _MEANINGS.get(rule) or verdict
