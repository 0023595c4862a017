"""A cluster that answers statements with errors is out of choice for a while, whatever probes find."""

import json

import pytest

from .harness import wait_for
from .queries import submit
from .raw_backend import statement_answer

TEST = [("X-Test", "1")]
HEALTHY = 'trino_gateway_backend_healthy{backend="c1"}'
EJECTIONS = ('trino_gateway_backend_state_changes_total'
             '{backend="c1",reason="errors",state="unhealthy"}')


def backend_of(gateway):
    return submit(gateway, "SELECT 1", TEST).get("X-Trino-Gateway-Backend")


def accept(exchange):
    exchange.body()
    exchange.reply(200, [("Content-Type", "application/json")],
                   json.dumps(statement_answer("20260101_000000_00001_rawb1")).encode())


def fails_with(status):
    def script(exchange):
        exchange.body()
        exchange.reply(status, [("Content-Type", "text/plain")], b"out of memory\n")

    return script


def answers_with_a_page(exchange):
    exchange.body()
    exchange.reply(200, [("Content-Type", "text/html")], b"<html>Sign in</html>\n")


def closes(exchange):
    exchange.body()
    exchange.wire.close()


FAILURES = {"500": fails_with(500), "502": fails_with(502), "504": fails_with(504),
            "no answer": closes, "no answer of Trino's": answers_with_a_page}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_cluster_that_fails_statement_after_statement_is_out_and_comes_back_on_trial(lab, failure):
    c1, c2 = lab.raw_backend("rawb1"), lab.raw_backend("rawb2")
    c1.script, c2.script = FAILURES[failure], accept
    # Probes ask for /v1/info only, often, and find nothing wrong.
    gateway = lab.gateway({"c1": c1, "c2": c2},
                          monitor={"interval": "200ms", "probes": [{"type": "info"}], "fall": 100,
                                   "errors": {"in_row": 3, "eject_for": "1s"}})

    def ejected():
        return gateway.events("backend.ejected")

    def readmitted():
        return gateway.events("backend.readmitted")

    def statements_while_it_is_out():
        """The answers to four, none of which went to c1. Asked for until that is so, because a busy
        machine may take longer for four than c1 is out at first."""
        c1.heads.clear()
        answers = [submit(gateway, "SELECT 1", TEST) for _ in range(4)]
        return gateway.metric(HEALTHY) == 0 and c1.heads == [] and answers

    for answer in wait_for(statements_while_it_is_out, "c1 to be out"):
        assert (answer.status, answer.get("X-Trino-Gateway-Backend")) == (200, "c2")
    times = len(wait_for(ejected, "the log to tell"))

    wait_for(lambda: len(readmitted()) == times, "its time to be over")
    wait_for(lambda: backend_of(gateway) and c1.heads, "a statement to go there on trial")
    wait_for(lambda: len(ejected()) == times + 1, "c1 to be out again after one more failure")
    assert len(c1.heads) == 1
    assert {(event["backend"], event["class"]) for event in ejected()} == {("c1", "errors")}
    assert gateway.metric(EJECTIONS) == times + 1

    c1.script = accept
    wait_for(lambda: len(readmitted()) == times + 1, "its time to be over, which was twice as long")
    wait_for(lambda: {backend_of(gateway) for _ in range(4)} == {"c1", "c2"}, "both to get statements")


def test_the_only_cluster_stays_in(lab):
    c1 = lab.raw_backend("rawb1")
    c1.script = fails_with(500)
    gateway = lab.gateway({"c1": c1}, monitor={"errors": {"in_row": 2}})
    for _ in range(6):
        assert submit(gateway, "SELECT 1", TEST).status == 500
    assert len(c1.heads) == 6
