"""A side that does not read slows the other one down; the gateway does not buffer in between."""

import socket
import threading
import time

from .harness import wait_for
from .wire import request_text

TEST = [("X-Test", "1")]
MOST_IN_FLIGHT = 32 << 20  # what the kernel's buffers of two connections may take
# Far below what is sent, far above what a process takes for its first connections.
MOST_MEMORY = 16 << 20


def pump(sock, total, sent):
    """Sends `total` bytes and counts what was taken; ends when the socket is closed."""
    block = b"z" * 65536
    try:
        while sent[0] < total:
            sent[0] += sock.send(block)
    except OSError:
        pass


def wait_until_stalled(sent):
    """Returns when nothing has moved for a while."""
    last, since = -1, time.monotonic()
    deadline = since + 60
    while time.monotonic() < deadline:
        if sent[0] != last or last == 0:
            last, since = sent[0], time.monotonic()
        elif time.monotonic() - since > 0.4:
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody slowed the sender down: {sent[0]} bytes")


def test_a_client_that_does_not_read_slows_the_backend_down(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, timeouts={"response_body": "120s"})
    total = 256 << 20
    sent = [0]

    def endless(exchange):
        exchange.wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        exchange.wire.send(f"HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n")
        pump(exchange.wire.sock, total, sent)

    backend.script = endless
    gateway.reset_peak()
    before = gateway.memory()[0]
    wire = gateway.connect(receive_buffer=65536)
    wire.send(request_text("GET", "/ui/x", gateway.host, TEST))
    assert wire.has_input(30)
    wait_until_stalled(sent)
    stalled_at = sent[0]
    assert 0 < stalled_at < MOST_IN_FLIGHT
    assert gateway.memory()[1] - before < MOST_MEMORY
    wire.read_head()
    wire.read_exactly(stalled_at + (1 << 20))
    assert sent[0] > stalled_at, "it goes on when the client reads"
    wire.close()


def test_a_backend_that_does_not_read_slows_the_client_down(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, timeouts={"request_body": "120s"})
    total = 256 << 20
    sent = [0]
    may_read = threading.Event()

    def wait(exchange):
        may_read.wait(60)
        while exchange.wire.fill():
            exchange.wire.buffer.clear()

    backend.script = wait
    gateway.reset_peak()
    before = gateway.memory()[0]
    wire = gateway.connect()
    wire.send(f"POST /ui/x HTTP/1.1\r\nHost: {gateway.host}\r\nX-Test: 1\r\n"
              f"Content-Length: {total}\r\n\r\n")
    threading.Thread(target=pump, args=(wire.sock, total, sent), daemon=True).start()
    wait_until_stalled(sent)
    stalled_at = sent[0]
    assert 0 < stalled_at < MOST_IN_FLIGHT
    assert gateway.memory()[1] - before < MOST_MEMORY
    may_read.set()
    wait_for(lambda: sent[0] > stalled_at, "the client to go on when the backend reads", 30)
    wire.close()


def test_a_client_that_stops_reading_is_let_go_after_the_timeout(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, timeouts={"response_body": "500ms"})
    left = threading.Event()

    def endless(exchange):
        try:
            exchange.wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                exchange.wire.send(b"10000\r\n" + b"z" * 65536 + b"\r\n")
        finally:
            left.set()

    backend.script = endless
    wire = gateway.connect(receive_buffer=65536)
    wire.send(request_text("GET", "/ui/x", gateway.host, TEST))
    assert left.wait(30), "the upstream exchange was not ended"
