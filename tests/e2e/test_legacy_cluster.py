"""A cluster with Trino's default, http-server.process-forwarded=false: it refuses X-Forwarded-*."""

import pytest

from harness import direct
from harness.gateway import Gateway
from harness.sql import HUNDRED_THOUSAND_ROWS


@pytest.fixture(scope="module")
def only_legacy(legacy, tmp_path_factory):
    gateway = Gateway(
        tmp_path_factory.mktemp("legacy"),
        routing={"default_group": "old"},
        backends=[{"id": "legacy", "url": legacy.url}],
        groups=[{"id": "old", "backends": ["legacy"], "strategy": "round_robin"}]).start()
    try:
        yield gateway.wait_for_backends("legacy")
    finally:
        gateway.stop()


def test_each_client_runs_queries_and_transactions_on_it(only_legacy, client):
    assert client.run(only_legacy.url, "USE tpch.tiny", "SELECT count(*) FROM nation") == "25\n"
    assert client.transaction(only_legacy.url, "SELECT 1", "SELECT 2", "SELECT 3") == "1\n2\n3\n"


def test_its_rows_are_those_of_a_direct_run(only_legacy, clients, direct_rows):
    python = clients["python"]
    rows = python.run(only_legacy.url, HUNDRED_THOUSAND_ROWS)
    assert rows.count("\n") == 100_000
    assert rows == direct_rows(python), "rows were lost, repeated or changed"


def test_its_uris_stay_at_the_gateway(only_legacy):
    for page in direct.follow(direct.submit(only_legacy.url, "SELECT 1").json()):
        for name in ("nextUri", "infoUri", "partialCancelUri"):
            assert page.get(name, only_legacy.url).startswith(only_legacy.url), name


def test_it_stands_beside_clusters_that_honour_the_headers(gateway, legacy, marker):
    tags = {"X-Trino-Client-Tags": "old"}
    assert direct.rows(gateway.url, f"SELECT 5 AS {marker}", tags) == [[5]]
    assert len(legacy.queries(marker)) == 1
