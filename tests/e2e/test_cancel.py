"""A query that its client cancels ends at the cluster that runs it."""

import pytest

from harness.clients import ClientFailed
from harness.sql import endless
from harness.waiting import wait_until


def test_each_client_cancels_its_query_in_its_own_way(gateway, client, c1, c2, marker):
    running = client.start(gateway.url, endless(marker))
    wait_until(lambda: states(marker, c1, c2) == [("RUNNING", None)], 30, "the query runs")
    running.cancel()
    with pytest.raises(ClientFailed):
        running.finish(timeout=30)
    wait_until(lambda: states(marker, c1, c2) == [("FAILED", "USER_CANCELED")], 30,
               "the query is cancelled at its cluster")


def states(marker, *servers):
    return [query[1:] for server in servers for query in server.queries(marker)]
