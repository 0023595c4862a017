"""The owner of a query or transaction that does not do its part: its host is gone without a word,
so that connections are not refused but time out, or it answers that it cannot answer."""

import json
import re
from contextlib import suppress

import pytest

from .harness import wait_for
from .queries import submit
from .raw_backend import Unanswering, sends
from .wire import Broken, response_text

UUID = "2a4fd2ef-5ba1-4d9c-8e0e-0d4b8e3a1c11"
ID = "20260101_000000_00000_first"
TEST = ("X-Test", "1")


@pytest.fixture
def gateway(lab):
    """One whose backend c1 was healthy, and is not to be reached since."""
    backends = {"c1": lab.raw_backend("first"), "c2": lab.raw_backend("secnd")}
    gateway = lab.gateway(backends, timeouts={"connect": "300ms"},
                          monitor={"interval": "500ms"})
    backends["c1"].close()
    lab.parts.callback(Unanswering(backends["c1"].port).close)
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c1"}') == 0,
             "c1 to be found away")
    return gateway


def error_of(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)["error"]["errorName"]


def test_clients_are_told_what_is_lost_with_it(gateway):
    inside = [TEST, ("X-Trino-Transaction-Id", f"{UUID}~c1")]
    assert error_of(submit(gateway, "SELECT 1", inside)) == "GATEWAY_TRANSACTION_LOST"
    kill = f"CALL system.runtime.kill_query(query_id => '{ID}')"
    assert error_of(submit(gateway, kill, [TEST])) == "GATEWAY_KILL_FAILED"


# --- a cluster that can be reached and says that it cannot answer

POLL = f"/v1/statement/executing/{ID}/yabc/1"


def series(gateway, name):
    """The series of a metric: values by labels."""
    text = gateway.metrics()
    return {labels: float(value)
            for labels, value in re.findall(rf"^trino_gateway_{name}{{(.*)}} (\S+)$", text, re.M)}


@pytest.fixture
def probed(lab):
    """A cluster that was probed, and is not again for an hour if nobody doubts it."""
    backend = lab.raw_backend("first")
    return backend, lab.gateway({"c1": backend}, monitor={"interval": "1h"})


@pytest.mark.parametrize("answer", [
    response_text(502), response_text(503), response_text(504),
    b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
], ids=["502", "503", "504", "half an answer"])
def test_a_poll_that_its_cluster_does_not_answer_well_leads_to_a_probe(probed, answer):
    backend, gateway = probed
    before = series(gateway, "probes_total")
    backend.script = sends(answer)
    with suppress(Broken, ConnectionError):
        assert gateway.request("GET", POLL, [TEST]).status in (502, 503, 504)
    wait_for(lambda: series(gateway, "probes_total") != before, "a probe")
    assert gateway.metric('trino_gateway_backend_healthy{backend="c1"}') == 1


def test_other_answers_to_polls_cast_no_doubt_on_the_cluster(probed):
    backend, gateway = probed
    for status in (404, 410, 429, 500):
        backend.script = sends(response_text(status), "keep")
        assert gateway.request("GET", POLL, [TEST]).status == status
    backend.script = sends(response_text(503), "keep")
    assert gateway.request("GET", "/~c1/v1/spooled/download/abc=", [TEST]).status == 503
    # Told in the order in which they came: once this one is seen, all before it would be.
    backend.script = sends(response_text(502), "keep")
    assert gateway.request("GET", POLL, [TEST]).status == 502
    wait_for(lambda: series(gateway, "data_path_failures_total"), "a doubt")
    assert series(gateway, "data_path_failures_total") == {'backend="c1",reason="http_502"': 1}
