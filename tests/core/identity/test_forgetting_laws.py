"""People are forgotten and allowed again in the middle of random histories, whatever waits to be folded again."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from tagway.config import Identity
from tagway.core.events import Identifier
from tagway.core.identity.commands import Command

from tests.core.identity.histories import ALL, evidence, histories, law
from tests.core.identity.model import Id, Story
from tests.core.identity.stores import SETTINGS, Store
from tests.core.identity.test_store_laws import TINY, is_modelled, store
from tests.core.identity.town import Town

Turn = tuple[str, Id, int]
Step = Story | Command | Turn
_turns: st.SearchStrategy[list[Turn]] = st.lists(
    st.tuples(st.sampled_from(("forget", "forget", "allow")), st.sampled_from(ALL), st.integers(0, 60)),
    min_size=1,
    max_size=3,
)
_dice = st.randoms(use_true_random=False)


@st.composite
def chapters(draw: st.DrawFn) -> list[list[Step]]:
    """A history cut where somebody is forgotten or allowed again; those turns are chapters of their own."""
    history = draw(histories(stories=12, commands=2))
    steps: list[Step] = [*history.stories, *history.commands]
    dice = draw(_dice)
    dice.shuffle(steps)
    cut: list[list[Step]] = [[]]
    turns = draw(_turns)
    places = sorted(dice.randint(0, len(steps)) for _ in turns)
    for place, step in enumerate([*steps, None]):
        for turn, _ in [one for one in zip(turns, places, strict=True) if one[1] == place]:
            cut += [[turn], []]
        if step is not None:
            cut[-1].append(step)
    return cut


def play(on: Store, steps: Sequence[Step], dice: random.Random) -> Town:
    """Let the store and the town go through the same steps, stories in batches."""
    town, batch = Town(), list[Story]()

    def told() -> None:
        if batch:
            on.tell([evidence(one) for one in batch])
            town.tell(batch)
            batch.clear()
            if dice.random() < 0.1:
                on.reopen()

    for step in steps:
        if isinstance(step, Story):
            batch.append(step)
            if dice.random() < 0.5:
                told()
            continue
        told()
        if isinstance(step, Command):
            on.command(step)
            town.command(step)
        elif step[0] == "forget":
            on.forget(Identifier(*step[1]), step[2])
            town.forget(step[1], step[2])
        else:
            on.allow(Identifier(*step[1]))
            town.allow(step[1])
        on.conserves()
    told()
    on.conserves()
    return town


@law
@given(chapters(), st.sampled_from((SETTINGS, TINY)), _dice)
def test_after_forgetting_the_store_is_what_the_rules_say_of_what_is_left(
    history: list[list[Step]], settings: Identity, dice: random.Random
) -> None:
    with store(settings) as on:
        town = play(on, [step for chapter in history for step in chapter], dice)
        on.settle()
        is_modelled(on, town.model())


@law
@given(chapters(), _dice)
def test_on_either_side_of_a_forget_arrival_and_repeats_change_nothing(
    history: list[list[Step]], dice: random.Random
) -> None:
    other_way = [step for chapter in history for step in dice.sample([*chapter, *chapter], 2 * len(chapter))]
    with store() as one, store(TINY) as other:
        town = play(one, [step for chapter in history for step in chapter], dice)
        other_town = play(other, other_way, dice)
        other.settle()
        # A late event of the forgotten is judged once, by who is known to be shared as it comes: nothing is kept of it.
        if town.judged == other_town.judged:
            assert one.everything() == other.everything()
