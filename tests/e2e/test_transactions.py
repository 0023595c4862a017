"""Transactions with real clients: kept together, refused where that is wanted, and lost in plain words."""

import pytest
import sqlalchemy

from harness.clients import ClientFailed
from harness.front import Front
from harness.gateway import two_clusters
from harness.waiting import wait_until

DRIVERS = ("jdbc", "python", "go")
LOST = "Start a new transaction"
PAUSED = ["1\n", "PAUSED\n"]  # what SELECT 1 and PAUSE print


def only_on(sections, backend):
    sections["groups"][0]["backends"] = [backend]
    return sections


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_is_told_that_its_transactions_cluster_was_taken_away(new_gateway, clients, c1, c2, name):
    gateway = new_gateway(**only_on(two_clusters(c1, c2), "c2")).wait_for_backends("c2")
    running = clients[name].start_transaction(gateway.url, "SELECT 1", "PAUSE", "SELECT 2")
    assert running.read_rows(2) == PAUSED
    without = only_on(two_clusters(c1, c2), "c1")
    del without["backends"][1]
    gateway.reconfigure(**without)
    running.resume()
    with pytest.raises(ClientFailed, match=f"'c2' .* is no longer configured.*{LOST}"):
        running.finish()


def test_all_clients_are_told_that_their_transactions_cluster_died(new_gateway, clients, c1, c2):
    front = Front(c2.port)
    sections = only_on(two_clusters(c1, c2), "c2")
    sections["backends"][1]["url"] = front.url
    gateway = new_gateway(**sections).wait_for_backends("c2")
    terminal = clients["cli"].open_terminal(gateway.url)
    try:
        assert terminal.run("START TRANSACTION") == "START TRANSACTION"
        assert terminal.run("SELECT 1") == "1"
        running = [clients[name].start_transaction(gateway.url, "SELECT 1", "PAUSE", "SELECT 2")
                   for name in DRIVERS]
        assert [client.read_rows(2) for client in running] == [PAUSED] * len(DRIVERS)
        front.cut()  # for the gateway as if the host was gone
        wait_until(lambda: gateway.metric("backend_healthy", backend="c2") == 0, 90, "c2 is out")
        for client in running:
            client.resume()
        for client in running:
            with pytest.raises(ClientFailed, match=f"'c2' .* cannot be reached.*{LOST}"):
                client.finish()
        assert LOST in terminal.run("SELECT 2")
    finally:
        terminal.close()


def test_a_gateway_that_refuses_transactions_says_so(new_gateway, client, c1, c2, marker):
    sections = two_clusters(c1, c2)
    sections["routing"]["transactions"] = "refuse"
    gateway = new_gateway(**sections).wait_for_backends("c1", "c2")
    with pytest.raises(ClientFailed, match="This gateway refuses transactions"):
        client.transaction(gateway.url, f"SELECT 1 AS {marker}")
    assert client.run(gateway.url, "SELECT 1", "SELECT 2") == "1\n2\n"
    assert [server.queries(marker) for server in (c1, c2)] == [[], []]


def test_sqlalchemy_runs_a_transaction_on_one_cluster(gateway, c1, c2, marker):
    engine = sqlalchemy.create_engine(f"trino://alchemy@127.0.0.1:{gateway.port}/tpch/tiny",
                                      isolation_level="SERIALIZABLE")
    for end in ("commit", "rollback"):
        with engine.connect() as connection:
            query = sqlalchemy.text(f"SELECT count(*) AS {marker}{end} FROM nation")
            # To its end: scalar() would leave the query when it has a row, and so cancel it.
            assert [connection.execute(query).all() for _ in range(4)] == [[(25,)]] * 4
            getattr(connection, end)()
        taken = [len(server.queries(marker + end)) for server in (c1, c2)]
        assert sorted(taken) == [0, 4]
    engine.dispose()
