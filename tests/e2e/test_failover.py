"""A submission that its first cluster cannot take goes to another one, and no client notices."""

import pytest

from harness.front import Front
from harness.gateway import two_clusters
from harness.waiting import wait_until

WHO = "SELECT max(node_id) FROM system.runtime.nodes"


@pytest.fixture
def fronts(c2, legacy):
    """c2 and the legacy cluster behind something that can be cut, as when their hosts are gone."""
    made = {server.name: Front(server.port) for server in (c2, legacy)}
    yield made
    for front in made.values():
        front.cut()


def backends(c1, fronts):
    return [{"id": "c1", "url": c1.url}, *({"id": name, "url": front.url}
                                           for name, front in fronts.items())]


def test_a_dead_cluster_that_nobody_has_noticed_yet_costs_no_client_anything(
        new_gateway, clients, c1, fronts):
    sections = {**two_clusters(c1, c1), "backends": backends(c1, fronts),
                "groups": [{"id": "all", "backends": ["c1", "c2"], "strategy": "round_robin"}],
                "monitor": {"interval": "60s", "timeout": "30s", "fall": 100}}  # nor later, before the test's end
    gateway = new_gateway(**sections).wait_for_backends("c1", "c2")
    fronts["c2"].cut()
    for client in clients.values():
        # A transaction starts with a submission like any other.
        assert client.transaction(gateway.url, WHO, WHO) == "c1\n" * 2
        assert client.run(gateway.url, WHO, WHO) == "c1\n" * 2
    assert gateway.metric("retries_total", backend="c2", reason="refused") >= 4


def chain_of_groups():
    return {"routing": {"default_group": "first"},
            "groups": [{"id": "first", "backends": ["c2"], "fallback_groups": ["second", "third"]},
                       {"id": "second", "backends": ["legacy"]}, {"id": "third", "backends": ["c1"]}]}


def chain_of_a_policy():
    return {"routing": {"default_group": "other"},
            "groups": [{"id": name, "backends": [backend]} for name, backend in (
                ("first", "c2"), ("second", "legacy"), ("third", "c1"), ("other", "c1"))],
            "policies": [{"id": "all", "conditions": [{"type": "user_regex", "values": [".*"]}],
                          "group": "first", "fallback_group": "second",
                          "more_fallback_groups": ["third"]}]}


@pytest.mark.parametrize("chain, name", [(chain_of_groups, "jdbc"), (chain_of_a_policy, "python")])
def test_queries_walk_down_a_chain_of_groups(new_gateway, clients, c1, fronts, chain, name):
    gateway = new_gateway(**chain(), backends=backends(c1, fronts), monitor={"interval": "60s", "timeout": "30s"})
    gateway.wait_for_backends("c2")
    for expected, next_to_go in (("c2", "c2"), ("legacy", "legacy"), ("c1", None)):
        assert clients[name].run(gateway.url, WHO) == f"{expected}\n"
        if next_to_go:
            fronts[next_to_go].cut()

    def recorded():
        listed = gateway.api("GET", "queries?count=2").json()["items"]
        taken = [(query["backend_id"], query["group_id"]) for query in listed]
        return taken == [("c1", "third"), ("legacy", "second")]

    wait_until(recorded, 60, "the history tells which groups took the last queries")
