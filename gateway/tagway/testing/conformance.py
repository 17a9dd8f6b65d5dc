"""What every source must stand, whatever arrives: one suite for bundled and third-party plugins alike.

    @pytest.mark.parametrize("check", conformance(MySource(), golden_pairs(HERE)), ids=str)
    def test_it_conforms(check):
        check()

The law: a request becomes events and dead letters, or the whole of it is a `PayloadError` that names a pointer;
never another exception, never a float, never an event that the engine could not record. The same request gives
the same message ids whenever it comes, and a signature that is wrong, cut or absent is refused with 401.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final, get_args

from tagway.core import body as json
from tagway.core.events import DeadLetter, Event, EventType, Request, Side
from tagway.core.identity import KINDS
from tagway.errors import PayloadError, RefusedError
from tagway.hookspecs import Access, Proof, Source
from tagway.testing.golden import GoldenPair
from tagway.testing.mutations import (
    STRANGE,
    enlarged,
    every_omission,
    every_replacement,
    every_text,
    mutated,
    places,
    replaced,
)
from tagway.testing.requests import RECEIVED_AT, request_to, signed

_NO_BODY: Final = (
    b"", b" ", b"{", b"[", b"}", b"null", b"true", b"1", b'"x"', b"[]", b"{}", b"[null]", b"[[]]", b"[1]", b"NaN",
    b'{"a":NaN}', b"\xff\xfe", b"\x00", b"a=b", b"&=&", b"%", b"--x\r\n", b"[" * 100_000, b'{"a":' * 100_000,
    b'"\\ud800"', b'{"id":1e400}',
)  # fmt: skip
_NO_SIGNATURES: Final = (
    "",
    " ",
    "=",
    "sha256=",
    "t=,v1=",
    "t=x,v1=x",
    "é",
    "\x00",
    "null",
    "0" * 64,
    "A" * 44,
    "x" * 100_000,
)
_SECRET: Final = "a-secret-of-at-least-sixteen"  # noqa: S105 - signs test requests only


@dataclass(frozen=True, slots=True)
class Check:
    """One named check; calling it raises AssertionError where the source falls short."""

    name: str
    run: Callable[[], None]

    def __call__(self) -> None:
        """Run it."""
        self.run()

    def __str__(self) -> str:
        return self.name


def conformance(source: Source, pairs: Sequence[GoldenPair] = (), *, examples: int = 100) -> list[Check]:
    """The checks for one source, over the requests of its golden pairs; `examples` is Hypothesis' number."""
    cases = [(pair.configured(source), pair.request(source)) for pair in pairs] or [(source, request_to(source, {}))]
    over: dict[str, Callable[[Source, Request], None]] = {
        "a golden body becomes sound events": _sound,
        "a body cut anywhere stays within the law": _cut,
        "a wrong type anywhere stays within the law": _retyped,
        "a missing value anywhere stays within the law": _omitted,
        "strange text everywhere stays within the law": _strange,
        "a huge value anywhere stays within the law": _huge,
        "a replay gives the same message ids": _replayed,
        "events of one item are told apart": _apart,
    }
    checks = [Check(name, partial(_each, run, cases)) for name, run in over.items()]
    checks.append(Check("a body that is none stays within the law", partial(_no_body, *cases[0])))
    checks.append(Check("random mutations stay within the law", partial(_mutated, cases, examples)))
    first, request = cases[0]
    if first.kind == "webhook":
        checks.append(Check("without a secret a request is unverified", partial(_unverified, first, request)))
    if first.sign(request, _SECRET, RECEIVED_AT):
        checks += [Check(name, partial(run, first, request)) for name, run in _SIGNED.items()]
    return checks


def outcomes(source: Source, request: Request) -> list[Event | DeadLetter]:
    """What becomes of a request; AssertionError for anything beyond events, dead letters and `PayloadError`."""
    try:
        items = list(source.normalize(request))
        for item in items:
            if isinstance(item, Event):
                dict(item.mapping)  # Origins are worked out only where a violation asks for them.
    except PayloadError as error:
        _demand(
            error.pointer == "" or error.pointer.startswith("/"), f"PayloadError names no pointer: {error.pointer!r}"
        )
        return []
    except Exception as error:
        shown = request.body[:500]
        raise AssertionError(f"{source.name} raised {type(error).__name__}: {error}, for {shown!r}") from error
    for item in items:
        _demand(isinstance(item, Event | DeadLetter), f"neither an event nor a dead letter: {item!r}")
        _demand_sound(item)
    return items


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _demand_sound(item: Event | DeadLetter) -> None:
    """An item that the engine can record: legal types, no float, no empty identifier."""
    if isinstance(item, DeadLetter):
        _demand(bool(item.code and item.message), f"a dead letter without code or message: {item}")
        _demand(item.pointer == "" or item.pointer.startswith("/"), f"not a JSON pointer: {item.pointer!r}")
        return
    _demand(item.type in get_args(EventType) and item.side in get_args(Side), f"unknown type or side: {item}")
    for text in (item.name, item.raw_name, item.message_id, item.schema, item.item):
        _demand(isinstance(text, str), f"a name, id or pointer that is no text: {text!r}")
    _demand(item.name != "", f"an event without a name: {item}")
    _demand(item.item == "" or item.item.startswith("/"), f"not a JSON pointer: {item.item!r}")
    legal_time = item.moment is None or (type(item.moment) is int and item.moment >= 0)
    _demand(legal_time, f"a timestamp that is no count of microseconds: {item.timestamp!r}")
    for kind, value in item.identifiers:
        _demand(kind in KINDS, f"an identifier of an unknown kind: {kind!r}")
        _demand(value != "" and type(value) is str, f"an identifier that is no text: {kind}:{value!r}")
    for name in ("properties", "traits", "context"):
        _demand_plain(getattr(item, name), f"/{name}")
    # Whatever is text must also be writable: a lone surrogate is not.
    json.encode([item.name, item.raw_name, item.message_id, item.identifiers])
    json.encode([dict(item.properties), dict(item.traits), dict(item.context)])


def _demand_plain(value: Any, where: str) -> None:
    """JSON in Tagway's types: amounts are `Decimal` or `int`, finite, and never a float."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            _demand(isinstance(key, str), f"{where}: a key that is no text: {key!r}")
            _demand_plain(one, f"{where}/{key}")
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            _demand_plain(one, f"{where}/{place}")
    elif isinstance(value, Decimal):
        _demand(value.is_finite(), f"{where}: not finite: {value}")
    else:
        _demand(
            value is None or isinstance(value, str | int), f"{where}: {type(value).__name__} is no type of an event's"
        )


def _each(run: Callable[[Source, Request], None], cases: Iterable[tuple[Source, Request]]) -> None:
    for source, request in cases:
        run(source, request)


def _all(source: Source, request: Request, bodies: Iterable[bytes]) -> None:
    for body in bodies:
        outcomes(source, dataclasses.replace(request, body=body))


def _document(request: Request) -> Any:
    """The body as JSON; None where it is something else (a form), which only byte-wise checks can mutate."""
    try:
        return json.decode(request.body)
    except json.BodyError:
        return None


def _sound(source: Source, request: Request) -> None:
    outcomes(source, request)


def _no_body(source: Source, request: Request) -> None:
    _all(source, request, _NO_BODY)


def _cut(source: Source, request: Request) -> None:
    step = max(1, len(request.body) // 200)
    _all(source, request, (request.body[:end] for end in range(0, len(request.body), step)))


def _retyped(source: Source, request: Request) -> None:
    _all(source, request, map(json.encode, every_replacement(_document(request))))


def _omitted(source: Source, request: Request) -> None:
    _all(source, request, map(json.encode, every_omission(_document(request))))


def _strange(source: Source, request: Request) -> None:
    document = _document(request)
    _all(source, request, (json.encode(every_text(document, text)) for text in STRANGE))
    for text in STRANGE:
        headers = dict.fromkeys(request.headers, text)
        outcomes(source, dataclasses.replace(request, headers=headers, query=text))


def _huge(source: Source, request: Request) -> None:
    document = _document(request)
    _all(
        source, request, (json.encode(replaced(document, where, enlarged)) for where in _sample(list(places(document))))
    )


def _sample(wheres: list[Any], most: int = 60) -> Iterator[Any]:
    """At most so many of the places, evenly: enlarging every value of a large order takes minutes."""
    return iter(wheres[:: max(1, len(wheres) // most)])


def _mutated(cases: Sequence[tuple[Source, Request]], examples: int) -> None:
    from hypothesis import HealthCheck, given, settings, strategies

    readable = [(case, document) for case in cases if (document := _document(case[1])) is not None]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.sampled_from(cases), mutated([document for _, document in readable] or [{}]))
    def law(case: tuple[Source, Request], document: Any) -> None:
        source, request = case
        outcomes(source, dataclasses.replace(request, body=json.encode(document)))

    law()


def _ids(source: Source, request: Request) -> list[str]:
    return [item.message_id for item in outcomes(source, request) if isinstance(item, Event)]


def _replayed(source: Source, request: Request) -> None:
    _demand(outcomes(source, request) == outcomes(source, request), f"{source.name} is not a function of the request")
    later = dataclasses.replace(request, received_at=request.received_at + 3_600_000_000)
    _demand(_ids(source, request) == _ids(source, later), f"{source.name} gives a replayed request other message ids")


def _apart(source: Source, request: Request) -> None:
    seen: set[tuple[object, ...]] = set()
    for item in outcomes(source, request):
        if not isinstance(item, DeadLetter):
            key = (item.item, item.message_id) if item.message_id else (item.item, item.type, item.name, item.moment)
            _demand(key not in seen, f"{source.name} makes two events of one item that are one to the engine: {key}")
            seen.add(key)


def _proof(source: Source, request: Request, *secrets: str) -> Proof | None:
    """How the request proves itself under the secrets; None when it was refused with 401."""
    try:
        return source.verify(request, Access(secrets=secrets, now=RECEIVED_AT))
    except RefusedError as error:
        _demand(error.status == 401, f"{source.name} refuses a signature with {error.status}, which is not 401")
        return None
    except Exception as error:
        raise AssertionError(f"{source.name}.verify raised {type(error).__name__}: {error}") from error


def _verifies(source: Source, request: Request, *secrets: str) -> int | None:
    """The place of the secret that verified the request; None when it was refused."""
    proof = _proof(source, request, *secrets)
    if proof is None:
        return None
    _demand(proof.verified and proof.which is not None, f"{source.name} let a request pass without proof: {proof}")
    return proof.which


def _unverified(source: Source, request: Request) -> None:
    proof = _proof(source, request)
    _demand(proof is not None and not proof.verified, f"{source.name} has no secret, but says of a request: {proof}")


def _accepted(source: Source, request: Request) -> None:
    genuine = signed(source, request, _SECRET, RECEIVED_AT)
    _demand(_verifies(source, genuine, _SECRET) == 0, f"{source.name} refuses what it signed itself")
    _demand(
        _verifies(source, genuine, "another", _SECRET) == 1, f"{source.name} knows only the first of two live secrets"
    )


def _refused(source: Source, request: Request) -> None:
    genuine = signed(source, request, _SECRET, RECEIVED_AT)
    forged = signed(source, request, "the-wrong-one-of-them", RECEIVED_AT)
    _demand(_verifies(source, forged, _SECRET) is None, f"{source.name} accepts a signature under another secret")
    _demand(_verifies(source, genuine, "") is None, f"{source.name} accepts a signature under an empty secret")
    _demand(_verifies(source, request, _SECRET) is None, f"{source.name} accepts a request without a signature")


def _tampered(source: Source, request: Request) -> None:
    genuine = signed(source, request, _SECRET, RECEIVED_AT)
    other = dataclasses.replace(request, body=request.body + b" ")
    if signed(source, other, _SECRET, RECEIVED_AT).headers == genuine.headers:
        return  # a static token proves the sender and not the body: there is nothing to find out
    for body in (request.body + b" ", request.body[:-1], b"", request.body.replace(b"1", b"2") + b"\n"):
        changed = dataclasses.replace(genuine, body=body)
        _demand(_verifies(source, changed, _SECRET) is None, f"{source.name} accepts a body that was tampered with")


def _cut_signature(source: Source, request: Request) -> None:
    genuine = signed(source, request, _SECRET, RECEIVED_AT)
    name = source.signature_header
    _demand(name in genuine.headers, f"{source.name} signs, but not in its signature_header {name!r}")
    value = genuine.headers[name]
    for broken in (*(value[:end] for end in range(len(value))), *_NO_SIGNATURES):
        changed = dataclasses.replace(genuine, headers={**genuine.headers, name: broken})
        _demand(_verifies(source, changed, _SECRET) is None, f"{source.name} accepts the signature {broken[:80]!r}")


_SIGNED: Final[dict[str, Callable[[Source, Request], None]]] = {
    "its own signature is accepted, under any live secret": _accepted,
    "a wrong or absent signature is refused": _refused,
    "a tampered body is refused": _tampered,
    "a truncated signature is refused": _cut_signature,
}
