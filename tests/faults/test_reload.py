"""A changed configuration file: taken over without dropping a connection, or refused as a whole."""

import signal

import pytest

from .harness import wait_for
from .queries import backend_of, follow, run_query, submit
from .wire import request_text


@pytest.fixture
def parts(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    return fakes, lab.gateway({"c1": fakes["c1"]})


def point_to(gateway, fakes, key):
    """The file now declares this backend only."""
    gateway.config["backends"] = [{"id": key, "url": fakes[key].url}]
    gateway.config["groups"] = [{"id": "all", "backends": [key], "strategy": "random"}]


def reloaded(gateway):
    return len(gateway.events("config.reloaded"))


def test_sighup_takes_over_new_backends(parts):
    fakes, gateway = parts
    assert backend_of(gateway) == "c1"
    point_to(gateway, fakes, "c2")
    gateway.write_config()
    gateway.signal(signal.SIGHUP)
    gateway.wait_healthy(["c2"])
    wait_for(lambda: backend_of(gateway) == "c2", "queries to go to c2")


def test_a_changed_file_alone_is_taken_over(parts):
    fakes, gateway = parts
    point_to(gateway, fakes, "c2")
    gateway.write_config()
    gateway.wait_healthy(["c2"])
    wait_for(lambda: backend_of(gateway) == "c2", "queries to go to c2")


def test_a_reload_keeps_connections_and_running_exchanges(lab):
    # Longer than the reload is waited for.
    gateway = lab.gateway({"c1": lab.fake_trino("aaaaa")},
                          timeouts={"request_body": "120s", "client_idle": "120s"})
    idle = gateway.connect()
    idle.send(request_text("GET", "/v1/info", gateway.host))
    assert idle.read_response().status == 200
    busy = gateway.connect()
    busy.send(request_text("POST", "/v1/statement", gateway.host, [("X-Trino-User", "a")],
                           b"SELECT 1")[:-3])
    gateway.config["groups"] = [{"id": "all", "backends": ["c1"], "strategy": "least_load"}]
    gateway.write_config()
    gateway.signal(signal.SIGHUP)
    wait_for(lambda: reloaded(gateway), "the reload")
    busy.send(b"T 1")
    assert busy.read_response().status == 200
    idle.send(request_text("GET", "/v1/info", gateway.host))
    assert idle.read_response().status == 200


def test_a_reload_takes_over_policies(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes, groups=[{"id": "all", "backends": ["c1"]},
                                         {"id": "other", "backends": ["c2"]}])
    tagged = [("X-Trino-Client-Tags", "etl")]
    assert backend_of(gateway, tagged) == "c1"
    gateway.config["policies"] = [{"id": "etl", "group": "other",
                                   "rule": {"type": "header_client_tags", "value": "etl"}}]
    gateway.write_config()
    gateway.signal(signal.SIGHUP)
    wait_for(lambda: backend_of(gateway, tagged) == "c2", "the policy to hold")
    assert backend_of(gateway) == "c1"


@pytest.mark.parametrize("broken", [
    "backends: [",
    "listeners:\n  - address: 127.0.0.1:1\nunknown_key: 1\n",
    "backends:\n  - {id: c1, url: not a url}\n",
    "groups:\n  - {id: all, backends: [c99]}\n",
    "",
], ids=["no YAML", "an unknown key", "a bad value", "a dangling reference", "empty"])
def test_a_broken_file_is_refused_and_the_old_configuration_stays(parts, broken):
    _, gateway = parts
    gateway.config_path.write_text(broken)
    gateway.signal(signal.SIGHUP)
    refused = wait_for(lambda: gateway.events("config.refused"), "the refusal")
    assert refused[0]["level"] == "error"
    assert str(gateway.config_path) in refused[0]["reason"]
    query = run_query(gateway, "SELECT * FROM t /* pages=2 */")
    assert (query.backend, query.error) == ("c1", None)
    gateway.write_config()
    gateway.signal(signal.SIGHUP)
    wait_for(lambda: reloaded(gateway), "the repaired file to be taken over")


def test_a_running_query_goes_on_when_its_backend_left_the_group(parts):
    fakes, gateway = parts
    answer = submit(gateway, "SELECT * FROM t /* pages=3 queued=2 */")
    gateway.config["backends"] = [{"id": key, "url": fake.url} for key, fake in fakes.items()]
    gateway.config["groups"] = [{"id": "all", "backends": ["c2"]}]
    gateway.write_config()
    gateway.signal(signal.SIGHUP)
    gateway.wait_healthy(["c2"])
    wait_for(lambda: backend_of(gateway) == "c2", "new queries to go to c2")
    query = follow(gateway, answer)
    assert (query.error, len(query.pages)) == (None, 3)
