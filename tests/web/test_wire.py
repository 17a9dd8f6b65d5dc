"""The bytes on the wire: what the server itself has to refuse, bound and survive."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.served import Served, read, served
from tests.web.site import configured

BODY = b'{"type":"track","event":"Product Viewed","anonymousId":"a1","messageId":"m1"}'
HEAD = b"POST /v1/track HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(BODY)
PATIENCE = configured("[limits]\nbody_seconds = 0.5\n[sources.segment]\nplugin = 'segment'\n")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served")) as one:
        yield one


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


def all_of(connection: socket.socket) -> bytes:
    """Everything that a connection says until its end."""
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            heard += piece
    return heard


def body_of(answer: bytes) -> dict[str, object]:
    return dict(json.loads(answer.partition(b"\r\n\r\n")[2]))


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + LENGTH + BODY,
        b"POST /v1/track HTTP/1.0\r\nHost: 127.0.0.1\r\n" + LENGTH + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        HEAD + b"Expect: 100-continue\r\n" + LENGTH + BODY,
        HEAD + b"User-Agent:\r\nContent-Type: nonsense\r\n" + LENGTH + BODY,
        b"POST http://127.0.0.1/v1/track HTTP/1.1\r\nHost: 127.0.0.1\r\n" + LENGTH + BODY,
    ],
)
def test_every_framing_that_clients_use_is_taken(server: Served, raw: bytes) -> None:
    answer = server.say(raw).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not answer:  # the 100 came alone
        pytest.fail("no answer")
    assert status(answer) == 200
    assert answer.endswith(b'{"success":true}')


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + BODY,
        HEAD + b"X-A: 1\n" + LENGTH + BODY,
        HEAD + b"X-A: 1\r\n folded\r\n" + LENGTH + BODY,
        HEAD + b"X-A: \x1b[2J\r\n" + LENGTH + BODY,
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 0x4d\r\n\r\n" + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"nothing of the kind\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_shapes_that_two_readers_would_read_differently_are_a_400_in_json(server: Served, raw: bytes) -> None:
    answer = server.say(raw)
    assert status(answer) == 400
    assert body_of(answer)["code"] == "malformed_http"


@pytest.mark.parametrize("headers", [b"X-A: " + b"a" * 70_000 + b"\r\n", b"X-A: 1\r\n" * 3_000])
def test_header_floods_are_a_431(server: Served, headers: bytes) -> None:
    answer = server.say(HEAD + headers + LENGTH + BODY)
    assert (status(answer), body_of(answer)["code"]) == (431, "headers_too_large")


def test_a_head_without_an_end_is_refused_before_it_grows(server: Served) -> None:
    answer = server.say(HEAD + b"X-A: " + b"a" * 200_000)
    assert status(answer) == 431


@pytest.mark.parametrize("before", [0, 50_000])
def test_a_number_of_more_digits_than_can_be_read_is_refused(server: Served, before: int) -> None:
    content = b'{"type":"track","event":"a","properties":{"a":"%b","n":%b}}' % (b"x" * before, b"9" * 5_000)
    answer = server.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(content), content))
    assert (status(answer), body_of(answer)["code"]) == (400, "malformed_json")


def test_requests_in_a_row_on_one_connection_are_each_answered(server: Served) -> None:
    with server.connect() as connection:
        for _ in range(5):
            connection.sendall(HEAD + LENGTH + BODY)
            assert status(read(connection)) == 200


def test_a_large_body_is_refused_and_the_connection_still_answers(server: Served) -> None:
    large = b'"' + b"x" * 5_000_000 + b'"'
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(large))
        connection.sendall(large)
        answer = read(connection)
        assert (status(answer), body_of(answer)["code"]) == (400, "too_large")
        connection.sendall(HEAD + LENGTH + BODY)
        assert status(read(connection)) == 200


@pytest.mark.parametrize("path", [b"/v1/track", b"/webhooks/shopify", b"/webhooks/nobody", b"/nowhere"])
def test_a_sender_that_closes_after_one_request_hears_why_its_large_body_was_refused(
    server: Served, path: bytes
) -> None:
    large = b'"' + b"x" * 5_000_000 + b'"'
    head = b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(head % (path, len(large)) + large)
        assert status(read(connection, quiet=10.0)) in (400, 401, 404, 413)


def test_a_sender_that_closes_its_side_after_a_whole_request_is_answered(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(2 * (HEAD + LENGTH + BODY))
        connection.shutdown(socket.SHUT_WR)
        assert all_of(connection).count(b'{"success":true}') == 2


def test_a_request_is_answered_before_what_follows_it_is_refused(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(2 * (HEAD + LENGTH + BODY) + b"nothing of the kind\r\n\r\n" + HEAD + LENGTH + BODY)
        heard = all_of(connection)
    assert [int(one[:3]) for one in heard.split(b"HTTP/1.1 ")[1:]] == [200, 200, 400]


def test_a_body_behind_an_upgrade_is_not_read_as_the_next_request(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + LENGTH)
        answer = read(connection)
        with contextlib.suppress(OSError):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        rest = all_of(connection)
    assert (status(answer), body_of(answer)["code"], rest) == (400, "malformed_http", b"")


@pytest.mark.parametrize(
    "head",
    [
        b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /commands HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        HEAD + 200 * b"X-A: 1\r\n",
    ],
    ids=["unknown path", "no token", "header flood"],
)
def test_a_sender_that_asks_first_is_told_no_without_sending_its_body(server: Served, head: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(head + b"Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n")
        assert status(read(connection)) in (401, 404, 431)


def test_an_address_without_an_end_is_a_431(server: Served) -> None:
    answer = server.say(b"GET /i?e=pv&x=%b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % (b"a" * 20_000))
    assert (status(answer), body_of(answer)["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize(
    "raw", [b"", b"POST /v1", HEAD, HEAD + LENGTH + BODY[:-1], HEAD + b"Transfer-Encoding: chunked\r\n\r\n"]
)
def test_a_request_that_does_not_arrive_in_time_is_closed_without_an_answer(tmp_path: Path, raw: bytes) -> None:
    with served(tmp_path, PATIENCE) as one, one.connect() as connection:
        connection.sendall(raw)
        assert read(connection, quiet=5.0) == b""


def test_an_idle_connection_outlives_the_patience_for_a_request(tmp_path: Path) -> None:
    with served(tmp_path, PATIENCE) as one, one.connect() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert status(read(connection)) == 200
        time.sleep(1.5)
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert status(read(connection)) == 200


def test_a_decompression_bomb_costs_a_fraction_of_inflating_it_and_no_memory(server: Served) -> None:
    bomb = gzip.compress(b'"' + b"x" * 200_000_000 + b'"', compresslevel=1)
    before = resource.getrusage(resource.RUSAGE_SELF)
    answer = server.say(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert (status(answer), body_of(answer)["code"]) == (400, "too_large")
    assert after.ru_maxrss - before.ru_maxrss < 64_000
    gzip.decompress(bomb)
    whole = resource.getrusage(resource.RUSAGE_SELF)
    assert _cpu(after) - _cpu(before) < (_cpu(whole) - _cpu(after)) / 3


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1, max_size=20)
VALUES = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=60)
PATHS = st.sampled_from(
    ["/v1/track", "/v1/batch", "/webhooks/shopify", "/collect", "/nowhere", "/inspect/events", "/i?e=pv"]
)
INTERESTING = st.sampled_from(
    ["content-encoding", "authorization", "x-write-key", "origin", "prefer", "content-type", "x-tagway-token", "expect"]
)


@settings(deadline=None, max_examples=150)
@given(
    method=st.sampled_from(["POST", "GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"]),
    path=PATHS,
    headers=st.lists(st.tuples(TOKENS | INTERESTING, VALUES), max_size=6),
    body=st.binary(max_size=300) | st.just(BODY) | st.just(gzip.compress(BODY)),
)
def test_whatever_is_sent_is_answered_200_4xx_or_503(
    server: Served, method: str, path: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    answer = server.say(head.encode() + lines + b"\r\n" + body)
    answer = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if answer:
        code = status(answer)
        assert code in (200, 204, 503) or 400 <= code < 500, answer
        assert code != 204 or method == "OPTIONS"
        assert code != 408


def test_random_bytes_never_bring_the_server_down(server: Served) -> None:
    source = random.Random(7)
    for _ in range(50):
        noise = bytearray(HEAD + LENGTH + BODY)
        for _ in range(source.randrange(1, 8)):
            noise[source.randrange(len(noise))] = source.randrange(256)
        answer = server.say(bytes(noise) + b"\r\n\r\n")
        assert status(answer) in (0, 200, 503) or 400 <= status(answer) < 500
    assert status(server.say(HEAD + LENGTH + BODY)) == 200
