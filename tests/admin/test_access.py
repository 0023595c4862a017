"""Who gets in without credentials, and from where; who the client is behind a balancer."""

import socket

import grpc
import pytest

from faults.harness import Gateway, wait_for

from .conftest import TOKENS, Api, start
from .messages import Messages

# Requests of other machines, as a proxy on this one hands them on: it sends the one or the other.
FORWARDED = {"X-Forwarded-For": "192.0.2.7"}
FORWARDED_BY = [FORWARDED, {"Forwarded": "for=192.0.2.7"}]


def start_open(lab, address="127.0.0.1", **admin):
    """A gateway without tokens whose admin API is on `address`."""
    directory = lab.directory / f"open{next(lab.numbers)}"
    directory.mkdir()
    gateway = Gateway(directory, {}, admin={"grpc_address": f"{address}:0", **admin})
    gateway.config["admin"]["address"] = f"{address}:{gateway.admin_port}"
    gateway.start()
    lab.parts.callback(gateway.kill)
    gateway.grpc = f"127.0.0.1:{gateway.events('admin.grpc_listening')[0]['port']}"
    return gateway


@pytest.fixture(scope="module")
def open_gateway(module_lab):
    return start_open(module_lab)


def code_of_list(gateway, metadata):
    with Messages(gateway.grpc) as messages:
        try:
            messages.call("QueryApi", "ListQueries", metadata=metadata)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


def test_this_machine_may_do_everything(open_gateway):
    with Api(open_gateway, role=None) as api:
        assert api.get("/api/v1/queries").status_code == 200
        assert api.post("/api/v1/backends", json={
            "id": "acc1", "url": "http://127.0.0.1:1"}).status_code == 201
    assert code_of_list(open_gateway, []) == grpc.StatusCode.OK


@pytest.mark.parametrize("forwarded", FORWARDED_BY, ids=lambda headers: [*headers][0])
def test_other_machines_see_no_queries_and_are_told_which_settings_help(open_gateway, forwarded):
    with Api(open_gateway, role=None) as api:
        refused = api.get("/api/v1/queries", headers=forwarded)
        assert refused.status_code == 401
        message = refused.json()["error"]["message"]
        assert "admin.token" in message and "anonymous_role: viewer" in message
        twirp = api.post("/twirp/razorpay.gateway.QueryApi/ListQueries", json={}, headers=forwarded)
        assert twirp.status_code == 401 and "anonymous_role" in twirp.json()["msg"]
    metadata = [(name.lower(), value) for name, value in forwarded.items()]
    assert code_of_list(open_gateway, metadata) == grpc.StatusCode.UNAUTHENTICATED


def test_probes_and_metrics_are_there_for_everybody(open_gateway):
    with Api(open_gateway, role=None) as api:
        for path in ("/livez", "/readyz", "/metrics", "/openapi.json", "/swagger/"):
            assert api.get(path, headers=FORWARDED).status_code == 200, path


def test_the_audit_log_names_the_client_behind_a_trusted_balancer(module_lab):
    gateway = start(module_lab, trusted_proxies=["127.0.0.0/8", "10.0.0.0/8"])
    forwarded = "203.0.113.9, 198.51.100.1, 10.0.0.2"  # the first one is a claim of the client
    with Api(gateway) as api, Messages(gateway.grpc, TOKENS["admin"]) as messages:
        assert api.post("/api/v1/backends", json={"id": "rest", "url": "http://127.0.0.1:1"},
                        headers={"X-Forwarded-For": forwarded}).status_code == 201
        messages.call("BackendApi", "CreateBackend",
                      metadata=[*messages.metadata, ("x-forwarded-for", forwarded)],
                      backend={"id": "grpc", "url": "http://127.0.0.1:1"})
        api.post("/api/v1/backends", json={"id": "direct", "url": "http://127.0.0.1:1"})
        entries = api.get("/api/v1/audit").json()["entries"]
    assert {entry["object_id"]: entry["client"] for entry in entries} == {
        "rest": "198.51.100.1", "grpc": "198.51.100.1", "direct": "127.0.0.1"}


def test_without_a_trusted_balancer_the_client_is_who_connects(module_lab):
    gateway = start(module_lab, trusted_proxies=["10.0.0.0/8"])
    with Api(gateway) as api:
        api.post("/api/v1/backends", json={"id": "rest", "url": "http://127.0.0.1:1"},
                 headers={"X-Forwarded-For": "198.51.100.1"})
        [entry] = api.get("/api/v1/audit").json()["entries"]
    assert entry["client"] == "127.0.0.1"


def test_a_setting_opens_reads_to_everybody(module_lab):
    gateway = start_open(module_lab, "0.0.0.0", anonymous_role="viewer")
    with Api(gateway, role=None) as api:
        assert api.get("/api/v1/queries", headers=FORWARDED).status_code == 200
        assert api.delete("/api/v1/backends/x", headers=FORWARDED).status_code == 401
    assert gateway.events("admin.closed") == []


def test_an_address_of_all_machines_is_warned_of(module_lab, open_gateway):
    gateway = start_open(module_lab, "0.0.0.0")
    [warning] = wait_for(lambda: gateway.events("admin.closed"), "the log to tell")
    assert warning["level"] == "warn" and "anonymous_role" in warning["reason"]
    assert open_gateway.events("admin.closed") == []
    with Api(gateway, role=None) as api:
        assert api.get("/api/v1/queries").status_code == 200
        assert api.delete("/api/v1/backends/x").status_code == 401
        own = own_address()
        if own:
            api.url = f"http://{own}:{gateway.admin_port}"
            assert api.get("/api/v1/queries").status_code == 401
            assert api.get("/readyz").status_code == 200


def own_address():
    """This machine's address in its network; nothing: it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = sock.getsockname()[0]
    return None if address.startswith("127.") else address
