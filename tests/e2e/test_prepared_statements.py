"""Prepared statements travel with their session; the gateway reads them to place their EXECUTE."""

import pytest

from harness import direct
from harness.gateway import Gateway, two_clusters
from harness.waiting import wait_until

# Too long to be sent as it is: Trino compresses it.
LONG = ", ".join(f"'{word} {number}'" for number in range(300) for word in ("ALPHA", "BETA"))
WHO = "(SELECT max(node_id) FROM system.runtime.nodes)"
REGION = f"SELECT {WHO}, regionkey FROM tpch.tiny.region WHERE name = ?"
LONG_REGION = f"{REGION} OR name IN ({LONG})"


@pytest.fixture(scope="module")
def by_table(c1, c2, tmp_path_factory):
    """Queries of the table region go to c2, all others to c1."""
    sections = two_clusters(c1, c2)
    sections["groups"] = [{"id": "all", "backends": ["c1"]}, {"id": "second", "backends": ["c2"]}]
    sections["policies"] = [{"id": "region", "group": "second",
                             "conditions": [{"type": "table", "values": ["tpch.tiny.region"]}]}]
    gateway = Gateway(tmp_path_factory.mktemp("prepared"), **sections).start()
    try:
        gateway.wait_for_backends("c1")
        wait_until(lambda: gateway.metric("backend_healthy", backend="c2") == 1, 60, "c2 is healthy")
        yield gateway
    finally:
        gateway.stop()


def test_an_execute_goes_where_its_prepared_statement_has_to(by_table, client):
    assert client.prepared(by_table.url, LONG_REGION, "ASIA") == "c2\t2\n"


def test_an_execute_of_no_statement_that_a_policy_wants_goes_elsewhere(by_table, clients):
    assert clients["python"].prepared(by_table.url, f"SELECT {WHO} WHERE ? = 'x'", "x") == "c1\n"


def test_trino_did_compress_it(by_table):
    answer = direct.submit(by_table.url, f"PREPARE p FROM {LONG_REGION}")
    added = [prepared for head in direct.heads(answer)
             if (prepared := head.get("X-Trino-Added-Prepare"))]
    # Once or more: Trino says it in each page from then on, and how many there are is its business.
    assert {prepared.split("=")[0] for prepared in added} == {"p"}
    assert added[0].split("=")[1].startswith("%24zstd%3A")
    answer = direct.submit(by_table.url, "EXECUTE p USING 'ASIA'",
                           {"X-Trino-Prepared-Statement": added[0]})
    assert answer.headers["X-Trino-Gateway-Backend"] == "c2"


def test_the_cli_keeps_and_drops_a_prepared_statement(by_table, clients):
    rows = clients["cli"].run(by_table.url, f"PREPARE mine FROM {REGION}", "EXECUTE mine USING 'ASIA'",
                              "EXECUTE mine USING 'AFRICA'", "DEALLOCATE PREPARE mine")
    assert rows == "c2\t2\nc2\t0\n"
