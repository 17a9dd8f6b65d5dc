"""The fold against a plain model: whatever happened, in whatever order it is told, the same is true."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from tagway.core.identity.fold import Folded, fold
from tagway.core.identity.rulings import rule

from tests.core.identity.histories import RULES, History, evidence, histories, law, modelled


def folded(history: History) -> Folded:
    return fold([evidence(one) for one in history.stories], RULES, rule(history.commands, RULES))


def ownership(result: Folded) -> set[tuple[str, str, int, int, str, str]]:
    return {(*one.id, one.since, one.until, one.group.root().profile_id, one.handle) for one in result.holdings}


def verdicts(result: Folded) -> dict[tuple[bytes, str, str], str]:
    return {(one.event_id, *one.id): one.verdict for one in result.decisions}


@law
@given(histories())
def test_the_fold_is_what_the_rules_say(history: History) -> None:
    result, model = folded(history), modelled(history)
    assert ownership(result) == model.ownership()
    assert verdicts(result) == model.verdicts


@law
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(history: History, dice: random.Random) -> None:
    stories, commands = list(history.stories), list(history.commands)
    dice.shuffle(stories)
    dice.shuffle(commands)
    one, other = folded(history), folded(History(stories, commands))
    assert ownership(one) == ownership(other)
    assert verdicts(one) == verdicts(other)
