"""Fixtures: three real Trino servers and the built clients for the whole run, gateways as needed."""

import functools
import itertools
import signal

import pytest

from harness.clients import all_clients
from harness.gateway import Gateway, two_clusters
from harness.sql import HUNDRED_THOUSAND_ROWS
from harness.trino_files import trino_files
from harness.trino_server import TrinoServer

# A job in the background ignores SIGINT, and so would its children: the CLI is cancelled with it.
signal.signal(signal.SIGINT, signal.default_int_handler)

CLIENT_NAMES = ("cli", "jdbc", "python", "go")


@pytest.fixture(scope="session")
def files():
    return trino_files()


@pytest.fixture(scope="session")
def servers(files, tmp_path_factory):
    """c1 and c2 honour X-Forwarded-*; `legacy` has Trino's default and refuses it with 406."""
    folder = tmp_path_factory.mktemp("trino")
    started = {name: TrinoServer(name, folder, files, process_forwarded=name != "legacy").start()
               for name in ("c1", "c2", "legacy")}
    try:
        for server in started.values():
            server.wait_ready()
        yield started
    finally:
        for server in started.values():
            server.stop()


@pytest.fixture(scope="session")
def c1(servers):
    return servers["c1"]


@pytest.fixture(scope="session")
def c2(servers):
    return servers["c2"]


@pytest.fixture(scope="session")
def legacy(servers):
    return servers["legacy"]


@pytest.fixture(scope="session")
def clients(files):
    return all_clients(files)


@pytest.fixture(params=CLIENT_NAMES)
def client(request, clients):
    """The test runs once with each of Trino's clients."""
    return clients[request.param]


@pytest.fixture(scope="session")
def direct_rows(c1):
    """direct_rows(client): what HUNDRED_THOUSAND_ROWS gives that client without a gateway."""
    return functools.cache(lambda client: client.run(c1.url, HUNDRED_THOUSAND_ROWS))


@pytest.fixture(scope="session")
def gateway(c1, c2, legacy, tmp_path_factory):
    """c1 and c2 in turn; the client tag `etl` leads to c2, the tag `old` to the legacy cluster."""
    sections = two_clusters(c1, c2)
    sections["backends"].append({"id": "legacy", "url": legacy.url})
    sections["groups"] += [
        {"id": "second", "backends": ["c2"], "strategy": "round_robin"},
        {"id": "old", "backends": ["legacy"], "strategy": "round_robin"},
    ]
    sections["policies"] = [
        {"id": "etl", "rule": {"type": "header_client_tags", "value": "etl"}, "group": "second"},
        {"id": "old", "rule": {"type": "header_client_tags", "value": "old"}, "group": "old"},
    ]
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), **sections).start()
    try:
        gateway.wait_for_backends("c1", "c2")
        gateway.wait_for_backends("legacy", headers={"X-Trino-Client-Tags": "old"})
        yield gateway
        assert gateway.stop() == 0
    finally:
        if gateway.running():
            gateway.kill()


@pytest.fixture
def new_gateway(tmp_path):
    """Makes gateways of the test's own: new_gateway(**sections of the configuration)."""
    made = []

    def make(**sections):
        made.append(Gateway(tmp_path / f"gateway{len(made)}", **sections))
        return made[-1].start()

    yield make
    for gateway in made:
        if gateway.running():
            gateway.kill()


_markers = itertools.count()


@pytest.fixture
def marker(servers):
    """A column name that no other query has, to find this test's queries at the clusters, where none
    of them outlives the test."""
    name = f"marker{next(_markers)}_"
    yield name
    for server in servers.values():
        server.end_queries(name)
