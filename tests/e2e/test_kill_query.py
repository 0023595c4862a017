"""CALL system.runtime.kill_query goes to the cluster that runs the query, whatever policies say."""

import pytest

from harness import direct
from harness.clients import ClientFailed
from harness.sql import endless
from harness.waiting import wait_until

# Policies lead every statement with this tag to c2.
TO_C2 = {"X-Trino-Client-Tags": "etl"}

CALLS = {
    "positional": "CALL system.runtime.kill_query('{id}', 'by a test')",
    "named": "CALL system.runtime.kill_query(query_id => '{id}', message => 'by a test')",
    "named the other way round": "call system.runtime.kill_query(message => 'by', query_id => '{id}')",
    "other case": 'Call SYSTEM."runtime".Kill_Query(QUERY_ID => \'{id}\', Message => \'by\')',
    "comments and line breaks": "-- first\nCALL /* a */ system\n.runtime -- b\r\n.kill_query\n(\n"
                                "'{id}' /* , 'other' */,\n'by a test'\n)\n",
    "the default schema": "CALL kill_query('{id}', 'by a test')",
    "EXECUTE IMMEDIATE": "EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(''{id}'', ''by'')'",
}


@pytest.fixture
def running(gateway, c1, marker):
    """The id of a query that runs on c1."""
    submit = iter(lambda: direct.submit(gateway.url, endless(marker)), None)
    answer = next(answer for answer in submit if answer.headers["X-Trino-Gateway-Backend"] == "c1")
    pages = direct.follow(answer.json())
    wait_until(lambda: next(pages)["stats"]["state"] == "RUNNING", 90, "the query runs")
    query_id = answer.json()["id"]
    yield query_id
    direct.delete(f"{c1.url}/v1/query/{query_id}")


def state(c1, query_id):
    return direct.rows(c1.url, f"SELECT state, error_code FROM system.runtime.queries "
                               f"WHERE query_id = '{query_id}'")


@pytest.mark.parametrize("call", CALLS)
def test_a_call_reaches_the_owner_against_all_policies(gateway, c1, running, call):
    headers = {**TO_C2, "X-Trino-Catalog": "system", "X-Trino-Schema": "runtime"}
    answer = direct.submit(gateway.url, CALLS[call].format(id=running), headers)
    assert answer.headers["X-Trino-Gateway-Backend"] == "c1"
    assert [page["error"] for page in direct.follow(answer.json()) if "error" in page] == []
    assert state(c1, running) == [["FAILED", "ADMINISTRATIVELY_KILLED"]]


def kill_twice(kill, c1, query_id):
    """Only its owner can say of a query that it has ended; another cluster says "not found"."""
    kill()
    with pytest.raises(ClientFailed, match="not running"):
        kill()
    assert state(c1, query_id) == [["FAILED", "ADMINISTRATIVELY_KILLED"]]


@pytest.mark.parametrize("name", ["cli", "jdbc", "python"])
def test_each_client_kills_a_query(gateway, clients, c1, running, name):
    call = f"CALL system.runtime.kill_query('{running}', 'by a test')"
    kill_twice(lambda: clients[name].run(gateway.url, call), c1, running)


# Not with parameters: Trino takes none in CALL.
def test_a_prepared_call_reaches_the_owner(gateway, clients, c1, running):
    call = f"CALL system.runtime.kill_query('{running}', 'by a test')"
    kill_twice(lambda: clients["cli"].run(gateway.url, f"PREPARE p FROM {call}", "EXECUTE p"), c1, running)


@pytest.mark.parametrize("sql", [
    "SELECT 'CALL system.runtime.kill_query(''{id}'')'",
    "SELECT 1 -- CALL system.runtime.kill_query('{id}')",
    "/* CALL system.runtime.kill_query('{id}') */ SELECT 1",
])
def test_a_text_that_only_looks_like_a_call_goes_by_the_policies(gateway, c1, running, sql):
    answer = direct.submit(gateway.url, sql.format(id=running), TO_C2)
    assert answer.headers["X-Trino-Gateway-Backend"] == "c2"
    assert [page["error"] for page in direct.follow(answer.json()) if "error" in page] == []
    assert state(c1, running)[0][0] == "RUNNING"


def test_the_client_is_told_that_a_query_is_not_known(gateway, clients):
    with pytest.raises(ClientFailed, match="not found"):
        clients["python"].run(
            gateway.url, "CALL system.runtime.kill_query('20200101_000000_00000_zzzzz', 'no')")
