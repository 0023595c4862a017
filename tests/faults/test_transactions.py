"""Transactions: each statement reaches the cluster that holds it, from any gateway instance."""

import json

import pytest

from .queries import AS_ALICE, submit
from .wire import request_text

UUID = "2a4fd2ef-5ba1-4d9c-8e0e-0d4b8e3a1c11"
START = f"START TRANSACTION /* pages=1 header=X-Trino-Started-Transaction-Id:{UUID} */"


@pytest.fixture(scope="module")
def parts(shared_lab):
    fakes = {"c1": shared_lab.fake_trino("aaaaa"), "c2": shared_lab.fake_trino("bbbbb")}
    return fakes, shared_lab.gateway(fakes)


@pytest.fixture
def gateway(parts):
    return parts[1]


def within(transaction):
    return [("X-Trino-Transaction-Id", transaction)]


def last_statement(fake):
    return [head for head in fake.heads() if "X-Trino-User: alice" in head][-1]


def test_a_started_transaction_is_tagged_with_its_cluster(gateway):
    for _ in range(2):
        answer = submit(gateway, START)
        backend = answer.get("X-Trino-Gateway-Backend")
        assert answer.head.all("X-Trino-Started-Transaction-Id") == [f"{UUID}~{backend}"]


@pytest.mark.parametrize("backend", ["c1", "c2"])
def test_statements_of_a_transaction_go_to_its_cluster_without_the_tag(parts, backend):
    fakes, gateway = parts
    for number in range(4):
        answer = submit(gateway, f"SELECT 1 /* pages=1 tag=tx{number} */",
                        within(f"{UUID}~{backend}"))
        assert answer.get("X-Trino-Gateway-Backend") == backend
    posts = [head for head in fakes[backend].heads() if "X-Trino-Transaction-Id" in head]
    assert all(f"X-Trino-Transaction-Id: {UUID}\r\n" in head for head in posts[-4:])


def test_polls_of_a_transaction_go_out_without_the_tag(parts):
    fakes, gateway = parts
    answer = submit(gateway, "SELECT 1 /* pages=1 */", within(f"{UUID}~c2"))
    uri = json.loads(answer.body)["nextUri"]
    target = uri.removeprefix(f"http://{gateway.host}")
    gateway.request("GET", target, [*AS_ALICE, *within(f"{UUID}~c2")])
    assert not any(f"{UUID}~" in head for fake in fakes.values() for head in fake.heads())


@pytest.mark.parametrize("value", ["NONE", "none", "", UUID])
def test_a_statement_that_names_no_tagged_transaction_is_balanced(gateway, value):
    taken = {submit(gateway, "SELECT 1", within(value)).get("X-Trino-Gateway-Backend")
             for _ in range(4)}
    assert taken == {"c1", "c2"}


def test_a_transaction_of_a_cluster_that_is_not_there_ends_with_a_query_error(gateway):
    answer = submit(gateway, "SELECT 1", within(f"{UUID}~gone"))
    assert answer.status == 200
    page = json.loads(answer.body)
    assert page["id"] and page["stats"]["state"] == "FAILED"
    assert "nextUri" not in page
    error = page["error"]
    assert "gone" in error["message"]
    assert set(error) >= {"message", "errorCode", "errorName", "errorType"}


def test_a_query_error_of_the_gateway_escapes_what_the_client_sent(gateway):
    answer = submit(gateway, "SELECT 1", within(f'{UUID}"\\~gone'))
    assert answer.status in (200, 400)
    if answer.status == 200:
        json.loads(answer.body)


def test_a_transaction_on_a_dead_cluster_is_never_moved_to_another(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes, monitor={"interval": "100ms"})
    fakes["c1"].kill()
    for _ in range(3):
        answer = submit(gateway, "SELECT 1", within(f"{UUID}~c1"))
        assert answer.status in (200, 502, 503)
        assert answer.status != 200 or "error" in json.loads(answer.body)
    # The monitor's are of another user.
    statements = [head for head in fakes["c2"].heads() if head.startswith("POST /v1/statement")]
    assert statements and not [head for head in statements if "X-Trino-User: alice" in head]


def test_a_kill_leaves_the_transaction_of_another_cluster_and_that_goes_on(parts):
    fakes, gateway = parts
    running = submit(gateway, "SELECT 1 /* pages=2 */")
    owner = running.get("X-Trino-Gateway-Backend")
    other = next(key for key in fakes if key != owner)
    kill = f"CALL system.runtime.kill_query('{json.loads(running.body)['id']}', 'by a test')"
    killed = submit(gateway, kill, within(f"{UUID}~{other}"))
    assert (killed.status, killed.get("X-Trino-Gateway-Backend")) == (200, owner)
    assert "X-Trino-Transaction-Id: NONE\r\n" in last_statement(fakes[owner])
    open_there = f'trino_gateway_backend_open_transactions{{backend="{owner}"}}'
    before = gateway.metric(open_there)
    killed = submit(gateway, kill, within(f"{UUID[:-1]}9~{other}"))
    assert (killed.status, gateway.metric(open_there)) == (200, before)
    assert submit(gateway, "SELECT 1", within(f"{UUID}~{other}")).status == 200
    assert f"X-Trino-Transaction-Id: {UUID}\r\n" in last_statement(fakes[other])
    assert submit(gateway, kill, within(f"{UUID}~{owner}")).status == 200
    assert f"X-Trino-Transaction-Id: {UUID}\r\n" in last_statement(fakes[owner])


def test_presto_transactions_are_tagged_too(parts):
    fakes, gateway = parts
    sql = f"START TRANSACTION /* pages=1 header=X-Presto-Started-Transaction-Id:{UUID} */"
    wire = gateway.connect()
    wire.send(request_text("POST", "/v1/statement", gateway.host, AS_ALICE, sql.encode()))
    answer = wire.read_response()
    backend = answer.get("X-Trino-Gateway-Backend")
    assert answer.get("X-Presto-Started-Transaction-Id") == f"{UUID}~{backend}"
    wire.send(request_text("POST", "/v1/statement", gateway.host,
                           [("X-Presto-User", "alice"), ("X-Presto-Transaction-Id", f"{UUID}~c2")],
                           b"SELECT 1"))
    assert wire.read_response().get("X-Trino-Gateway-Backend") == "c2"
