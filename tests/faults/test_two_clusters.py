"""Two fake Trinos, one in trouble: clients see no error while the other one is healthy."""

import pytest

from .harness import wait_for
from .queries import follow, run_query, submit

SQL = "SELECT * FROM t /* pages=2 */"


@pytest.mark.parametrize("fault", ["503", "502", "429", "reset", "close", "hang"])
def test_new_queries_avoid_a_cluster_in_trouble(lab, fault):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes, timeouts={"submit_head": "5s"} if fault == "hang" else {})
    fakes["c1"].control(f"mode?fault={fault}&for_ms=120000")
    for _ in range(3):
        query = run_query(gateway, SQL)
        assert (set(query.statuses), query.backend) == ({200}, "c2")


def test_a_cluster_that_died_gets_no_new_queries_and_its_return_is_noticed(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes, monitor={"interval": "100ms"})
    fakes["c1"].kill()
    assert {run_query(gateway, SQL).backend for _ in range(6)} == {"c2"}
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c1"}') == 0,
             "c1 to be found dead")
    lab.fake_trino("ccccc", port=fakes["c1"].port)
    gateway.wait_healthy(["c1"])
    assert {run_query(gateway, SQL).backend for _ in range(4)} == {"c1", "c2"}


def test_a_cluster_that_says_it_is_starting_gets_no_queries(lab):
    fakes = {"c1": lab.fake_trino("aaaaa", "-starting", "1h"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes, healthy=["c2"])
    assert {run_query(gateway, SQL).backend for _ in range(6)} == {"c2"}
    assert fakes["c1"].stats()["posts"] == 0


def test_running_queries_stay_on_an_unhealthy_cluster(lab):
    fakes = {"c1": lab.fake_trino("aaaaa")}
    gateway = lab.gateway(fakes, monitor={"interval": "100ms"})
    answer = submit(gateway, SQL)
    fakes["c1"].control("mode?fault=503&for_ms=120000")
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c1"}') == 0,
             "c1 to be found unhealthy")
    fakes["c1"].control("mode?fault=none")
    assert follow(gateway, answer).error is None


def test_without_a_healthy_cluster_clients_are_told_to_come_again(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake}, monitor={"interval": "100ms"})
    fake.kill()
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c1"}') == 0,
             "c1 to be found dead")
    answer = submit(gateway, "SELECT 1")
    assert (answer.status, answer.get("Retry-After") is not None) == (503, True)
    assert b"c1" in answer.body, "it does not say which cluster is missing"
    assert gateway.request("GET", "/v1/info").status == 503
