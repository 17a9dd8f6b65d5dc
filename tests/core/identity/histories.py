"""Random histories of a small town: few people, shared browsers, expired carts, and second thoughts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from tagway.core.events import Identifier
from tagway.core.identity import Evidence
from tagway.core.identity.commands import Command
from tagway.core.identity.rules import Rules

from tests.core.identity.model import Decided, Id, Model, Story

# Each law of identity is tried on 500 histories by `make test`, on 20,000 by `make laws`.
law = settings(max_examples=max(500, settings().max_examples))
GAP = 10
RULES = Rules(people=2, emails=2, weak_gap=GAP)
_POOLS = {
    "user_id": ("u1", "u2", "u3", "u4"),
    "email": ("m1@x.com", "m2@x.com", "m3@x.com"),
    "phone": ("+4511111111", "+4522222222"),
    "anonymous_id": ("a1", "a2", "a3"),
    "device_id": ("d1",),
    "client_id": ("g1",),
    "checkout_token": ("k1",),
    "cart_token": ("c1", "c2"),
    "order_id": ("o1",),
}
ALL: list[Id] = [(kind, value) for kind, values in _POOLS.items() for value in values]
_ids: st.SearchStrategy[list[Id]] = st.one_of(
    st.lists(st.sampled_from(ALL), min_size=1, max_size=3),
    # What stores send most: a browser, perhaps with a person or a cart.
    st.tuples(st.sampled_from([one for one in ALL if one[0] == "anonymous_id"])).map(list),
    st.tuples(
        st.sampled_from([one for one in ALL if one[0] in ("user_id", "email")]),
        st.sampled_from([one for one in ALL if one[0] == "anonymous_id"]),
    ).map(list),
    st.tuples(
        st.sampled_from([one for one in ALL if one[0] in ("email", "anonymous_id")]),
        st.sampled_from([one for one in ALL if one[0] == "cart_token"]),
    ).map(list),
    st.builds(list[Id]),
)
_traits: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.just({}), st.dictionaries(st.sampled_from(("plan", "city")), st.integers(0, 2), max_size=2)
)
_events = st.integers(1, 40)
_stories = st.builds(
    lambda event, at, ids, traits: Story(bytes([event]) * 16, at, tuple(ids), traits),
    _events,
    st.integers(0, 40),
    _ids,
    _traits,
)
# Three users, two addresses, a browser, an app and a cart: whoever comes meets all the others, and too many of them.
_FEW: list[Id] = [one for one in ALL if one[1] in ("u1", "u2", "u3", "m1@x.com", "m2@x.com", "a1", "d1", "c1")]
_busy_stories = st.builds(
    lambda event, at, ids, traits: Story(bytes([event]) * 16, at, tuple(ids), traits),
    _events,
    st.integers(0, 40),
    st.lists(st.sampled_from(_FEW), min_size=1, max_size=3),
    _traits,
)
_user = st.sampled_from(_POOLS["user_id"])
_targets = st.one_of(
    st.tuples(
        st.sampled_from(("retract", "restore")),
        st.integers(1, 40).map(lambda one: (f"event:{one:02x}" + f"{one:02x}" * 15,)),
    ),
    st.tuples(
        st.sampled_from(("retract", "restore")),
        st.lists(st.sampled_from(ALL), min_size=2, max_size=2, unique=True).map(
            lambda pair: tuple(sorted(f"{kind}:{value}" for kind, value in pair))
        ),
    ),
    st.tuples(
        st.sampled_from(("approve", "reject")),
        st.lists(_user, min_size=2, max_size=2, unique=True).map(
            lambda pair: tuple(sorted(f"user_id:{user}" for user in pair))
        ),
    ),
    st.tuples(st.sampled_from(("block", "unblock")), st.sampled_from(ALL).map(lambda one: (f"{one[0]}:{one[1]}",))),
)


@dataclass(frozen=True)
class History:
    """What was told and commanded, in one order of arrival."""

    stories: Sequence[Story]
    commands: Sequence[Command]


@st.composite
def histories(draw: st.DrawFn, *, stories: int = 14, commands: int = 3, busy: bool = False) -> History:
    """A history; event ids repeat now and then, so that there are equal and unequal copies.

    A `busy` one has at least ten stories, of so few identifiers that some become shared.
    """
    told = draw(
        st.lists(_busy_stories, min_size=10, max_size=stories)
        if busy
        else st.lists(_stories, min_size=1, max_size=stories)
    )
    given = draw(st.lists(_targets, max_size=commands))
    return History(
        told,
        [
            Command(action=action, target=target, at=place, id=str(place))
            for place, (action, target) in enumerate(given)
        ],
    )


def evidence(story: Story, *, repeated: bool = False) -> Evidence:
    """A story as the code takes it."""
    return Evidence(
        event_id=story.event,
        at=story.at,
        ids=tuple(Identifier(*one) for one in story.ids),
        traits=tuple(story.traits.items()),
        repeated=repeated,
    )


def decided(commands: Sequence[Command]) -> Decided:
    """The last word per target, as the model takes it."""
    last = {
        (command.action in ("approve", "reject"), command.action in ("block", "unblock"), command.target): command
        for command in sorted(commands, key=lambda one: (one.at, one.id))
    }
    said = Decided()
    for command in last.values():
        ids: list[Id] = [tuple(one.split(":", 1)) for one in command.target]  # type: ignore[misc]
        if command.action == "approve":
            said.approved.append((ids[0][1], ids[1][1]))
        elif command.action == "block":
            said.blocked.add(ids[0])
        elif command.action == "retract" and len(ids) == 2:
            said.severed.add(frozenset(ids))
        elif command.action == "retract":
            said.retracted.add(bytes.fromhex(ids[0][1]))
    return said


def modelled(history: History) -> Model:
    """The model of a history."""
    return Model(list(history.stories), decided(history.commands), RULES.people, RULES.emails, GAP)
