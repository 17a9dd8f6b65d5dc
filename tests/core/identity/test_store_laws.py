"""The store against the model: every order of arrival, every split into batches, restarts, repeats and commands."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hypothesis import given
from hypothesis import strategies as st
from tagway.config import Identity
from tagway.core.identity.commands import Command

from tests.core.identity.histories import GAP, History, evidence, histories, law, modelled
from tests.core.identity.model import Model, Story
from tests.core.identity.stores import SETTINGS, Store, batches

_dice = st.randoms(use_true_random=False)
_sizes = st.lists(st.integers(1, 6), min_size=1, max_size=4)
TINY = Identity(people_per_identifier=2, emails_per_user_id=2, refold_limit=2)


@contextmanager
def store(settings: Identity = SETTINGS) -> Iterator[Store]:
    one = Store(settings, weak_gap=GAP)
    try:
        yield one
    finally:
        one.close()


def play(
    on: Store, stories: Sequence[Story], commands: Sequence[Command], sizes: Sequence[int], dice: random.Random
) -> None:
    """Tell stories in batches, with the commands somewhere in between."""
    steps: list[Callable[[], None]] = [
        lambda batch=batch: on.tell(batch)  # type: ignore[misc]
        for batch in batches([evidence(one) for one in stories], sizes)
    ]
    for command in commands:
        steps.insert(dice.randint(0, len(steps)), lambda command=command: on.command(command))  # type: ignore[misc]
    for step in steps:
        step()
        on.conserves()
        if dice.random() < 0.1:
            on.reopen()


def agrees(on: Store, history: History) -> None:
    is_modelled(on, modelled(history))


def is_modelled(on: Store, model: Model) -> None:
    assert on.ownership() == model.ownership()
    assert on.verdicts() == model.verdicts
    assert on.attribution() == model.attribution()
    assert on.traits() == model.traits()


@law
@given(histories(), _sizes, _dice)
def test_the_store_is_what_the_rules_say(history: History, sizes: list[int], dice: random.Random) -> None:
    with store() as on:
        play(on, history.stories, history.commands, sizes, dice)
        agrees(on, history)


@law
@given(histories(), _sizes, _sizes, _dice)
def test_arrival_batches_and_repeats_change_nothing_that_can_be_read(
    history: History, sizes: list[int], other_sizes: list[int], dice: random.Random
) -> None:
    again = [*history.stories, *dice.choices(history.stories, k=3)]
    dice.shuffle(again)
    shuffled = dice.sample(history.commands, len(history.commands))
    with store() as one, store() as other:
        play(one, history.stories, history.commands, sizes, dice)
        play(other, again, shuffled, other_sizes, dice)
        assert one.everything() == other.everything()


@law
@given(histories(), _sizes, _dice)
def test_components_that_wait_for_their_refold_come_to_the_same(
    history: History, sizes: list[int], dice: random.Random
) -> None:
    with store(TINY) as on:
        play(on, history.stories, history.commands, sizes, dice)
        assert on.attribution().keys() == modelled(history).attribution().keys()
        on.settle()
        agrees(on, history)


@law
@given(histories(), _sizes, _dice)
def test_everything_told_and_commanded_twice_changes_nothing(
    history: History, sizes: list[int], dice: random.Random
) -> None:
    with store() as on:
        play(on, history.stories, history.commands, sizes, dice)
        before = on.everything()
        play(on, history.stories, history.commands, sizes, dice)
        assert on.everything() == before
