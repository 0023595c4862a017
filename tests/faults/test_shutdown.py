"""SIGTERM: no new work, the work in progress ends, then the gateway does."""

import json
import signal
import threading
import time

import pytest

from .harness import wait_for
from .http_service import HttpService
from .queries import AS_ALICE, run_query
from .raw_backend import Unanswering, statement_answer
from .wire import connect, request_text

ID = "20260101_000000_00007_rawb1"


class Poll:
    """A poll in progress, which the backend answers when it is told to."""

    def __init__(self, lab, **timeouts):
        self.go = threading.Event()
        backend = lab.raw_backend("rawb1")
        self.gateway = lab.gateway({"c1": backend}, timeouts={"response_head": "120s", **timeouts})
        backend.script = self.answer
        self.wire = self.gateway.connect()
        self.wire.send(request_text("GET", f"/v1/statement/queued/{ID}/y1/1", self.gateway.host,
                                    [*AS_ALICE, ("X-Test", "1")]))
        wait_for(lambda: backend.heads, "the poll to arrive")

    def answer(self, exchange):
        self.go.wait(120)
        page = statement_answer(ID, nextUri=f"http://gw/v1/statement/queued/{ID}/y2/2")
        exchange.reply(200, [("Content-Type", "application/json")], json.dumps(page).encode())


def readiness(gateway):
    try:
        return gateway.admin("/readyz").status
    except OSError:
        return None


def refuses_connections(gateway):
    try:
        connect(gateway.port).close()
    except ConnectionError:
        return True
    return False


def test_sigterm_lets_the_exchange_in_progress_end(lab):
    poll = Poll(lab, shutdown_grace="60s")
    gateway, wire = poll.gateway, poll.wire
    assert (gateway.admin("/livez").status, gateway.admin("/readyz").status) == (200, 200)
    idle = gateway.connect()
    idle.send(request_text("GET", "/v1/info", gateway.host))
    assert idle.read_response().status == 200

    gateway.signal(signal.SIGTERM)
    wait_for(lambda: readiness(gateway) == 503, "/readyz to say no")
    wait_for(lambda: refuses_connections(gateway), "new connections to be refused")
    assert idle.ended(), "idle connections end at once"
    assert gateway.admin("/livez").status == 200
    assert gateway.child.poll() is None
    poll.go.set()
    answer = wire.read_response()
    assert answer.status == 200
    assert "nextUri" in json.loads(answer.body)
    assert wire.ended()
    wire.close()
    assert gateway.wait() == 0


def test_the_answers_during_the_end_close_their_connections(lab):
    poll = Poll(lab, shutdown_grace="60s")
    poll.gateway.signal(signal.SIGTERM)
    wait_for(lambda: refuses_connections(poll.gateway), "the end to begin")
    poll.go.set()
    assert poll.wire.read_response().get("Connection") == "close"
    poll.wire.close()
    assert poll.gateway.wait() == 0


def test_a_second_sigterm_ends_the_gateway_at_once(lab):
    gateway = Poll(lab, shutdown_grace="60s").gateway
    gateway.signal(signal.SIGTERM)
    wait_for(lambda: readiness(gateway) == 503, "/readyz to say no")
    assert gateway.child.poll() is None
    began = time.monotonic()
    gateway.signal(signal.SIGTERM)
    gateway.wait()
    assert time.monotonic() - began < 30


def test_the_end_of_the_grace_time_ends_the_gateway(lab):
    gateway = Poll(lab, shutdown_grace="500ms").gateway
    began = time.monotonic()
    gateway.signal(signal.SIGTERM)
    gateway.wait()
    assert 0.4 < time.monotonic() - began < 20


def submissions(backend):
    return [head for head in backend.heads if head.method == "POST"]


def begin_submission(gateway):
    wire = gateway.connect()
    wire.send(request_text("POST", "/v1/statement", gateway.host, [*AS_ALICE, ("X-Test", "1")],
                           b"SELECT 1"))
    return wire


def test_a_statement_is_sent_nowhere_else_once_its_client_is_cut_off(lab):
    """It was waiting for a connection to a cluster that has gone without a word."""
    lost, other = lab.raw_backend("rawb1"), lab.raw_backend("rawb2")
    never = threading.Event()
    lab.parts.callback(never.set)
    other.script = lambda exchange: never.wait(120)
    gateway = lab.gateway({"c1": lost, "c2": other}, monitor={"interval": "1h"},
                          timeouts={"shutdown_grace": "500ms", "submit_head": "120s"})
    lost.close()
    lab.parts.callback(Unanswering(lost.port).close)
    # In turn: each second one is at c1. As many as make sure that the budget has retries.
    wires = [begin_submission(gateway) for _ in range(8)]
    wait_for(lambda: len(submissions(other)) == 4, "half of the statements to arrive")
    gateway.signal(signal.SIGTERM)
    gateway.wait()
    assert len(submissions(other)) == 4
    assert all(wire.ended() for wire in wires)
    assert gateway.events("gateway.exchanges_cut_off")


def test_a_statement_is_not_sent_after_all_once_its_client_is_cut_off(lab):
    """It was waiting for the external router, without which the policies decide."""
    router = HttpService(lambda call: router.hang(call))
    lab.parts.callback(router.close)
    backend = lab.raw_backend("rawb1")
    gateway = lab.gateway(
        {"c1": backend}, timeouts={"shutdown_grace": "500ms"},
        routing={"external": {"url": f"{router.url}/route", "timeout": "60s"}})
    wire = begin_submission(gateway)
    wait_for(lambda: router.calls, "the router to be asked")
    gateway.signal(signal.SIGTERM)
    gateway.wait()
    assert submissions(backend) == []
    assert wire.ended()


def test_the_end_comes_however_fast_the_workers_are(lab):
    """The steps of the end race with the workers' own, so this is done several times."""
    fake = lab.fake_trino("aaaaa")
    for _ in range(20):
        gateway = lab.gateway({"c1": fake})
        idle = gateway.connect()
        assert run_query(gateway, "SELECT 1").error is None
        gateway.signal(signal.SIGTERM)
        assert gateway.wait() == 0
        assert idle.ended()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_gateway_ends_at_once_and_in_order(lab, number):
    gateway = lab.gateway({"c1": lab.fake_trino("aaaaa")}, timeouts={"shutdown_grace": "60s"})
    wire = gateway.connect()
    began = time.monotonic()
    gateway.signal(number)
    assert gateway.wait() == 0
    assert time.monotonic() - began < 30
    assert wire.ended()
    assert gateway.events("gateway.stopped")
