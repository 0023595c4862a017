"""What the data path meets is told to the monitor, which probes at once and not a minute later."""

import json
import re
import time

from .harness import wait_for
from .queries import AS_ALICE, submit as statement, target_of
from .raw_backend import sends, statement_answer

SUBMISSION = [("X-Test", "1"), ("X-Trino-User", "u")]
UNAVAILABLE = "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"


def submit(gateway):
    return gateway.request("POST", "/v1/statement", SUBMISSION, b"SELECT 1")


def healthy(gateway, backend):
    return gateway.metric(f'trino_gateway_backend_healthy{{backend="{backend}"}}')


def test_a_dead_backend_is_out_after_the_first_query_that_met_it(lab):
    gone, other = lab.raw_backend("g0ne1"), lab.raw_backend("other")
    gateway = lab.gateway({"c1": gone, "c2": other})
    gone.close()
    for _ in range(2):
        submit(gateway)
    wait_for(lambda: healthy(gateway, "c1") == 0, "c1 to be unhealthy")
    told = wait_for(lambda: [line for line in gateway.events("backend.unhealthy")
                             if line["backend"] == "c1"], "the log to tell")
    assert told[0]["class"] == "refused"
    assert gateway.metric('trino_gateway_data_path_failures_total{backend="c1",reason="refused"}') >= 1
    failed = gateway.metric('trino_gateway_backend_state_changes_total'
                            '{backend="c1",reason="refused",state="unhealthy"}')
    assert failed == 1


def test_a_backend_whose_probes_succeed_stays_in_though_a_query_failed(lab):
    refusing, other = lab.raw_backend("refus"), lab.raw_backend("other")
    gateway = lab.gateway({"c1": refusing, "c2": other})
    probes = 'trino_gateway_probes_total{backend="c1",result="ok"}'
    before = gateway.metric(probes)
    refusing.script = sends(UNAVAILABLE)
    for _ in range(2):
        submit(gateway)
    wait_for(lambda: gateway.metric(probes) > before, "a probe that the failure asked for")
    assert gateway.metric('trino_gateway_data_path_failures_total{backend="c1",reason="http_503"}') >= 1
    assert healthy(gateway, "c1") == 1
    assert not [line for line in gateway.events("backend.unhealthy") if line["backend"] == "c1"]


def left(gateway, what):
    return gateway.metric(f'trino_gateway_backend_{what}{{backend="c1"}}')


def test_what_runs_on_a_backend_is_counted(lab):
    gateway = lab.gateway({"c1": lab.fake_trino("aaaaa")})
    assert (left(gateway, "live_queries"), left(gateway, "open_transactions")) == (0, 0)
    first = json.loads(statement(gateway, "SELECT /* pages=3 */").body)["nextUri"]
    second = json.loads(statement(gateway, "SELECT 2 /* pages=3 */").body)["nextUri"]
    assert left(gateway, "live_queries") == 2
    for uri, method in ((first, "GET"), (second, "DELETE")):
        gateway.request(method, target_of(gateway, uri), AS_ALICE)
    assert left(gateway, "live_queries") == 1, "the cancelled one has ended"

    transaction = "2a4fd2ef-5ba1-4d9c-8e0e-0d4b8e3a1c11"
    started = statement(gateway, f"START /* pages=2 header=X-Trino-Started-Transaction-Id:{transaction} */")
    gateway.request("GET", target_of(gateway, json.loads(started.body)["nextUri"]), AS_ALICE)
    assert left(gateway, "open_transactions") == 1
    commit = statement(gateway, "COMMIT /* pages=2 header=X-Trino-Clear-Transaction-Id:true */",
                       [("X-Trino-Transaction-Id", f"{transaction}~c1")])
    gateway.request("GET", target_of(gateway, json.loads(commit.body)["nextUri"]), AS_ALICE)
    assert left(gateway, "open_transactions") == 0


def answers_after(seconds, suffix):
    def script(exchange):
        exchange.body()
        time.sleep(seconds)
        answer = statement_answer(f"20260101_000000_00001_{suffix}")
        exchange.reply(200, [("Content-Type", "application/json")], json.dumps(answer).encode())
    return script


def test_a_backend_that_answers_far_slower_than_its_peers_is_out_for_a_while(lab):
    slow, quick, other = (lab.raw_backend(name) for name in ("slow1", "quick", "other"))
    # A stall of the machine must not make a peer slow, nor let the checks below come too late.
    rule = {"at_least": "500ms", "times": 3, "requests": 4, "eject_for": "10s"}
    gateway = lab.gateway({"c1": slow, "c2": quick, "c3": other}, monitor={"latency": rule})
    slow.script = answers_after(1.2, "slow1")
    quick.script, other.script = answers_after(0, "quick"), answers_after(0, "other")

    def told_of_c1(event):
        return [line for line in gateway.events(event) if line["backend"] == "c1"]

    told = wait_for(lambda: submit(gateway) and told_of_c1("backend.ejected"),
                    "the slow backend to be ejected")
    assert told[0]["class"] == "latency"
    assert re.match(r"slow: \d{4,} ms on average", told[0]["reason"])
    state = json.loads(gateway.admin("/api/v1/backends/c1").body)
    assert (state["health"], state["failure_class"]) == ("unhealthy", "latency")
    assert state["health_reason"] == told[0]["reason"]
    assert healthy(gateway, "c1") == 0
    assert gateway.metric('trino_gateway_backend_state_changes_total'
                          '{backend="c1",reason="latency",state="unhealthy"}') == 1

    met = len(slow.heads)
    for _ in range(6):
        assert submit(gateway).status == 200
    assert len(slow.heads) == met, "no new query goes there"

    slow.script = answers_after(0, "slow1")
    wait_for(lambda: told_of_c1("backend.readmitted"), "the slow backend to come back")
    wait_for(lambda: submit(gateway) and len(slow.heads) > met, "queries to go there again")
    assert healthy(gateway, "c1") == 1
