"""Bodies on their way to the backend."""

import hashlib
import socket

import pytest

from .harness import wait_for
from .wire import DEADLINE, request_text

TEST = [("X-Test", "1")]


def post_head(gateway, *lines, target="/ui/x"):
    return "\r\n".join([f"POST {target} HTTP/1.1", f"Host: {gateway.host}", "X-Test: 1", *lines,
                        "", ""])


@pytest.fixture
def echo(backend):
    """The backend answers with the body it got."""
    backend.script = lambda exchange: exchange.reply(200, body=exchange.body())
    return backend


@pytest.mark.parametrize("size", [0, 1, 4096, 65536, 262144, 262145, 1 << 20])
def test_a_body_with_a_length_arrives_whole(gateway, echo, size):
    body = bytes(range(256)) * (size // 256 + 1)
    answer = gateway.request("POST", "/ui/x", TEST, body[:size])
    assert (answer.status, answer.body) == (200, body[:size])


@pytest.mark.parametrize("chunk", [1, 1000, 100_000])
def test_a_chunked_body_arrives_whole(gateway, echo, chunk):
    body = bytes(range(251)) * (chunk // 50)
    wire = gateway.connect()
    wire.send(post_head(gateway, "Transfer-Encoding: chunked"))
    for at in range(0, len(body), chunk):
        piece = body[at:at + chunk]
        wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    wire.send(b"0\r\n\r\n")
    assert wire.read_response().body == body


def test_chunk_extensions_and_trailers_are_understood(gateway, echo):
    wire = gateway.connect()
    wire.send(post_head(gateway, "Transfer-Encoding: Chunked"))
    wire.send(b'5;name=value\r\nhello\r\n6;q="a;b"\r\n world\r\n')
    wire.send(b"000;last\r\nX-Checksum: 17\r\nX-Other: a\r\n\r\n")
    assert wire.read_response().body == b"hello world"
    wire.send(request_text("GET", "/ui/next", gateway.host, TEST))
    assert wire.read_response().status == 200


def test_a_body_is_sent_after_100_continue(gateway, echo):
    wire = gateway.connect()
    wire.send(post_head(gateway, "Content-Length: 5", "Expect: 100-continue"))
    head = wire.read_head()
    assert head.line.startswith("HTTP/1.1 100")
    wire.send(b"hello")
    answer = wire.read_response()
    assert (answer.status, answer.interim, answer.body) == (200, [], b"hello")
    assert echo.heads[0].get("Expect") is None


def test_a_client_that_does_not_wait_for_100_continue_is_served(gateway, echo):
    wire = gateway.connect()
    wire.send(post_head(gateway, "Content-Length: 5", "Expect: 100-continue") + "hello")
    assert wire.read_response().body == b"hello"


def test_a_chunked_body_after_100_continue_arrives(gateway, echo):
    wire = gateway.connect()
    wire.send(post_head(gateway, "Transfer-Encoding: chunked", "Expect: 100-Continue"))
    assert wire.read_head().line.startswith("HTTP/1.1 100")
    wire.send(b"5\r\nhello\r\n0\r\n\r\n")
    assert wire.read_response().body == b"hello"


def test_a_body_that_comes_slowly_arrives(gateway, echo):
    wire = gateway.connect()
    wire.send(post_head(gateway, "Content-Length: 8"))
    for byte in b"slowly..":
        assert not wire.has_input(0.05)
        wire.send(bytes([byte]))
    assert wire.read_response().body == b"slowly.."


def test_the_answer_to_a_body_nobody_wanted_reaches_the_client(gateway, backend):
    def refuse(exchange):
        exchange.reply(413, [("Connection", "close")], b"too much")
        exchange.wire.half_close()
        exchange.wire.read_to_end()

    backend.script = refuse
    wire = gateway.connect()
    wire.send(post_head(gateway, f"Content-Length: {64 << 20}"))
    wire.sock.settimeout(0.2)
    piece = b"x" * 65536
    for _ in range(1024):
        if wire.has_input(0):
            break
        try:
            wire.send(piece)
        except (socket.timeout, ConnectionError):
            break
    wire.sock.settimeout(DEADLINE)
    answer = wire.read_response()
    assert (answer.status, answer.body) == (413, b"too much")
    assert answer.get("Connection") == "close"
    assert wire.ended()


def test_a_large_body_passes_in_bounded_memory(gateway, backend):
    seen = hashlib.sha256()

    def count(exchange):
        left = int(exchange.head.get("Content-Length"))
        while left:
            if not exchange.wire.buffer:
                exchange.wire.fill()
            piece = exchange.wire.take(min(left, 1 << 20))
            seen.update(piece)
            left -= len(piece)
        exchange.reply(200, body=seen.hexdigest().encode())

    backend.script = count
    block = bytes(range(256)) * 4096  # 1 MiB
    gateway.request("POST", "/ui/warm", TEST, block[:600_000])
    seen = hashlib.sha256()
    gateway.reset_peak()
    before = gateway.memory()[0]
    wire = gateway.connect()
    wire.send(post_head(gateway, f"Content-Length: {64 << 20}"))
    for _ in range(64):
        wire.send(block)
    answer = wire.read_response()
    assert answer.body.decode() == hashlib.sha256(block * 64).hexdigest()
    assert gateway.memory()[1] - before < 16 << 20


def test_a_body_cut_short_is_never_made_whole(gateway, backend):
    """More than is kept for a repeat, so that the backend got the beginning already."""
    begun, outcome = [], []

    def script(exchange):
        begun.append(True)
        try:
            outcome.append(("whole", len(exchange.body())))
        except Exception as broken:  # Broken, or a reset
            outcome.append(("broken", type(broken).__name__))
            raise

    backend.script = script
    wire = gateway.connect()
    wire.send(post_head(gateway, f"Content-Length: {1 << 20}"))
    wire.send(b"x" * 600_000)
    wait_for(lambda: begun, "the backend to get the beginning")  # a reset discards what is on its way
    wire.reset()
    assert wait_for(lambda: outcome, "the backend to see the end")[0][0] == "broken"
