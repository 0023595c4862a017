"""Clients that take their time: each phase has a limit, and the gateway serves others meanwhile."""

import contextlib
import time

import pytest

from .wire import Broken, request_text

TEST = [("X-Test", "1")]


@pytest.fixture(scope="module")
def raw_parts(shared_lab):
    """Only the limits under test are short: nothing else can end a connection within the time."""
    backend = shared_lab.raw_backend()
    return backend, shared_lab.gateway({"c1": backend}, timeouts={
        "request_head": "700ms", "request_body": "1s", "client_idle": "120s"})


def answer_or_close(wire):
    """The status of the refusal; None when the connection was just closed."""
    try:
        status = wire.read_response().status
        assert wire.ended()
        return status
    except (Broken, ConnectionError):
        return None


def test_a_head_that_drips_in_is_cut_off_by_the_total_time(gateway, backend):
    wire = gateway.connect()
    began = time.monotonic()
    wire.send(b"GET /ui/x HTTP/1.1\r\nHost: h\r\nX-Slow: ")
    try:
        while time.monotonic() - began < 20 and not wire.has_input(0.05):
            wire.send(b"x")
    except ConnectionError:
        pass  # it was cut off just before the last byte
    assert 0.4 < time.monotonic() - began < 20, "request_head is 700 ms"
    assert answer_or_close(wire) in (None, 408)


def test_a_head_that_stops_half_way_is_cut_off(gateway, backend):
    wire = gateway.connect()
    wire.send(b"GET /ui/x HTTP/1.1\r\nHo")
    began = time.monotonic()
    assert answer_or_close(wire) in (None, 408)
    assert time.monotonic() - began < 20


def test_a_head_in_single_bytes_within_the_time_is_served(lab):
    gateway = lab.gateway({"c1": lab.raw_backend()})
    wire = gateway.connect()
    for byte in request_text("GET", "/ui/x", gateway.host, TEST):
        wire.send(bytes([byte]))
    assert wire.read_response().status == 200


@pytest.mark.parametrize("start", [b"Content-Length: 100\r\n\r\nabc",
                                   b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
                                   b"Content-Length: 900000\r\n\r\n" + b"x" * 500_000])
def test_a_body_that_stops_half_way_is_cut_off(gateway, backend, start):
    wire = gateway.connect()
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):  # it was cut off while it was sent
        wire.send(b"POST /ui/x HTTP/1.1\r\nHost: h\r\nX-Test: 1\r\n" + start)
        assert answer_or_close(wire) in (None, 400, 408)
    assert time.monotonic() - began < 20, "request_body is 1 s"


def test_many_slow_clients_do_not_keep_others_from_being_served(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, timeouts={"request_head": "120s"})
    slow = [gateway.connect() for _ in range(200)]
    for wire in slow:
        wire.send(b"GET /ui/x HTTP/1.1\r\nHost: ")
    assert gateway.request("GET", "/ui/x", TEST).status == 200
    for wire in slow:
        assert not wire.has_input(0)
        wire.send(b"h\r\nX-Test: 1\r\n\r\n")
    answers = [wire.read_response() for wire in slow]
    assert {a.status for a in answers} == {200}, [a.body for a in answers if a.status != 200][:2]


def test_clients_over_the_limit_wait_until_others_leave(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, limits={"client_connections": 4})
    first = [gateway.connect() for _ in range(4)]
    for wire in first:
        wire.send(request_text("GET", "/ui/x", gateway.host, TEST))
        assert wire.read_response().status == 200
    late = gateway.connect()
    late.send(request_text("GET", "/ui/x", gateway.host, TEST))
    assert not late.has_input(0.2)
    first[0].close()
    assert late.read_response().status == 200
