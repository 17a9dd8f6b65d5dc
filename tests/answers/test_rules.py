"""The rules of identity in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tagway.answers.rules import meaning
from tagway.core import identity

_RULES = re.compile(
    r'"(person_id|sign_in|device|weak_\w+|two_\w+|retracted_\w+|blocked|people_per_\w+|emails_per_\w+)"'
)
_CORE = "".join(file.read_text(encoding="utf-8") for file in Path(identity.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("rule", sorted(set(_RULES.findall(_CORE))))
def test_every_rule_of_identity_has_words(rule: str) -> None:
    assert " " in meaning("skipped_conflict", rule)


def test_a_hand_over_means_the_same_whatever_the_rule() -> None:
    assert meaning("handed_over", "two_people") == meaning("handed_over", "two_emails")
