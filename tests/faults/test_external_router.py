"""The external router: what it is sent, what it decides, and what happens while it is away."""

import json
import threading

import pytest

from .harness import stop, wait_for
from .http_service import HttpService
from .queries import explain, submit
from .wire import Broken


@pytest.fixture
def router(lab):
    service = HttpService(lambda call: (200, {"routingGroup": "two"}))
    lab.parts.callback(service.close)
    return service


@pytest.fixture
def start(lab, router):
    """Starts a gateway with these settings of routing.external."""
    def starter(**external):
        fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
        gateway = lab.gateway(
            fakes,
            groups=[{"id": "one", "backends": ["c1"]}, {"id": "two", "backends": ["c2"]}],
            routing={"default_group": "one",
                     "external": {"url": f"{router.url}/route?v=1", "timeout": "20s", **external}})
        gateway.fakes = fakes
        return gateway
    return starter


def backend_of(gateway, *fields):
    answer = submit(gateway, "SELECT 1", fields)
    assert answer.status == 200, answer
    return answer.get("X-Trino-Gateway-Backend")


def test_the_router_decides(router, start):
    gateway = start(headers=[{"name": "X-Key", "value": "k"}])
    assert backend_of(gateway, ("Authorization", "Bearer t"), ("X-Trino-Catalog", "hive")) == "c2"
    call = router.calls[0]
    assert call.path == "/route?v=1"
    assert call.headers["x-trino-user"] == "alice"
    assert call.headers["x-trino-catalog"] == "hive"
    assert call.headers["x-key"] == "k"
    assert "authorization" not in call.headers
    assert call.body["requestURI"] == "/v1/statement"
    assert call.body["remoteAddr"] == "127.0.0.1"
    assert "trinoQueryProperties" not in call.body


def test_the_router_sees_the_statement_when_switched_on(router, start):
    gateway = start(query_properties=True)
    backend_of(gateway)
    assert router.calls[0].body["trinoQueryProperties"]["body"] == "SELECT 1"
    assert router.calls[0].body["trinoRequestUser"] == {"user": "alice", "userInfo": None}


def test_the_router_sets_headers(router, start):
    router.answer = lambda call: (200, {"routingGroup": "one", "externalHeaders": {
        "X-Trino-Client-Tags": "from-router", "Content-Length": "0"}})
    gateway = start()
    assert backend_of(gateway, ("X-Trino-Client-Tags", "own")) == "c1"
    heads = [str(head) for head in gateway.fakes["c1"].heads() if "from-router" in str(head)]
    assert len(heads) == 1 and "own" not in heads[0]


def test_errors_refuse_the_query_when_they_are_propagated(router, start):
    router.answer = lambda call: (200, {"errors": ["no quota", "ask Bob"]})
    answer = submit(start(propagate_errors=True), "SELECT 1")
    assert json.loads(answer.body)["error"]["message"] == "no quota; ask Bob"


@pytest.mark.parametrize("answer", [
    (200, b"<html>"), (200, b""), (200, {"routingGroup": 5}), (200, {"routingGroup": "nowhere"}),
    (500, {"routingGroup": "two"}), (404, b""), (200, {"routingGroup": None}),
    (200, {"routingGroup": "x" * 100_000}), (200, b"[" * 10_000),
], ids=lambda answer: f"{answer[0]} {str(answer[1])[:30]}")
def test_policies_decide_when_the_answer_is_no_use(router, start, answer):
    router.answer = lambda call: answer
    assert backend_of(start()) == "c1"


def test_a_slow_router_holds_nobody_else_up(router, start):
    router.answer = router.hang
    gateway = start(timeout="60s")
    waiting = threading.Thread(target=lambda: submit(gateway, "SELECT 1"))
    waiting.start()
    wait_for(lambda: router.calls, "the call")
    for _ in range(20):  # with one worker
        assert gateway.request("GET", "/v1/info").status == 200
    assert waiting.is_alive()
    router.release.set()
    waiting.join()


def test_a_hanging_router_is_given_up_and_then_left_alone(router, start):
    router.answer = router.hang
    gateway = start(timeout="3s", circuit_breaker={"failures": 2, "open_for": "1h"})
    for _ in range(4):
        assert backend_of(gateway) == "c1"
    wait_for(lambda: len(router.calls) >= 2, "the calls to arrive")
    assert len(router.calls) == 2
    left_alone = wait_for(lambda: gateway.events("external_router.left_alone"), "the log to tell")
    assert len(left_alone) == 1


def test_a_router_that_was_left_alone_is_asked_again(router, start):
    router.answer = lambda call: (500, b"")
    gateway = start(circuit_breaker={"failures": 2, "open_for": "1s"})
    for _ in range(2):
        assert backend_of(gateway) == "c1"
    wait_for(lambda: gateway.events("external_router.left_alone"), "the log to tell")
    router.answer = lambda call: (200, {"routingGroup": "two"})
    wait_for(lambda: backend_of(gateway) == "c2", "the router to be asked again")


def test_a_router_that_refuses_a_query_is_asked_about_the_next(router, start):
    router.answer = lambda call: (422, b"")
    gateway = start(circuit_breaker={"failures": 2, "open_for": "60s"})
    for _ in range(4):
        assert backend_of(gateway) == "c1"
    router.answer = lambda call: (200, {"routingGroup": "two"})
    assert backend_of(gateway) == "c2"
    refused = wait_for(lambda: gateway.events("external_router.refused"), "the log to tell")
    assert len(refused) == 1
    assert gateway.events("external_router.left_alone") == []


def test_the_router_gets_json_whatever_bytes_the_statement_has(router, start):
    gateway = start(query_properties=True)
    answer = gateway.request("POST", "/v1/statement", [("X-Trino-User", "alice")], b"SELECT '\xfc'")
    assert answer.status == 200
    assert router.calls[0].body["trinoQueryProperties"]["body"] == "SELECT '\ufffd'"


def test_a_dead_router_can_make_queries_wait(router, start):
    gateway = start(fallback="reject")
    router.close()
    answer = submit(gateway, "SELECT 1")
    assert answer.status == 503
    assert answer.get("Retry-After") == "1"
    assert b"external router" in answer.body


@pytest.mark.parametrize("dead", [False, True])
def test_no_router_is_asked_about_a_kill(router, start, dead):
    gateway = start(fallback="reject")
    running = json.loads(submit(gateway, "SELECT 1 /* pages=2 */").body)["id"]
    asked = len(router.calls)
    if dead:
        router.close()
    answer = submit(gateway, f"CALL system.runtime.kill_query('{running}', 'by a test')")
    assert (answer.status, answer.get("X-Trino-Gateway-Backend")) == (200, "c2")
    assert len(router.calls) == asked


@pytest.mark.parametrize("sql, transaction, status", [
    ("COMMIT", "1-2-3~c1", 200), ("ROLLBACK WORK", "1-2-3~c1", 200),
    ("SELECT 1", "1-2-3~c1", 503), ("COMMIT", "1-2-3", 503), ("COMMIT", "NONE", 503),
])
def test_a_transaction_can_be_ended_while_the_router_is_dead(router, start, sql, transaction,
                                                             status):
    gateway = start(fallback="reject")
    router.close()
    fields = [("X-Trino-Transaction-Id", transaction)]
    answer = submit(gateway, sql, fields)
    assert answer.status == status
    assert answer.get("X-Trino-Gateway-Backend") == ("c1" if status == 200 else None)
    told = explain(gateway, user="alice", sql=sql, ask_external=True,
                   headers=[{"name": "X-Trino-Transaction-Id", "value": transaction}])
    assert told["external_router"]["verdict"] == "failed"
    assert told["decision"]["backend"] == ("c1" if status == 200 else "")


def test_the_default_group_can_be_the_fallback(router, start):
    gateway = start(fallback="default_group")
    router.close()
    assert backend_of(gateway) == "c1"


def test_answers_are_kept_by_their_key(router, start):
    gateway = start(cache={"key": ["user", "header:X-Team"], "ttl": "1h"})
    for _ in range(3):
        assert backend_of(gateway, ("X-Team", "a")) == "c2"
    assert len(router.calls) == 1
    backend_of(gateway, ("X-Team", "b"))
    assert len(router.calls) == 2


def test_queries_with_one_key_share_a_call(router, start):
    router.answer = router.slowly(0.5, router.answer)
    gateway = start(cache={"key": ["user"], "ttl": "1h"})
    threads = [threading.Thread(target=lambda: submit(gateway, "SELECT 1")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(router.calls) == 1


def test_polls_do_not_ask_the_router(router, start):
    gateway = start()
    answer = submit(gateway, "SELECT * FROM t /* pages=2 */")
    uri = json.loads(answer.body)["nextUri"]
    assert gateway.request("GET", uri.removeprefix(f"http://{gateway.host}")).status == 200
    assert len(router.calls) == 1


def test_a_hanging_router_does_not_hold_up_the_end(router, start):
    router.answer = router.hang
    gateway = start(timeout="1h")
    broken = []

    def ask():
        try:
            submit(gateway, "SELECT 1")
        except (Broken, ConnectionError):
            broken.append(True)

    waiting = threading.Thread(target=ask)
    waiting.start()
    wait_for(lambda: router.calls, "the call")
    assert stop(gateway) == 0
    waiting.join()
    assert broken


def test_an_explanation_asks_the_router_only_when_told(router, start):
    gateway = start(query_properties=True)
    told = explain(gateway, user="alice", sql="SELECT 1 FROM a.b.c")
    assert told["external_router"]["verdict"] == "not_asked"
    assert told["decision"]["backend"] == "c1"
    assert router.calls == []
    told = explain(gateway, user="alice", sql="SELECT 1 FROM a.b.c", ask_external=True)
    assert told["external_router"] == {"verdict": "asked", "reason": "external router -> two"}
    assert told["decision"]["backend"] == "c2"
    assert router.calls[0].body["trinoQueryProperties"]["body"] == "SELECT 1 FROM a.b.c"
    assert router.calls[0].headers["x-trino-user"] == "alice"
