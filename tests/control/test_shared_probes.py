"""One of three instances does the expensive steps of probes for all (`monitor.shared`)."""

import re
import signal
import time
from collections import Counter

import pytest
from faults.harness import wait_for
from .clients import TwirpClient
from .conftest import TOKEN, running_database

INTERVAL = 4  # seconds; the lease lasts half of it
SHARED = ("postgresql", "mariadb")


@pytest.fixture(params=SHARED)
def database(request, tmp_path):
    with running_database(request.param, tmp_path) as database:
        yield database


class Cluster:
    """Gateways on one database and one backend; each probes as a user of its own."""

    def __init__(self, lab, database, count):
        self.fake = lab.fake_trino("shrd1")
        self.gateways = {}
        for number in range(count):
            user = f"probe{number}"
            self.gateways[user] = lab.gateway(
                {"f1": self.fake}, store={"url": database.url}, admin={"token": TOKEN},
                monitor={"interval": f"{INTERVAL}s", "shared": True, "user": user,
                         "probes": [{"type": "info"}, {"type": "sql", "always": True}]})

    def asked(self):
        """How often each instance has run the probe query or asked for the load."""
        users = Counter()
        for head in self.fake.heads():
            if re.match(r"POST /v1/statement |GET /v1/queryState ", head):
                users[re.search(r"^X-Trino-User: (\S+)", head, re.M | re.I)[1]] += 1
        return users

    def infos(self):
        return sum(head.startswith("GET /v1/info ") for head in self.fake.heads())

    def leaders(self):
        """Those whose last word was that they lead."""
        return [user for user, gateway in self.gateways.items() if leads(gateway)]

    def only_one_asks(self, leader, rounds=3):
        """Waits until the leader has asked so often; the others must not have asked meanwhile."""
        before = self.asked()
        wait_for(lambda: self.asked()[leader] >= before[leader] + 2 * rounds,
                 f"{rounds} probes of {leader}", (rounds + 3) * INTERVAL)
        after = self.asked()
        return {user for user in after if after[user] > before[user]} == {leader}

    def backend(self, user):
        url = f"http://127.0.0.1:{self.gateways[user].admin_port}"
        return TwirpClient(url, TOKEN).call("BackendApi/GetBackend", {"id": "f1"})["backend"]


def leads(gateway):
    # Not as JSON: a PostgreSQL server that dies while somebody connects makes its driver print a line.
    words = re.findall(r'"event":"monitor\.(leads|follows|alone)"', gateway.log())
    return words[-1:] == ["leads"]


@pytest.fixture
def cluster(lab, database):
    return Cluster(lab, database, 3)


def test_one_instance_asks_and_all_know(cluster):
    leader, = wait_for(cluster.leaders, "a leader")
    infos = cluster.infos()
    assert cluster.only_one_asks(leader), cluster.asked()
    assert cluster.infos() - infos >= 6, "the others look for themselves whether it is there"
    for user in cluster.gateways:
        backend = cluster.backend(user)
        assert backend["health"] == "healthy"
        assert backend["coordinator_suffix"] == "shrd1"
        assert backend["running_queries"] == 0  # known


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_another_instance_takes_over_within_two_intervals(cluster, number, record_property):
    leader, = wait_for(cluster.leaders, "a leader")
    before = cluster.asked()
    cluster.gateways.pop(leader).signal(number)
    began = time.monotonic()

    def successor():
        found = cluster.leaders()
        return found[0] if found and cluster.asked()[found[0]] > before[found[0]] else None

    new = wait_for(successor, "a new leader that asks", 2 * INTERVAL)
    record_property("takeover_s", time.monotonic() - began)
    print(f"a new leader asks after {time.monotonic() - began:.1f} s")
    assert cluster.only_one_asks(new), cluster.asked()
    for user in cluster.gateways:
        assert cluster.backend(user)["health"] == "healthy"


def test_without_the_database_each_instance_asks_for_itself(cluster, database):
    wait_for(cluster.leaders, "a leader")
    database.kill()
    before = cluster.asked()
    wait_for(lambda: all(cluster.asked()[user] > before[user] for user in cluster.gateways),
             "probes of all instances", 5 * INTERVAL)
    assert not cluster.leaders()
    database.start()

    leader, = wait_for(cluster.leaders, "a new leader", 5 * INTERVAL)
    # The others ask for themselves until it has told them what it found.
    wait_for(lambda: cluster.only_one_asks(leader), "one that asks for all again", 15 * INTERVAL)
    for user in cluster.gateways:
        assert cluster.backend(user)["health"] == "healthy"
