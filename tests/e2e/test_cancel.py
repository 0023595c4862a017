"""A query that its client cancels ends at the cluster that runs it."""

import pytest

from harness.clients import ClientFailed
from harness.sql import endless
from harness.waiting import wait_until

# The CLI sends its DELETE in the background and ends: on a busy machine it may be gone before the
# request is out, with and without a gateway. The others wait for the answer.
TRIES = {"cli": 4}
PATIENCE = {"cli": 15}  # seconds; the others wait until it is done


def test_each_client_cancels_its_query_in_its_own_way(gateway, client, c1, c2, marker):
    tries = TRIES.get(client.name, 1)
    for attempt in range(tries):
        try:
            return cancel_once(gateway, client, f"{marker}{attempt}", (c1, c2))
        except TimeoutError:
            if attempt == tries - 1:
                raise


def cancel_once(gateway, client, marker, servers):
    running = client.start(gateway.url, endless(marker))
    wait_until(lambda: states(marker, *servers) == [("RUNNING", None)], 90, "the query runs")
    running.cancel()
    with pytest.raises(ClientFailed):
        running.finish(timeout=90)
    wait_until(lambda: states(marker, *servers) == [("FAILED", "USER_CANCELED")],
               PATIENCE.get(client.name, 60), "the query is cancelled at its cluster")


def states(marker, *servers):
    return [query[1:] for server in servers for query in server.queries(marker)]
