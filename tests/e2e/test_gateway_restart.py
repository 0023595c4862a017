"""The gateway is killed and started again while queries run: nothing of a query is in its memory
only, so that the same client finishes the same query."""

import pytest

from harness.gateway import two_clusters
from harness.sql import HUNDRED_THOUSAND_ROWS, some_seconds
from harness.waiting import wait_until


@pytest.fixture
def own_gateway(new_gateway, c1, c2):
    return new_gateway(**two_clusters(c1, c2)).wait_for_backends("c1", "c2")


def test_a_client_reads_on_after_a_restart_amid_its_rows(own_gateway, client, c1, c2, marker,
                                                         direct_rows):
    sql = HUNDRED_THOUSAND_ROWS.replace("copy\nFROM", f"copy AS {marker}\nFROM")
    running = client.start(own_gateway.url, sql)
    first = running.read_rows(1)
    own_gateway.kill()
    assert states(marker, c1, c2) not in ([], ["FINISHED"]), "nothing was left to read"
    own_gateway.start()
    rows = "".join(first) + running.finish()
    assert rows.count("\n") == 100_000
    assert rows == direct_rows(client), "rows were lost, repeated or changed"


def test_a_client_gets_its_result_after_a_restart_amid_its_polls(own_gateway, client, c1, c2, marker):
    running = client.start(own_gateway.url, some_seconds(marker))
    wait_until(lambda: states(marker, c1, c2) not in ([], ["QUEUED"]), 60, "the query runs")
    own_gateway.kill()
    assert states(marker, c1, c2) not in ([], ["FINISHED"]), "nothing was left to poll for"
    own_gateway.start()
    assert running.finish() == "6001215\n"
    assert states(marker, c1, c2) == ["FINISHED"], "the query was run again"


def states(marker, *servers):
    return [query[1] for server in servers for query in server.queries(marker)]
