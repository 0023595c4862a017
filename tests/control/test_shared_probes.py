"""One of three instances does the expensive steps of probes for all (`monitor.shared`)."""

import re
import signal
import time
from collections import Counter

import pytest
from faults.harness import wait_for
from .clients import TwirpClient
from .conftest import TOKEN, running_database

INTERVAL = 6  # seconds; the lease lasts half of it: longer than a busy machine stands still
SHARED = ("postgresql", "mariadb")


@pytest.fixture(params=SHARED)
def database(request, tmp_path):
    with running_database(request.param, tmp_path) as database:
        yield database


class Cluster:
    """Gateways on one database and one backend; each probes as a user of its own."""

    def __init__(self, lab, database, count):
        self.fake = lab.fake_trino("shrd1", "-record", "2000")
        self.gateways = {}
        for number in range(count):
            user = f"probe{number}"
            self.gateways[user] = lab.gateway(
                {"f1": self.fake}, store={"url": database.url}, admin={"token": TOKEN},
                monitor={"interval": f"{INTERVAL}s", "shared": True, "user": user,
                         "probes": [{"type": "info"}, {"type": "sql", "always": True}]})

    def asked(self):
        """How often each instance has run the probe query or asked for the load."""
        time.sleep(0.2)  # everything is read anew each time
        users = Counter()
        for head in self.fake.heads():
            if re.match(r"POST /v1/statement |GET /v1/queryState ", head):
                users[re.search(r"^X-Trino-User: (\S+)", head, re.M | re.I)[1]] += 1
        return users

    def looks(self):
        """How often it was only looked whether the backend is there. A whole probe looks, too, and then
        asks twice."""
        infos = sum(head.startswith("GET /v1/info ") for head in self.fake.heads())
        return infos - self.asked().total() // 2

    def leaders(self):
        """Those whose last word was that they lead. An instance that stalls for longer than the lease
        lasts loses it and says so later, so there can be two for a while."""
        return [user for user, gateway in self.gateways.items() if leads(gateway)]

    def leader(self):
        found = self.leaders()
        return found[0] if len(found) == 1 else None

    def only_one_asks(self, leader, rounds=2):
        """Waits until the leader has asked so often; the others must not have asked meanwhile."""
        before = self.asked()
        wait_for(lambda: self.asked()[leader] >= before[leader] + 2 * rounds or self.leader() != leader,
                 f"{rounds} probes of {leader}")
        after = self.asked()
        return (after[leader] >= before[leader] + 2 * rounds
                and {user for user in after if after[user] > before[user]} == {leader})

    def settle(self):
        """Waits until one leads and it alone asks; its user."""
        def settled():
            leader = self.leader()
            return leader if leader and self.only_one_asks(leader) else None

        return wait_for(settled, "one that asks for all", 240)

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
    before = cluster.looks()
    cluster.settle()
    wait_for(lambda: cluster.looks() - before >= 4, "the others to look whether it is there")
    for user in cluster.gateways:
        backend = cluster.backend(user)
        assert backend["health"] == "healthy"
        assert backend["coordinator_suffix"] == "shrd1"
        assert backend["running_queries"] == 0  # known


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_another_instance_takes_over(cluster, number, record_property):
    leader = wait_for(cluster.leader, "a leader")
    before = cluster.asked()
    cluster.gateways.pop(leader).signal(number)
    began = time.monotonic()

    def successor():
        found = cluster.leader()
        return found if found and cluster.asked()[found] > before[found] else None

    # Two when nothing stalls.
    wait_for(successor, "a new leader that asks", 120)
    record_property("takeover_s", time.monotonic() - began)
    print(f"a new leader asks after {time.monotonic() - began:.1f} s")
    cluster.settle()
    for user in cluster.gateways:
        assert cluster.backend(user)["health"] == "healthy"


def test_without_the_database_each_instance_asks_for_itself(cluster, database):
    wait_for(cluster.leaders, "a leader")
    database.kill()
    before = cluster.asked()
    wait_for(lambda: all(cluster.asked()[user] > before[user] for user in cluster.gateways),
             "probes of all instances")
    wait_for(lambda: not cluster.leaders(), "the last one to know that it is alone")
    database.start()

    # The others ask for themselves until the new leader has told them what it found.
    cluster.settle()
    for user in cluster.gateways:
        assert cluster.backend(user)["health"] == "healthy"
