"""Each of Trino's clients runs its kinds of statements through the gateway, on two clusters in turn."""

import hashlib

import pytest

from harness.clients import ClientFailed
from harness.sql import HUNDRED_THOUSAND_ROWS


def test_a_query_returns_its_row(gateway, client):
    assert client.run(gateway.url, "SELECT 1") == "1\n"


def test_100000_rows_have_the_checksum_of_a_direct_run(gateway, client, direct_rows):
    rows = client.run(gateway.url, HUNDRED_THOUSAND_ROWS)
    assert rows.count("\n") == 100_000
    assert checksum(rows) == checksum(direct_rows(client))


def test_a_prepared_statement_gets_its_arguments(gateway, client):
    sql = "SELECT nationkey FROM tpch.tiny.nation WHERE name = ? OR name = ? ORDER BY 1"
    assert client.prepared(gateway.url, sql, "FRANCE", "GERMANY") == "6\n7\n"


def test_a_session_property_holds_for_the_next_statements(gateway, client):
    rows = client.run(gateway.url, "SET SESSION query_max_run_time = '11m'",
                      "SHOW SESSION LIKE 'query_max_run_time'",
                      "SHOW SESSION LIKE 'query_max_run_time'")
    assert [row.split("\t")[:2] for row in rows.splitlines()] == [["query_max_run_time", "11m"]] * 2


def test_use_sets_the_schema_of_the_next_statements(gateway, client):
    rows = client.run(gateway.url, "USE tpch.tiny", "SELECT count(*) FROM nation",
                      "SELECT count(*) FROM region")
    assert rows == "25\n5\n"


def test_all_statements_of_a_transaction_run_on_one_cluster(gateway, client, c1, c2, marker):
    rows = client.transaction(gateway.url, f"SELECT 1 AS {marker}",
                              f"SELECT count(*) AS {marker} FROM tpch.tiny.nation",
                              f"SELECT 3 AS {marker}")
    assert rows == "1\n25\n3\n"
    assert sorted(len(server.queries(marker)) for server in (c1, c2)) == [0, 3]


def test_the_client_shows_trinos_own_error_message(gateway, client):
    with pytest.raises(ClientFailed, match="Column 'nope' cannot be resolved"):
        client.run(gateway.url, "SELECT nope FROM tpch.tiny.nation")


def test_an_error_in_the_middle_of_a_query_reaches_the_client(gateway, client):
    with pytest.raises(ClientFailed, match="Division by zero"):
        client.run(gateway.url, "SELECT 1 / (nationkey - 24) FROM tpch.tiny.nation")


def test_go_pings_the_gateway(gateway, clients):
    clients["go"].ping(gateway.url)


def checksum(rows):
    # Of the text, so that a difference does not print megabytes.
    return hashlib.sha256(rows.encode()).hexdigest()
