"""Delegated authentication with real clients: passwords over TLS to a balancer, checked by a service.

The drivers and the CLI send no password without TLS, so a balancer that ends it stands before the
gateway, as in production. Only the gateway learns the password: these clusters would refuse it.
"""

import pytest
import requests

from harness import direct
from harness.clients import ClientFailed
from harness.front import TlsFront
from harness.gateway import Gateway, two_clusters
from harness.provider import Provider
from ports import free_port

PASSWORD = "correct horse: battery staple"
NAMES = ("cli", "jdbc", "python")  # the Go client takes no certificate of our own by its address


class Guarded:
    def __init__(self, folder, c1, c2):
        self.provider = Provider({name: PASSWORD for name in NAMES})
        port = free_port()
        self.front = TlsFront(port, folder)
        self.gateway = Gateway(
            folder / "gateway", **two_clusters(c1, c2),
            auth={"delegated": {"url": self.provider.url, "token": "of-the-tests", "timeout": "30s",
                                "check_polls": True}})
        self._listen(port)

    def _listen(self, port):
        import yaml
        settings = yaml.safe_load(self.gateway.config.read_text())
        settings["listeners"].append({"address": f"127.0.0.1:{port}", "auth": "delegated",
                                      "external_url": self.front.url})
        self.gateway.config.write_text(yaml.safe_dump(settings))

    def close(self):
        if self.gateway.running():
            self.gateway.stop()
        self.front.cut()
        self.provider.close()


@pytest.fixture(scope="module")
def guarded(c1, c2, tmp_path_factory):
    made = Guarded(tmp_path_factory.mktemp("guarded"), c1, c2)
    try:
        made.gateway.start().wait_for_backends("c1", "c2")  # by the listener that wants nothing
        yield made
    finally:
        made.close()


@pytest.fixture(params=NAMES)
def login(request, guarded, clients, monkeypatch):
    """login(password): a client that logs in as itself."""
    def make(password):
        monkeypatch.setenv("TRINO_PASSWORD", password)
        monkeypatch.setenv("TRINO_CA", str(guarded.front.ca_file))
        return clients[request.param]
    return make


def run(client, guarded, *statements):
    if client.name != "cli":
        return client.run(guarded.front.url, *statements)
    return client.run(guarded.front.url, *statements, options=[
        "--password", f"--truststore-path={guarded.front.ca_file}"])


def test_the_right_password_opens_the_gateway_and_is_asked_about_once(guarded, login, c1, c2, marker):
    client = login(PASSWORD)
    before = guarded.provider.calls.count(client.name)
    statements = [f"SELECT current_user AS {marker}"] * 3
    assert run(client, guarded, *statements) == f"{client.name}\n" * 3
    assert len(c1.queries(marker)) + len(c2.queries(marker)) == 3
    assert guarded.provider.calls.count(client.name) - before <= 1


def test_the_wrong_password_does_not(guarded, login, c1, c2, marker):
    client = login("wrong")
    with pytest.raises(ClientFailed, match="(?i)authentication failed|unauthorized|401|credentials"):
        run(client, guarded, f"SELECT 1 AS {marker}")
    assert [server.queries(marker) for server in (c1, c2)] == [[], []]


def test_nobody_acts_as_another_user(guarded):
    answer = requests.post(f"{guarded.front.url}/v1/statement", data="SELECT 1", timeout=60,
                           auth=("python", PASSWORD), headers={"X-Trino-User": "jdbc"},
                           verify=guarded.front.ca_file)
    assert answer.status_code == 401


def test_every_page_wants_the_password(guarded):
    page = requests.post(f"{guarded.front.url}/v1/statement", data="SELECT 1", timeout=60,
                         auth=("python", PASSWORD), headers={"X-Trino-User": "python"},
                         verify=guarded.front.ca_file).json()
    assert page["nextUri"].startswith(f"{guarded.front.url}/")
    without = requests.get(page["nextUri"], timeout=60, verify=guarded.front.ca_file)
    assert without.status_code == 401 and "Basic" in without.headers["WWW-Authenticate"]
    assert requests.get(page["nextUri"], timeout=60, auth=("python", PASSWORD),
                        verify=guarded.front.ca_file).ok


def test_another_listener_wants_none(guarded):
    assert direct.rows(guarded.gateway.url, "SELECT 1") == [[1]]
