"""A client that goes away: its exchange with the cluster ends soon, whatever it was waiting for."""

import json
import time

import pytest

from .harness import wait_for
from .queries import AS_ALICE, submit, target_of
from .wire import request_text

SLOW = "SELECT * FROM t /* queued=5 delay_ms=60000 */"


@pytest.fixture(scope="module")
def parts(shared_lab):
    """A gateway that does not wait long for answers to clients that may only have ended their side."""
    fake = shared_lab.fake_trino("leave")
    return fake, shared_lab.gateway({"c1": fake}, timeouts={"response_head": "120s",
                                                            "half_closed": "400ms"})


def begin_long_poll(fake, gateway):
    """A connection that waits for an answer that takes a minute."""
    uri = json.loads(submit(gateway, SLOW).body)["nextUri"]
    polls = fake.stats()["polls"]
    wire = gateway.connect()
    wire.send(request_text("GET", target_of(gateway, uri), gateway.host, AS_ALICE))
    wait_for(lambda: fake.stats()["polls"] > polls, "the poll to arrive")
    return wire


@pytest.mark.parametrize("way", ["close", "reset"])
def test_a_client_that_leaves_during_a_long_poll_cancels_it(parts, way):
    fake, gateway = parts
    before = fake.stats()["clientLeft"]
    wire = begin_long_poll(fake, gateway)
    began = time.monotonic()
    getattr(wire, way)()
    wait_for(lambda: fake.stats()["clientLeft"] >= before + 1, "the poll to be cancelled")
    assert time.monotonic() - began < 30, "far less than the poll takes"


def test_a_client_that_leaves_during_a_large_page_cancels_it(lab):
    fake = lab.fake_trino("large")
    gateway = lab.gateway({"c1": fake})
    answer = submit(gateway, "SELECT * FROM t /* queued=0 bytes=80000000 */")
    uri = json.loads(answer.body)["nextUri"]
    wire = gateway.connect(receive_buffer=65536)
    wire.send(request_text("GET", target_of(gateway, uri), gateway.host, AS_ALICE))
    wire.read_head()
    wire.close()
    # One connection is the question itself, one the monitor keeps.
    wait_for(lambda: fake.stats()["open"] <= 2, "the upstream connection to be closed")
    assert fake.stats()["bytesSent"] < 60_000_000


def test_the_end_of_many_clients_leaves_nothing_behind(parts):
    fake, gateway = parts
    wires = [begin_long_poll(fake, gateway) for _ in range(20)]
    for wire in wires:
        wire.close()
    wait_for(lambda: gateway.metric("trino_gateway_client_connections") == 0, "all sessions to end")
    wait_for(lambda: gateway.metric('trino_gateway_backend_in_flight{backend="c1"}') in (0, None),
             "no exchange to be in flight")
