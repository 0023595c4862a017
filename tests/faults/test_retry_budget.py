"""How many retries there may be, and what does not count as one."""

import json

import pytest

from .queries import AS_ALICE, submit
from .raw_backend import sends, statement_answer
from .wire import response_text

TEST = [("X-Test", "1")]
ALONE = [*TEST, ("X-Trino-Client-Tags", "alone")]
UNAVAILABLE = sends(response_text(503), "keep")


def accept(exchange):
    exchange.body()
    body = json.dumps(statement_answer("20260101_000000_00007_third")).encode()
    exchange.reply(200, [("Content-Type", "application/json")], body)


@pytest.fixture
def parts(lab):
    """Two clusters; statements with the tag go to the first one only. Four statements earn a retry,
    and time earns none."""
    backends = lab.raw_backend("first"), lab.raw_backend("secnd")
    gateway = lab.gateway(
        dict(zip(("c1", "c2"), backends)),
        limits={"retry_percent": 25, "retries_per_second": 0},
        monitor={"errors": {"enabled": False}},
        groups=[{"id": "one", "backends": ["c1"]}, {"id": "all", "backends": ["c1", "c2"]}],
        routing={"default_group": "one"},
        policies=[{"id": "alone", "rule": {"type": "header_client_tags", "value": "alone"},
                   "group": "one"},
                  {"id": "others", "conditions": [{"type": "user", "value": "alice"}],
                   "group": "all", "priority": -1}])
    for backend in backends:
        backend.script = accept
    assert [submit(gateway, "SELECT 1", TEST).status for _ in range(4)] == [200] * 4
    for backend in backends:
        backend.reset(UNAVAILABLE)
    return gateway, backends


def attempts(backends):
    count = sum(len(backend.heads) for backend in backends)
    for backend in backends:
        backend.heads.clear()
    return count


def retries(gateway):
    series = 'trino_gateway_retries_total{backend="%s",reason="unavailable"}'
    return sum(gateway.metric(series % key) or 0 for key in ("c1", "c2"))


def fail(gateway, backends, fields=TEST):
    """A statement that all backends refuse: how many were tried."""
    assert submit(gateway, "SELECT 1", fields).status == 503
    return attempts(backends)


def test_when_the_budget_is_used_up_statements_are_tried_once(parts):
    gateway, backends = parts
    assert [fail(gateway, backends) for _ in range(6)] == [2, 1, 1, 2, 1, 1]
    assert retries(gateway) == 2


def test_a_failure_with_nobody_else_to_ask_is_no_retry(parts):
    gateway, backends = parts
    assert [fail(gateway, backends, ALONE) for _ in range(3)] == [1, 1, 1]
    assert retries(gateway) == 0
    assert fail(gateway, backends) == 2


def test_pings_go_on_elsewhere_and_leave_the_budget_to_statements(parts):
    gateway, backends = parts
    for _ in range(3):
        assert gateway.request("GET", "/v1/info", [*AS_ALICE, *TEST]).status == 503
        assert attempts(backends) == 2
    assert fail(gateway, backends) == 2
