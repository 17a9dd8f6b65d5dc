"""A refold starts at the first event that changed; it must come to what one from the beginning does, and the rules."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from tagway.config import Identity
from tagway.core.events import Identifier

from tests.core.identity.histories import ALL, History, histories, law
from tests.core.identity.model import Story
from tests.core.identity.stores import SETTINGS, inside
from tests.core.identity.test_store_laws import TINY, agrees, play, store

_dice = st.randoms(use_true_random=False)
_sizes = st.lists(st.integers(1, 6), min_size=1, max_size=4)
_histories = st.one_of(histories(stories=24), histories(stories=24, busy=True))
_settings = st.sampled_from((SETTINGS, TINY))


def delayed(stories: Sequence[Story], dice: random.Random) -> list[Story]:
    """Events in the order of their time, but for a few that come late."""
    arriving = sorted(stories, key=lambda one: one.at)
    for _ in range(dice.randint(1, 5)):
        late = arriving.pop(dice.randrange(len(arriving)))
        arriving.insert(dice.randint(0, len(arriving)), late)
    return arriving


@law
@given(_histories, _sizes, _settings, _dice)
def test_a_refold_from_the_first_change_on_is_one_from_the_beginning_and_what_the_rules_say(
    history: History, sizes: list[int], settings: Identity, dice: random.Random
) -> None:
    with store(settings) as on:
        play(on, delayed(history.stories, dice), history.commands, sizes, dice)
        on.settle()
        agrees(on, history)
        before = inside(on)
        on.refold()
        assert inside(on) == before


@law
@given(_histories, _sizes, _settings, st.sampled_from(ALL), _dice)
def test_what_is_left_of_a_forgotten_person_is_what_a_fold_from_the_beginning_leaves(
    history: History, sizes: list[int], settings: Identity, one: tuple[str, str], dice: random.Random
) -> None:
    with store(settings) as on:
        play(on, delayed(history.stories, dice), history.commands, sizes, dice)
        on.settle()
        on.forget(Identifier(*one), now=50)
        on.settle()
        before = inside(on)
        on.refold()
        assert inside(on) == before
