"""Whose query it is: how the gateway learns that, and what becomes of a request when it does not
know, when it cannot ask, or when the client leaves first."""

import json
import threading

import pytest

from .harness import wait_for
from .queries import AS_ALICE, follow, submit, target_of
from .raw_backend import statement_answer
from .wire import request_text

TEST = ("X-Test", "1")
ID = "20260101_000000_00007_lost1"  # no cluster's suffix
POLL = f"/v1/statement/executing/{ID}/y1/3"
QUERY = f"/v1/query/{ID}"


def answers(status, body=b"", fields=()):
    """A script that answers all requests so."""

    def script(exchange):
        exchange.body()
        exchange.reply(status, fields, body)

    return script


@pytest.fixture
def parts(lab):
    """Two clusters of which neither is known to have the query."""
    backends = lab.raw_backend("rawb1"), lab.raw_backend("rawb2")
    gateway = lab.gateway(dict(zip(("c1", "c2"), backends)))
    return gateway, *backends


def ask(gateway, method, target):
    return gateway.request(method, target, [*AS_ALICE, TEST])


def asked(backend):
    return [head.method for head in backend.heads]


# --- learning


def test_success_teaches_the_owner(parts):
    gateway, c1, c2 = parts
    c1.script, c2.script = answers(404), answers(200, b"{}")
    assert ask(gateway, "GET", POLL).status == 200
    assert ask(gateway, "GET", POLL).status == 200
    assert (asked(c1), asked(c2)) == (["GET"], ["GET", "GET"])


# Trino answers 410 to /v1/query/{id} where it never heard of the query.
@pytest.mark.parametrize("status", [302, 401, 403, 404, 410, 429, 500, 502, 503])
def test_another_answer_teaches_nothing(parts, status):
    gateway, c1, c2 = parts
    c1.script, c2.script = answers(status), answers(200, b"{}")
    assert ask(gateway, "GET", QUERY).status == 200
    assert ask(gateway, "GET", QUERY).status == 200
    assert (asked(c1), asked(c2)) == (["GET"], ["GET", "GET"])


@pytest.mark.parametrize("status", [302, 400, 401, 500])
def test_an_id_in_a_refused_submission_teaches_nothing(parts, status):
    gateway, c1, c2 = parts
    body = json.dumps(statement_answer(ID)).encode()
    c1.script = c2.script = answers(status, body, [("Content-Type", "application/json")])
    assert submit(gateway, "SELECT 1", [TEST]).status == status
    c1.reset(answers(404))
    c2.reset(answers(404))
    assert ask(gateway, "GET", POLL).status == 404
    assert (asked(c1), asked(c2)) == (["GET"], ["GET"])


# --- polls whose owner is not known


@pytest.mark.parametrize("first, second, told", [
    (404, 404, 404),
    (404, 410, 410),  # the page was fetched before: the second one knows the query
    (503, 404, 503),  # the first one may have it, and says nothing now
    (404, 503, 503),
    (401, 404, 401),  # the first one may have it, and does not tell everybody
    (404, 401, 401),
])
def test_what_a_client_is_told_of_a_query_that_nobody_shows(parts, first, second, told):
    gateway, c1, c2 = parts
    c1.script, c2.script = answers(first), answers(second)
    assert ask(gateway, "GET", POLL).status == told


# --- cancellation of queries whose owner is not known: each cluster says 204, also a wrong one


def test_all_clusters_are_asked_to_cancel_a_query_of_which_nobody_knows(parts):
    gateway, c1, c2 = parts
    c1.script = c2.script = answers(204)
    assert ask(gateway, "DELETE", QUERY).status == 204
    assert (asked(c1), asked(c2)) == (["DELETE"], ["DELETE"])


@pytest.mark.parametrize("first, second, told", [
    (503, 204, 503), (204, 500, 503), (403, 204, 403), (204, 403, 403), (404, 204, 204),
    (204, 404, 204), (404, 404, 404),
])
def test_a_cancellation_is_only_done_when_each_cluster_has_said_so(parts, first, second, told):
    gateway, c1, c2 = parts
    c1.script, c2.script = answers(first), answers(second)
    assert ask(gateway, "DELETE", QUERY).status == told


def test_a_cancellation_is_not_done_while_a_cluster_cannot_be_reached(parts):
    gateway, c1, c2 = parts
    c2.script = answers(204)
    c1.close()
    answer = ask(gateway, "DELETE", QUERY)
    assert answer.status in (502, 503) and b"'c1'" in answer.body


def test_a_known_owner_alone_is_asked_to_cancel(parts):
    gateway, c1, c2 = parts
    c1.script = c2.script = answers(204)
    assert ask(gateway, "DELETE", "/v1/query/20260101_000000_00007_rawb2").status == 204
    assert (asked(c1), asked(c2)) == ([], ["DELETE"])


def test_a_cancellation_that_the_owner_does_not_answer_is_not_done(parts):
    gateway, c1, c2 = parts
    c2.close()
    assert ask(gateway, "DELETE", "/v1/query/20260101_000000_00007_rawb2").status in (502, 503)
    assert asked(c1) == []


# --- clusters that are gone


@pytest.fixture
def removed(lab):
    """A gateway whose cluster c2 was taken out of the configuration."""
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes)
    gateway.config["backends"] = gateway.config["backends"][:1]
    gateway.config["groups"][0]["backends"] = ["c1"]
    gateway.write_config()
    wait_for(lambda: gateway.events("config.reloaded"), "the reload")
    return gateway, fakes


def test_a_query_of_a_removed_cluster_is_not_cancelled_elsewhere(removed):
    gateway, fakes = removed
    answer = gateway.request("DELETE", "/v1/query/20260101_000000_00000_bbbbb", AS_ALICE)
    assert answer.status == 404 and b"'c2'" in answer.body
    assert fakes["c1"].stats()["deletes"] == 0


def kill(gateway, query_id):
    answer = submit(gateway, f"CALL system.runtime.kill_query('{query_id}', 'by a test')")
    assert answer.status == 200, answer
    return json.loads(answer.body).get("error", {})


def test_a_query_of_a_removed_cluster_is_not_killed_elsewhere(removed):
    gateway, _ = removed
    error = kill(gateway, "20260101_000000_00000_bbbbb")
    assert error["errorName"] == "GATEWAY_KILL_FAILED" and "'c2'" in error["message"]


@pytest.mark.parametrize("query_id", [ID, "nonsense"])
def test_a_kill_of_a_query_that_no_cluster_has_is_an_error(parts, query_id):
    error = kill(parts[0], query_id)
    assert error["errorName"] == "GATEWAY_KILL_FAILED" and "was not found" in error["message"]


# --- clients that leave before they know their query


class Slow:
    """A script that takes a submission and answers when it is told to."""

    def __init__(self, backend):
        self.backend = backend
        self.go = threading.Event()
        backend.script = self

    def __call__(self, exchange):
        exchange.body()
        if exchange.head.method != "POST":
            return exchange.reply(204)
        self.go.wait(60)
        prefix = exchange.head.get("X-Forwarded-Prefix") or ""
        uri = f"http://gw{prefix}/v1/statement/queued/{ID}/y1/1"
        body = json.dumps(statement_answer(ID, nextUri=uri)).encode()
        exchange.reply(200, [("Content-Type", "application/json")], body)
        return None


@pytest.mark.parametrize("way", ["close", "reset"])
def test_a_query_whose_client_left_before_the_answer_is_cancelled(lab, way):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend})
    slow = Slow(backend)
    wire = gateway.connect()
    fields = [*AS_ALICE, TEST, ("Authorization", "Basic eDp5"), ("Content-Type", "text/plain")]
    wire.send(request_text("POST", "/v1/statement", gateway.host, fields, b"SELECT 1"))
    wait_for(lambda: backend.heads, "the submission to arrive")
    getattr(wire, way)()
    slow.go.set()
    wait_for(lambda: len(backend.heads) == 2, "the query to be cancelled")
    cancel = backend.heads[1]
    assert (cancel.method, cancel.target) == ("DELETE", f"/v1/statement/queued/{ID}/y1/1")
    assert cancel.get("Authorization") == "Basic eDp5"  # as the client would
    assert cancel.get("Content-Length") is None and cancel.get("Content-Type") is None
    event = wait_for(lambda: gateway.events("exchange.abandoned"), "the log to tell")[0]
    assert (event["backend"], event["query_id"], event["cancelled"]) == ("c1", ID, True)
    assert not backend.failures


def test_the_cluster_is_told_whose_query_is_cancelled_behind_a_balancer(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend})
    gateway.kill()
    gateway.config["listeners"][0]["trusted_proxies"] = ["127.0.0.0/8"]
    gateway.start()
    slow = Slow(backend)
    wire = gateway.connect()
    fields = [*AS_ALICE, TEST, ("X-Forwarded-For", "198.51.100.7")]
    wire.send(request_text("POST", "/v1/statement", gateway.host, fields, b"SELECT 1"))
    wait_for(lambda: backend.heads, "the submission to arrive")
    wire.reset()
    slow.go.set()
    wait_for(lambda: len(backend.heads) == 2, "the query to be cancelled")
    told = [(head.method, head.get("X-Forwarded-For")) for head in backend.heads]
    assert told == [("POST", "198.51.100.7"), ("DELETE", "198.51.100.7")]


def test_a_client_that_only_ends_its_direction_keeps_its_query(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend})
    slow = Slow(backend)
    wire = gateway.connect()
    wire.send(request_text("POST", "/v1/statement", gateway.host, [*AS_ALICE, TEST], b"SELECT 1"))
    wait_for(lambda: backend.heads, "the submission to arrive")
    wire.half_close()
    slow.go.set()
    assert json.loads(wire.read_response().body)["id"] == ID
    assert wire.ended()
    assert asked(backend) == ["POST"]


# --- backends that changed their names


def test_a_query_is_found_by_its_coordinator_when_that_has_another_name(lab):
    old, new = lab.fake_trino("aaaaa"), lab.fake_trino("bbbbb")
    gateway = lab.gateway({"c1": old})
    sql = "SELECT * FROM t /* pages=3 queued=1 */"
    first = submit(gateway, sql)
    assert target_of(gateway, json.loads(first.body)["nextUri"]).startswith("/~c1/")
    gateway.config["backends"] = [{"id": "c1", "url": new.url}, {"id": "c1-old", "url": old.url}]
    gateway.write_config()
    wait_for(lambda: gateway.events("config.reloaded"), "the reload")
    gateway.wait_healthy(["c1", "c1-old"])
    query = follow(gateway, first)
    assert (query.error, len(query.pages)) == (None, 3)
    assert not [head for head in new.heads() if query.id in head]


def test_where_no_backend_is_configured_polls_are_told_so(lab):
    gateway = lab.gateway({})
    answer = ask(gateway, "GET", POLL)
    assert answer.status == 503
    assert b"no backends are configured" in answer.body
