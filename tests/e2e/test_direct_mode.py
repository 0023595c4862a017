"""Direct mode: the gateway places each query, and the client reads its rows at the cluster."""

import pytest
import requests

from harness import direct
from harness.gateway import Gateway, two_clusters
from harness.sql import TWENTY_THOUSAND_ROWS
from harness.waiting import wait_until
from ports import free_port

URIS = ("nextUri", "infoUri", "partialCancelUri")


@pytest.fixture(scope="module")
def placing(c1, c2, tmp_path_factory):
    """c1 and c2 in turn, in direct mode; c2 is reached by another name than the gateway's own."""
    sections = two_clusters(c1, c2)
    sections["groups"][0]["mode"] = "direct"
    sections["backends"][1]["external_url"] = f"http://localhost:{c2.port}"
    gateway = Gateway(tmp_path_factory.mktemp("direct"), **sections).start()
    try:
        yield gateway.wait_for_backends("c1", "c2")
    finally:
        gateway.stop()


def polls(gateway):
    """The series of /metrics that count polls of clients."""
    text = requests.get(f"{gateway.admin_url}/metrics", timeout=60).text
    return [line for line in text.splitlines() if 'endpoint="poll"' in line]


def test_the_rows_are_those_of_a_query_without_a_gateway(placing, client, direct_rows):
    rows = client.run(placing.url, TWENTY_THOUSAND_ROWS)
    assert rows.count("\n") == 20_000
    assert direct_rows(client).startswith(rows), "rows were lost, repeated or changed"


def test_only_submissions_come_to_the_gateway(placing, client, c1, c2, marker):
    before = polls(placing)
    counts = [f"SELECT count(*) AS {marker} FROM {table}" for table in ("nation", "region") * 2]
    # USE is a statement, too, so an even number of others is shared by halves.
    assert client.run(placing.url, "USE tpch.tiny", *counts) == "25\n5\n25\n5\n"
    assert (len(c1.queries(marker)), len(c2.queries(marker))) == (2, 2)
    assert polls(placing) == before


def test_each_page_names_the_cluster(placing, c1, c2):
    bases = {"c1": c1.url, "c2": f"http://localhost:{c2.port}"}
    for _ in range(2):
        answer = direct.submit(placing.url, "SELECT 1")
        base = bases[answer.headers["X-Trino-Gateway-Backend"]]
        pages = list(direct.follow(answer.json()))
        assert len(pages) > 1
        uris = [page[name] for page in pages for name in URIS if name in page]
        assert all(uri.startswith(f"{base}/") for uri in uris), uris


def test_a_prepared_statement_goes_from_cluster_to_cluster(placing, client):
    sql = "SELECT nationkey FROM tpch.tiny.nation WHERE name = ? OR name = ? ORDER BY 1"
    assert client.prepared(placing.url, sql, "FRANCE", "GERMANY") == "6\n7\n"


def test_a_transaction_runs_on_one_cluster(placing, client, c1, c2, marker):
    rows = client.transaction(placing.url, f"SELECT 1 AS {marker}", f"SELECT 2 AS {marker}",
                              f"SELECT 3 AS {marker}")
    assert rows == "1\n2\n3\n"
    assert sorted(len(server.queries(marker)) for server in (c1, c2)) == [0, 3]


def test_a_query_is_killed_through_the_gateway(placing, c1, c2, marker):
    for number in range(2):
        name = f"{marker}{number}"
        page = direct.submit(placing.url, f"SELECT count(*) AS {name} FROM tpch.sf1000.lineitem").json()
        query = direct.follow(page)
        wait_until(lambda: next(query)["stats"]["state"] == "RUNNING", 90, "the query runs")
        assert direct.rows(placing.url, f"CALL system.runtime.kill_query('{page['id']}', 'enough')") == []
        states = [query[1:] for server in (c1, c2) for query in server.queries(name)]
        assert states == [("FAILED", "ADMINISTRATIVELY_KILLED")]


def test_the_history_has_each_query_as_it_was_submitted(placing, marker):
    page = direct.submit(placing.url, f"SELECT 1 AS {marker}").json()
    list(direct.follow(page))
    record = wait_until(lambda: placing.api("GET", f"queries/{page['id']}").json().get("id") and
                        placing.api("GET", f"queries/{page['id']}").json(), 60, "the record is there")
    assert (record["group_id"], marker in record["text"]) == ("all", True)


def test_a_statement_goes_to_the_next_group_when_a_cluster_is_dead(new_gateway, clients, c1):
    sections = two_clusters(c1, c1)
    sections["backends"][1] = {"id": "gone", "url": f"http://127.0.0.1:{free_port()}"}
    sections["groups"] = [{"id": "all", "backends": ["gone"], "fallback_groups": ["spare"]},
                          {"id": "spare", "backends": ["c1"], "mode": "direct"}]
    gateway = new_gateway(**sections).wait_for_backends("c1")
    assert clients["python"].run(gateway.url, "SELECT 1", "SELECT 2") == "1\n2\n"
    assert polls(gateway) == []
