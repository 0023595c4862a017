"""Where new queries go: policies on port, host, tags and connection properties."""

import re

import pytest

from .harness import free_port, wait_for
from .queries import AS_ALICE, backend_of, explain, submit
from .wire import request_text


def policy(name, kind, value, **more):
    return {"id": f"p-{name}", "group": f"g-{name}", "rule": {"type": kind, "value": value}, **more}


@pytest.fixture(scope="module")
def fakes(shared_lab):
    """One cluster for each kind of rule, and `other` for everything else."""
    names = {"tags": "aaaaa", "host": "bbbbb", "properties": "ccccc", "port": "ddddd",
             "other": "eeeee"}
    return {key: shared_lab.fake_trino(name) for key, name in names.items()}


@pytest.fixture(scope="module")
def gateway(shared_lab, fakes):
    second = free_port()
    made = shared_lab.gateway(
        fakes,
        extra_listeners=[second],
        groups=[{"id": f"g-{key}", "backends": [key]} for key in fakes],
        policies=[policy("tags", "header_client_tags", "etl"),
                  policy("host", "header_host", "bi.example"),
                  policy("properties", "header_connection_properties", "team=bi,env=prod"),
                  policy("port", "listening_port", str(second))],
        routing={"default_group": "g-other"})
    made.second_port = second
    return made


def test_a_query_that_no_policy_matches_goes_to_the_default_group(gateway):
    assert backend_of(gateway) == "other"


@pytest.mark.parametrize("tags,backend", [
    ("etl", "tags"), ("a,etl,b", "tags"), ("a, etl", "tags"), ("ETL", "other"), ("etl2", "other"),
    ("xetl", "other"), ("", "other"), ("a,b", "other"),
])
def test_a_policy_matches_one_of_the_client_tags(gateway, tags, backend):
    assert backend_of(gateway, [("X-Trino-Client-Tags", tags)]) == backend


def test_a_policy_matches_presto_headers_too(gateway):
    fields = [("X-Presto-User", "a"), ("X-Presto-Client-Tags", "etl")]
    # The fake Trino knows no such user, but says so at the right place.
    assert submit(gateway, "SELECT 1", fields).get("X-Trino-Gateway-Backend") == "tags"


@pytest.mark.parametrize("host,backend", [
    ("bi.example", "host"), ("BI.Example:8443", "host"), ("bi.example.org", "other"),
    ("x.bi.example", "other"),
])
def test_a_policy_matches_the_host_with_and_without_port(gateway, host, backend):
    wire = gateway.connect()
    wire.send(request_text("POST", "/v1/statement", host, AS_ALICE, b"SELECT 1"))
    assert wire.read_response().get("X-Trino-Gateway-Backend") == backend


@pytest.mark.parametrize("properties,backend", [
    ("team=bi,env=prod", "properties"), ("team=bi", "other"), ("env=prod,team=bi", "other"),
])
def test_a_policy_matches_the_connection_properties_as_a_whole(gateway, properties, backend):
    fields = [("X-Trino-Connection-Properties", properties)]
    assert backend_of(gateway, fields) == backend


def test_a_policy_matches_the_port_that_the_query_came_in_on(gateway):
    assert backend_of(gateway, port=gateway.second_port) == "port"


def test_policies_of_two_kinds_that_share_no_group_leave_the_default(gateway):
    fields = [("X-Trino-Client-Tags", "etl")]
    assert backend_of(gateway, fields, port=gateway.second_port) == "other"


def test_a_tag_in_the_uri_does_not_place_a_new_query(gateway):
    answer = gateway.request("POST", "/~tags/v1/statement", AS_ALICE, b"SELECT 1")
    assert answer.status in (200, 404)
    assert answer.get("X-Trino-Gateway-Backend") in (None, "other")


def test_a_fallback_group_takes_over_while_the_group_has_no_healthy_backend(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb"),
             "c3": lab.fake_trino("ccccc")}
    gateway = lab.gateway(
        fakes, monitor={"interval": "100ms"},
        groups=[{"id": "g-etl", "backends": ["c1"]}, {"id": "spare", "backends": ["c2"]},
                {"id": "all", "backends": ["c3"]}],
        policies=[policy("etl", "header_client_tags", "etl", fallback_group="spare")])
    tagged = [("X-Trino-Client-Tags", "etl")]
    assert backend_of(gateway, tagged) == "c1"
    fakes["c1"].kill()
    assert backend_of(gateway, tagged) == "c2"
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c1"}') == 0,
             "c1 to be found dead")
    assert backend_of(gateway, tagged) == "c2"
    assert backend_of(gateway) == "c3"


def test_the_header_that_names_the_backend_can_be_switched_off(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake}, routing={"backend_header": False})
    answer = submit(gateway, "SELECT 1")
    assert (answer.status, answer.get("X-Trino-Gateway-Backend")) == (200, None)


def test_the_source_of_a_port_holds_whatever_decides(lab):
    fake = lab.fake_trino("aaaaa")
    port = free_port()
    gateway = lab.gateway(
        {"c1": fake}, extra_listeners=(port,), routing={"default_group": "all"},
        policies=[
            {"id": "port", "rule": {"type": "listening_port", "value": str(port)}, "group": "all",
             "set_request_source": "port"},
            {"id": "ada", "conditions": [{"type": "user", "value": "alice"}], "group": "all"}])
    sources = []
    for entrance in (port, gateway.port):
        assert submit(gateway, "SELECT 1", [("X-Trino-Source", "cli")], entrance).status == 200
        head = [head for head in fake.heads() if "X-Trino-User: alice" in head][-1]
        sources.append(re.search("X-Trino-Source: (.*)\r\n", head)[1])
    assert sources == ["port", "cli"]
    told = [explain(gateway, user="alice", listener_port=entrance)["decision"]
            for entrance in (port, gateway.port)]
    assert [one["set_request_source"] for one in told] == ["port", ""]
    assert told[0]["policies"] == ["ada"]
