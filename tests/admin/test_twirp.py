"""Twirp, JSON and protobuf, as the generated clients of the system that users come from speak it."""

import pytest
import requests

from .conftest import TOKENS
from .messages import Messages


@pytest.fixture(scope="module")
def messages(gateway):
    with Messages(gateway.grpc, TOKENS["admin"]) as made:
        yield made


@pytest.fixture
def url(gateway):
    return f"http://127.0.0.1:{gateway.admin_port}/twirp/razorpay.gateway."


HEADERS = {"X-Auth-Key": TOKENS["admin"]}


def test_protobuf_and_json_say_the_same(url, messages):
    request, response = messages.types("BackendApi", "CreateOrUpdateBackend")
    body = request(id="tw1", hostname="trino.example:8080", external_url="trino.example:8080",
                   is_enabled=True, threshold_cluster_load=7).SerializeToString()
    headers = {**HEADERS, "Content-Type": "application/protobuf"}
    created = requests.post(url + "BackendApi/CreateOrUpdateBackend", data=body, headers=headers,
                            timeout=30)
    assert (created.status_code, created.content) == (200, b"")
    assert created.headers["Content-Type"] == "application/protobuf"
    request, response = messages.types("BackendApi", "GetBackend")
    binary = requests.post(url + "BackendApi/GetBackend", headers=headers, timeout=30,
                           data=request(id="tw1").SerializeToString())
    backend = response.FromString(binary.content).backend
    text = requests.post(url + "BackendApi/GetBackend", json={"id": "tw1"}, headers=HEADERS,
                         timeout=30).json()["backend"]
    assert (backend.hostname, backend.url) == ("trino.example:8080", "http://trino.example:8080")
    assert (text["hostname"], text["threshold_cluster_load"]) == ("trino.example:8080", 7)
    assert text["load_limit"] == 7 and backend.load_limit == 7
    missing = requests.post(url + "BackendApi/GetBackend", headers=headers, timeout=30,
                            data=request(id="nope").SerializeToString())
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_an_upsert_without_is_enabled_disables(api):
    assert api.twirp("BackendApi/CreateOrUpdateBackend",
                     {"id": "tw2", "hostname": "t:1"}).json() == {}
    assert api.twirp("BackendApi/GetBackend", {"id": "tw2"}).json()["backend"]["is_enabled"] is False
    for verb in ("Enable", "Enable", "Disable", "Disable"):
        assert api.twirp(f"BackendApi/{verb}Backend", {"id": "tw2"}).json() == {}


def test_conventions_of_json(api):
    assert api.twirp("HealthCheckAPI/Check").json() == {"serving_status": "SERVING_STATUS_SERVING"}
    assert api.twirp("PolicyApi/ListAllPolicies").json() == {"items": []}
    assert api.twirp("QueryApi/ListQueries", {"username": "nobody"}).json() == {
        "Count": 0, "items": [], "total": 0, "has_more": False}
    group = {"id": "tw", "lastRoutedBackend": "x", "isEnabled": True, "strategy": 2}
    assert api.twirp("GroupApi/CreateOrUpdateGroup", group).status_code == 200
    shown = api.twirp("GroupApi/GetGroup", {"id": "tw"}).json()["group"]
    assert (shown["strategy"], shown["last_routed_backend"], shown["is_enabled"]) == (
        "RANDOM", "", True)


@pytest.mark.parametrize("path, options, status, code", [
    ("BackendApi/Nope", {"json": {}}, 404, "bad_route"),
    ("Nope/GetBackend", {"json": {}}, 404, "bad_route"),
    ("BackendApi/GetBackend", {"data": "{}", "headers": {"Content-Type": "text/plain"}}, 404,
     "bad_route"),
    ("BackendApi/GetBackend", {"data": "", "headers": {"Content-Type": "application/json"}}, 400,
     "malformed"),
    ("BackendApi/GetBackend", {"data": "{'id': 1}", "headers": {"Content-Type": "application/json"}},
     400, "malformed"),
    ("BackendApi/GetBackend", {"json": {"id": 1}}, 400, "invalid_argument"),
    ("GroupApi/CreateOrUpdateGroup", {"json": {"id": "x", "colour": 1}}, 400, "invalid_argument"),
    ("GroupApi/CreateOrUpdateGroup", {"json": {"id": ""}}, 400, "invalid_argument"),
    ("GroupApi/CreateOrUpdateGroup", {"json": {"id": "x", "strategy": "WEIGHTED"}}, 400,
     "invalid_argument"),
    ("QueryApi/ListQueries", {"json": {"count": -1}}, 400, "invalid_argument"),
])
def test_errors(url, path, options, status, code):
    options = {**options, "headers": {**HEADERS, **options.get("headers", {})}}
    answer = requests.post(url + path, timeout=30, **options)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["msg"]


def test_only_post_is_allowed(url):
    answer = requests.get(url + "BackendApi/GetBackend", headers=HEADERS, timeout=30)
    assert answer.status_code == 404
    assert answer.json()["meta"]["twirp_invalid_route"].startswith("GET /twirp/razorpay.gateway.")


def test_wrong_tokens_are_told_apart_from_missing_rights(url):
    for token in ("", "wrong"):
        answer = requests.post(url + "BackendApi/ListAllBackends", json={}, timeout=30,
                               headers={"X-Auth-Key": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    answer = requests.post(url + "BackendApi/DeleteBackend", json={"id": "tw1"}, timeout=30,
                           headers={"X-Auth-Key": TOKENS["viewer"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
