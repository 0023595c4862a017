"""Answers of backends that no client could use, or that must not pass for complete."""

import pytest

from .harness import wait_for
from .raw_backend import sends
from .wire import Broken, request_text

TEST = [("X-Test", "1")]
OK = "HTTP/1.1 200 OK\r\n"


def ask(gateway):
    wire = gateway.connect()
    wire.send(request_text("GET", "/ui/x", gateway.host, TEST))
    return wire


def still_serves(gateway, backend):
    backend.reset()
    return gateway.request("GET", "/ui/after", TEST).status == 200


BAD_HEADS = {
    "garbage": "hello\r\n\r\n",
    "binary garbage": "\x00\x01\x02\xff" * 100 + "\r\n\r\n",
    "another protocol": "SSH-2.0-x\r\n\r\n",
    "HTTP/2": "HTTP/2.0 200 OK\r\n\r\n",
    "no status": "HTTP/1.1\r\n\r\n",
    "a status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
    "a status of four digits": "HTTP/1.1 2000 OK\r\n\r\n",
    "a status that is no number": "HTTP/1.1 2x0 OK\r\n\r\n",
    "a field without a colon": OK + "broken\r\n\r\n",
    "a folded field": OK + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a blank before a colon": OK + "Content-Length : 0\r\n\r\n",
    "a NUL in a field": OK + "X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a bare CR in a field": OK + "X: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
    "a head that breaks off": OK + "X-Half: ",
    "nothing": "",
    "a head that is too large": OK + "X-Big: " + "x" * 20_000 + "\r\n\r\n",
    "a head without end": OK + "X-Line: abcdefgh\r\n" * 2000,
    "too many fields": OK + "X: y\r\n" * 60 + "Content-Length: 0\r\n\r\n",
    "two lengths": OK + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a negative length": OK + "Content-Length: -1\r\n\r\n",
    "a length that is no number": OK + "Content-Length: x\r\n\r\n",
    "a length beside chunks": OK + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   "0\r\n\r\n",
    "another transfer coding": OK + "Transfer-Encoding: gzip\r\n\r\n",
    "an upgrade nobody asked for": "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD_HEADS.values(), ids=BAD_HEADS)
def test_an_answer_that_is_no_http_becomes_a_gateway_error(gateway, backend, data):
    backend.script = sends(data)
    answer = ask(gateway).read_response()
    assert answer.status in (502, 503)
    assert answer.body, "an explanation is missing"
    assert still_serves(gateway, backend)


def test_a_backend_that_resets_before_its_answer_becomes_a_gateway_error(gateway, backend):
    backend.script = sends("", "reset")
    assert ask(gateway).read_response().status in (502, 503)
    assert still_serves(gateway, backend)


BROKEN_BODIES = {
    "a short length": OK + "Content-Length: 1000\r\n\r\nonly this",
    "a chunk that breaks off": OK + "Transfer-Encoding: chunked\r\n\r\n100\r\nonly this",
    "chunks without the last one": OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "a chunk size that is no number": OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    "a chunk without its CRLF": OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
}


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("data", BROKEN_BODIES.values(), ids=BROKEN_BODIES)
def test_a_body_that_breaks_off_does_not_pass_for_complete(gateway, backend, data, then):
    backend.script = sends(data, then)
    with pytest.raises((Broken, ConnectionError, ValueError)):
        answer = ask(gateway).read_response()
        # A backend that resets may take its head back before the gateway has read it.
        if answer.status in (502, 503):
            raise Broken("told by status")
    assert still_serves(gateway, backend)


def test_a_body_until_close_that_is_reset_does_not_pass_for_complete(gateway, backend):
    def script(exchange):
        exchange.wire.send(OK + "\r\nfirst half")
        exchange.wire.has_input(0.2)
        exchange.wire.reset()

    backend.script = script
    with pytest.raises((Broken, ConnectionError)):
        # It may take its head back before the gateway has read it.
        if ask(gateway).read_response().status in (502, 503):
            raise Broken("told by status")
    assert still_serves(gateway, backend)


def test_bytes_beyond_the_length_are_not_taken_for_the_next_answer(gateway, backend):
    poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
    backend.script = sends(OK + "Content-Length: 2\r\n\r\nok" + poison, "keep")
    wire = ask(gateway)
    assert wire.read_response().body == b"ok"
    backend.reset()
    for _ in range(5):
        assert b"poison" not in gateway.request("GET", "/ui/x", TEST).body
    assert not wire.has_input(0.05)


def test_an_answer_nobody_asked_for_is_not_given_to_the_next_client(gateway, backend):
    sent = []

    def script(exchange):
        exchange.reply(200, body=b"ok")
        exchange.wire.has_input(0.1)
        exchange.wire.send(OK + "Content-Length: 6\r\n\r\npoison")
        sent.append(True)

    backend.script = script
    assert ask(gateway).read_response().body == b"ok"
    wait_for(lambda: sent, "the unasked answer")
    backend.reset()
    for _ in range(5):
        assert b"poison" not in gateway.request("GET", "/ui/x", TEST).body


def test_the_answer_to_head_with_a_body_does_not_poison_the_connection(gateway, backend):
    backend.script = sends(OK + "Content-Length: 6\r\n\r\npoison", "keep")
    wire = gateway.connect()
    wire.send(request_text("HEAD", "/ui/x", gateway.host, TEST))
    assert wire.read_response("HEAD").status == 200
    backend.reset()
    wire.send(request_text("GET", "/ui/x", gateway.host, TEST))
    assert b"poison" not in wire.read_response().body


def test_a_backend_that_never_answers_becomes_a_gateway_error(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, timeouts={"response_head": "400ms"})
    backend.script = lambda exchange: exchange.wire.fill()
    assert ask(gateway).read_response().status in (503, 504)


def test_a_backend_that_stops_in_the_middle_is_cut_off(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, timeouts={"response_body": "400ms"})

    def script(exchange):
        exchange.wire.send(OK + "Content-Length: 100\r\n\r\nhalf")
        exchange.wire.fill()

    backend.script = script
    with pytest.raises((Broken, ConnectionError)):
        ask(gateway).read_response()


def test_a_kept_upstream_connection_that_died_is_replaced_without_the_client_noticing(gateway,
                                                                                       backend):
    """The backend takes a request on a kept connection and closes without an answer, as a server
    does whose idle timeout and our request cross."""
    asked = []

    def script(exchange):
        if asked and asked[-1] is exchange.wire:
            asked.append("died")
            exchange.wire.close()
            return
        asked.append(exchange.wire)
        exchange.reply(200, body=b"ok")

    backend.script = script
    wire = gateway.connect()
    for _ in range(2):
        wire.send(request_text("GET", "/ui/x", gateway.host, TEST))
        assert wire.read_response().body == b"ok"
    assert "died" in asked
