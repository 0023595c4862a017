"""Answers on their way to the client."""

import hashlib
import threading

import pytest

from .raw_backend import sends
from .wire import request_text

TEST = [("X-Test", "1")]


def ask(gateway, target="/ui/x", method="GET"):
    return request_text(method, target, gateway.host, TEST)


def still_serves(gateway, backend, wire):
    """The next request on the connection gets its own answer."""
    backend.script = lambda exchange: exchange.reply(200, body=b"next")
    wire.send(ask(gateway))
    return wire.read_response().body == b"next"


@pytest.mark.parametrize("size", [0, 1, 65536, 1 << 20])
def test_a_body_with_a_length_is_relayed_with_it(gateway, backend, size):
    backend.script = lambda exchange: exchange.reply(200, body=b"y" * size)
    wire = gateway.connect()
    wire.send(ask(gateway))
    answer = wire.read_response()
    assert (answer.get("Content-Length"), len(answer.body)) == (str(size), size)
    assert still_serves(gateway, backend, wire)


def test_a_chunked_body_is_relayed(gateway, backend):
    backend.script = sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           b"5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n", "keep")
    wire = gateway.connect()
    wire.send(ask(gateway))
    assert wire.read_response().body == b"hello world"
    assert still_serves(gateway, backend, wire)


def test_a_body_that_ends_with_the_backends_connection_is_relayed_on_a_kept_one(gateway, backend):
    backend.script = sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
    wire = gateway.connect()
    wire.send(ask(gateway))
    assert wire.read_response().body == b"until the end"
    assert still_serves(gateway, backend, wire)


def test_a_backend_of_http_1_0_is_understood(gateway, backend):
    backend.script = sends(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold")
    wire = gateway.connect()
    wire.send(ask(gateway))
    answer = wire.read_response()
    assert (answer.head.line.split()[0], answer.body) == ("HTTP/1.1", b"old")
    assert still_serves(gateway, backend, wire)


@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_interim_answers_of_the_backend_do_not_end_the_exchange(gateway, backend, interim):
    backend.script = sends(f"HTTP/1.1 {interim}\r\nLink: </x>\r\n\r\n" * 2
                           + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal", "keep")
    wire = gateway.connect()
    wire.send(ask(gateway))
    answer = wire.read_response()
    assert (answer.status, answer.body) == (200, b"final")
    assert still_serves(gateway, backend, wire)


@pytest.mark.parametrize("head", [
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
])
def test_answers_that_have_no_body_leave_the_connection_usable(gateway, backend, head):
    backend.script = sends(head, "keep")
    wire = gateway.connect()
    wire.send(ask(gateway))
    answer = wire.read_response()
    assert answer.status in (204, 304)
    assert answer.get("Transfer-Encoding") is None
    assert still_serves(gateway, backend, wire)


def test_the_answer_to_head_keeps_its_length_and_has_no_body(gateway, backend):
    backend.script = sends(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n", "keep")
    wire = gateway.connect()
    wire.send(ask(gateway, method="HEAD"))
    answer = wire.read_response("HEAD")
    assert (answer.status, answer.get("Content-Length")) == (200, "12345")
    assert still_serves(gateway, backend, wire)


def test_a_compressed_body_is_relayed_to_the_byte(gateway, backend):
    packed = bytes(range(256)) * 10
    backend.script = lambda exchange: exchange.reply(200, [("Content-Encoding", "gzip")], packed)
    answer = gateway.request("GET", "/ui/x", [*TEST, ("Accept-Encoding", "gzip")])
    assert (answer.body, answer.get("Content-Encoding")) == (packed, "gzip")


def test_a_body_that_comes_slowly_is_relayed_as_it_comes(gateway, backend):
    """The backend goes on only when the client has what came before."""
    arrived = threading.Event()

    def in_two_steps(exchange):
        exchange.wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        if arrived.wait(30):
            exchange.wire.send(b"-last")

    backend.script = in_two_steps
    wire = gateway.connect()
    wire.send(ask(gateway))
    wire.read_head()
    assert wire.read_exactly(5) == b"first"
    arrived.set()
    assert wire.read_exactly(5) == b"-last"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_large_body_passes_in_bounded_memory(gateway, backend, framing):
    block = bytes(range(256)) * 4096  # 1 MiB

    def large(exchange, blocks=64):
        exchange.body()
        if framing == "length":
            exchange.wire.send(f"HTTP/1.1 200 OK\r\nContent-Length: {blocks << 20}\r\n\r\n")
        else:
            exchange.wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(blocks):
            exchange.wire.send(block if framing == "length" else b"100000\r\n%s\r\n" % block)
        exchange.wire.send(b"" if framing == "length" else b"0\r\n\r\n")

    backend.script = lambda exchange: large(exchange, 2)
    gateway.request("GET", "/ui/warm", TEST)
    backend.script = large
    gateway.reset_peak()
    before = gateway.memory()[0]
    answer = gateway.request("GET", "/ui/large", TEST)
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(block * 64).digest()
    assert gateway.memory()[1] - before < 16 << 20
