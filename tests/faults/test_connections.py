"""Connections of clients: kept, pipelined, of HTTP/1.0, and closed on one side."""

import json
import time

from .wire import request_text

TEST = [("X-Test", "1")]


def ask(gateway, target, fields=(), **options):
    return request_text("GET", target, gateway.host, [*TEST, *fields], **options)


def test_a_connection_is_kept_for_further_requests(gateway, backend):
    wire = gateway.connect()
    for number in range(5):
        wire.send(ask(gateway, f"/ui/{number}"))
        answer = wire.read_response()
        assert json.loads(answer.body)["target"] == f"/ui/{number}"
        assert answer.get("Connection") != "close"


def test_requests_after_one_another_share_an_upstream_connection(gateway, backend):
    before = backend.streams.copy()
    for number in range(5):
        assert gateway.request("GET", f"/ui/{number}", TEST).status == 200
    assert len(backend.streams) - len(before) <= 1


def test_pipelined_requests_are_answered_in_order(gateway, backend):
    def slower_first(exchange):
        exchange.body()
        time.sleep(0.1 if exchange.head.target.endswith("0") else 0)
        exchange.reply(200, body=exchange.head.target.encode())

    backend.script = slower_first
    wire = gateway.connect()
    wire.send(b"".join(ask(gateway, f"/ui/{number}") for number in range(6)))
    assert [wire.read_response().body for _ in range(6)] == [b"/ui/%d" % n for n in range(6)]


def test_pipelined_requests_with_bodies_keep_their_bounds(gateway, backend):
    backend.script = lambda exchange: exchange.reply(200, body=exchange.body())
    wire = gateway.connect()
    wire.send(request_text("POST", "/ui/a", gateway.host, TEST, b"first")
              + request_text("PUT", "/ui/b", gateway.host, TEST, b"")
              + request_text("POST", "/ui/c", gateway.host, TEST, b"third"))
    assert [wire.read_response().body for _ in range(3)] == [b"first", b"", b"third"]


def test_an_empty_line_in_front_of_a_request_is_overlooked(gateway, backend):
    wire = gateway.connect()
    wire.send(b"\r\n" + ask(gateway, "/ui/x"))
    assert wire.read_response().status == 200


def test_a_client_that_asks_for_close_gets_it(gateway, backend):
    wire = gateway.connect()
    wire.send(ask(gateway, "/ui/x", [("Connection", "close")]))
    answer = wire.read_response()
    assert (answer.status, answer.get("Connection")) == (200, "close")
    assert wire.ended()


def test_an_http_1_0_client_gets_a_body_without_chunks_and_the_end_of_the_connection(gateway,
                                                                                      backend):
    def chunked(exchange):
        exchange.wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")

    backend.script = chunked
    wire = gateway.connect()
    wire.send(ask(gateway, "/ui/x", version="1.0"))
    answer = wire.read_response()
    assert (answer.status, answer.body) == (200, b"hello world")
    assert answer.get("Transfer-Encoding") is None
    assert wire.ended()


def test_an_http_1_0_client_without_a_host_is_served(gateway, backend):
    wire = gateway.connect()
    wire.send(b"GET /ui/old HTTP/1.0\r\nX-Test: 1\r\n\r\n")
    assert wire.read_response().status == 200
    assert backend.heads[0].get("Host")


def test_a_client_that_closed_its_side_still_gets_its_answer(gateway, backend):
    def later(exchange):
        exchange.body()
        time.sleep(0.15)
        exchange.reply(200, body=b"late")

    backend.script = later
    wire = gateway.connect()
    wire.send(ask(gateway, "/ui/x"))
    wire.half_close()
    assert wire.read_response().body == b"late"
    assert wire.ended()


def test_an_idle_client_connection_is_closed_after_its_timeout(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, timeouts={"client_idle": "5s"})
    wire = gateway.connect()
    wire.send(ask(gateway, "/ui/x"))
    assert wire.read_response().status == 200
    began = time.monotonic()
    assert wire.ended()
    assert time.monotonic() - began < 20
