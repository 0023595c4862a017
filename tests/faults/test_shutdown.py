"""SIGTERM: no new work, the work in progress ends, then the gateway does."""

import json
import signal
import time

import pytest

from .harness import wait_for
from .queries import AS_ALICE, run_query, submit, target_of
from .wire import connect, request_text


def begin_poll(fake, gateway, words):
    """A poll in progress."""
    uri = json.loads(submit(gateway, f"SELECT * FROM t /* queued=1 {words} */").body)["nextUri"]
    before = fake.stats()["polls"]
    wire = gateway.connect()
    wire.send(request_text("GET", target_of(gateway, uri), gateway.host, AS_ALICE))
    wait_for(lambda: fake.stats()["polls"] > before, "the poll to arrive")
    return wire


def readiness(gateway):
    try:
        return gateway.admin("/readyz").status
    except OSError:
        return None


def test_sigterm_lets_the_exchange_in_progress_end(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake}, timeouts={"shutdown_grace": "8s"})
    assert (gateway.admin("/livez").status, gateway.admin("/readyz").status) == (200, 200)
    wire = begin_poll(fake, gateway, "delay_ms=1200")
    idle = gateway.connect()
    idle.send(request_text("GET", "/v1/info", gateway.host))
    assert idle.read_response().status == 200

    gateway.signal(signal.SIGTERM)
    wait_for(lambda: readiness(gateway) == 503, "/readyz to say no")
    assert gateway.admin("/livez").status == 200
    with pytest.raises(ConnectionError):
        connect(gateway.port).read_response()
    assert idle.ended(), "idle connections end at once"
    answer = wire.read_response()
    assert answer.status == 200
    assert "nextUri" in json.loads(answer.body)
    assert wire.ended()
    wire.close()
    assert gateway.wait() == 0


def test_the_answers_during_the_end_close_their_connections(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake}, timeouts={"shutdown_grace": "8s"})
    wire = begin_poll(fake, gateway, "delay_ms=600")
    gateway.signal(signal.SIGTERM)
    assert wire.read_response().get("Connection") == "close"
    wire.close()
    assert gateway.wait() == 0


def test_a_second_sigterm_ends_the_gateway_at_once(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake}, timeouts={"shutdown_grace": "60s"})
    begin_poll(fake, gateway, "delay_ms=30000")
    gateway.signal(signal.SIGTERM)
    wait_for(lambda: readiness(gateway) == 503, "/readyz to say no")
    assert gateway.child.poll() is None
    began = time.monotonic()
    gateway.signal(signal.SIGTERM)
    gateway.wait()
    assert time.monotonic() - began < 2


def test_the_end_of_the_grace_time_ends_the_gateway(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake}, timeouts={"shutdown_grace": "500ms"})
    begin_poll(fake, gateway, "delay_ms=30000")
    began = time.monotonic()
    gateway.signal(signal.SIGTERM)
    gateway.wait()
    assert 0.4 < time.monotonic() - began < 3


def test_the_end_comes_however_fast_the_workers_are(lab):
    """The steps of the end race with the workers' own, so this is done several times."""
    fake = lab.fake_trino("aaaaa")
    for _ in range(20):
        gateway = lab.gateway({"c1": fake})
        idle = gateway.connect()
        assert run_query(gateway, "SELECT 1").error is None
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(5) == 0
        assert idle.ended()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_gateway_ends_at_once_and_in_order(lab, number):
    gateway = lab.gateway({"c1": lab.fake_trino("aaaaa")})
    wire = gateway.connect()
    began = time.monotonic()
    gateway.signal(number)
    assert gateway.wait() == 0
    assert time.monotonic() - began < 1.5
    assert wire.ended()
    assert gateway.events("gateway.stopped")
