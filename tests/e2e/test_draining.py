"""A cluster is drained: what runs there goes on, nothing new comes, and one sees when it is empty."""

import pytest
import trino

from harness import direct
from harness.gateway import two_clusters
from harness.sql import some_seconds
from harness.waiting import wait_until


@pytest.fixture
def drain(new_gateway, c1, c2):
    """(gateway, drain the cluster c2)."""
    # What other tests left running there may have come through a gateway before its restart: it counts.
    c2.end_queries()
    sections = two_clusters(c1, c2)
    gateway = new_gateway(**sections).wait_for_backends("c1", "c2")

    def start():
        sections["backends"][1]["draining"] = True
        gateway.reconfigure(**sections)

    return gateway, start


def submit_to(gateway, backend, sql, headers=None):
    """The first page of a query that was placed there."""
    for _ in range(100):
        answer = direct.submit(gateway.url, sql, headers)
        if answer.headers["X-Trino-Gateway-Backend"] == backend:
            return answer.json()
        list(direct.follow(answer.json()))
    raise AssertionError(f"no query was placed on {backend}")


def left(gateway, what="backend_live_queries"):
    return gateway.metric(what, backend="c2")


def test_running_queries_end_where_they_run_and_new_ones_go_elsewhere(drain, marker):
    gateway, start = drain
    pages = direct.follow(submit_to(gateway, "c2", some_seconds(marker)))
    for _ in range(4):
        page = next(pages)
    start()
    assert {direct.submit(gateway.url, "SELECT 1").headers["X-Trino-Gateway-Backend"]
            for _ in range(6)} == {"c1"}
    wait_until(lambda: left(gateway), 15, "the query that runs there is counted")
    rows = [row for page in [page, *pages] for row in page.get("data", [])]
    assert rows == [[6001215]]
    # The submissions that were never polled count until Trino has dropped them.
    wait_until(lambda: left(gateway) == 0, 120, "nothing runs on c2 any more")


def test_an_open_transaction_counts_until_its_end(drain):
    gateway, start = drain
    level = trino.transaction.IsolationLevel.READ_UNCOMMITTED

    def begin():
        for _ in range(100):
            connection = trino.dbapi.connect(host="127.0.0.1", port=gateway.port, user="test",
                                             isolation_level=level)
            cursor = connection.cursor()
            cursor.execute("SELECT 1")
            assert cursor.fetchall() == [[1]]
            if gateway.metric("backend_open_transactions", backend="c2"):
                return connection
            connection.commit()
        raise AssertionError("no transaction was placed on c2")

    connection = begin()
    start()
    wait_until(lambda: left(gateway, "backend_open_transactions") == 1, 15, "it is open")
    cursor = connection.cursor()
    cursor.execute("SELECT 2")
    assert cursor.fetchall() == [[2]]
    connection.commit()
    wait_until(lambda: left(gateway, "backend_open_transactions") == 0, 15, "none is open")
