"""The admin API of Trino's own gateway, as its scripts and charts call it."""

import pytest

from faults.harness import wait_for

from .conftest import Api, start

ENTRY = {"name": "tg1", "proxyTo": "http://trino.example:8080/", "active": True,
         "routingGroup": "tgadhoc", "externalUrl": "https://trino.example"}


def shown(api, name):
    answer = api.get(f"/api/public/backends/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_backend_goes_through_its_life(api):
    added = api.post("/gateway/backend/modify/add", json=ENTRY)
    assert added.status_code == 200, added.text
    assert added.json() == {**ENTRY, "proxyTo": "http://trino.example:8080"}
    assert shown(api, "tg1") == added.json()
    assert api.get("/api/v1/groups/tgadhoc").json()["backends"] == ["tg1"]
    assert api.post("/gateway/backend/modify/add", json=ENTRY).status_code == 409

    deactivated = api.post("/gateway/backend/deactivate/tg1")
    assert (deactivated.status_code, deactivated.text) == (200, "")
    assert shown(api, "tg1")["active"] is False
    assert "tg1" in [backend["name"] for backend in api.get("/gateway/backend/all").json()]
    assert "tg1" not in [backend["name"] for backend in api.get("/gateway/backend/active").json()]
    assert api.post("/gateway/backend/activate/tg1").status_code == 200

    moved = {**ENTRY, "routingGroup": "tgetl", "unknown": 1}
    assert api.post("/gateway/backend/modify/update", json=moved).json()["routingGroup"] == "tgetl"
    assert api.get("/api/v1/groups/tgadhoc").json()["backends"] == []
    assert api.get("/api/v1/groups/tgetl").json()["backends"] == ["tg1"]

    for _ in range(2):  # deleting what is not there is no error in that API
        assert api.post("/gateway/backend/modify/delete", data="tg1").status_code == 200
    assert api.get("/api/public/backends/tg1").status_code == 404


def test_a_backend_in_use_is_deleted_only_by_force(api, gateway, clusters):
    entry = {**ENTRY, "name": "tg3", "proxyTo": clusters[0].url, "routingGroup": "adhoc"}
    assert api.post("/gateway/backend/modify/add", json=entry).status_code == 200
    state = "/api/public/backends/tg3/state"
    wait_for(lambda: api.get(state).json()["trinoStatus"] == "HEALTHY", "a healthy backend")
    answer = gateway.request("POST", "/v1/statement", [("X-Trino-User", "ada")], b"SELECT 1")
    assert answer.get("X-Trino-Gateway-Backend") == "tg3"
    refused = api.post("/gateway/backend/modify/delete", data="tg3")
    assert refused.status_code == 409
    assert "1 query" in refused.json()["error"]["message"]
    assert shown(api, "tg3")["routingGroup"] == "adhoc"  # nothing was changed
    assert api.post("/gateway/backend/modify/delete?force=true", data="tg3").status_code == 200
    assert api.get("/api/public/backends/tg3").status_code == 404


def test_what_that_api_does_not_know_is_kept(api):
    entry = {**ENTRY, "name": "tg5"}
    assert api.post("/gateway/backend/modify/add", json=entry).status_code == 200
    kept = {"load_limit": 40, "draining": True, "uptime_schedule": "* 8-18 * * *"}
    assert api.patch("/api/v1/backends/tg5", json=kept).status_code == 200
    for path in ("/gateway/backend/modify/update", "/entity?useSchema=x&entityType=GATEWAY_BACKEND"):
        changed = api.post(path, json={**entry, "proxyTo": "http://other.example:8080"})
        assert changed.status_code == 200, changed.text
        backend = api.get("/api/v1/backends/tg5").json()
        assert backend["url"] == "http://other.example:8080"
        assert {name: backend[name] for name in kept} == kept
    assert api.post("/gateway/backend/activate/tg5").status_code == 200
    assert api.get("/api/v1/backends/tg5").json()["draining"] is False


@pytest.mark.parametrize("active, shown_as", [("false", False), ("TRUE", True), (0, False),
                                              (None, False), (True, True)])
def test_active_is_read_as_there(api, active, shown_as):
    entry = {**ENTRY, "name": "tg6", "active": active}
    assert api.post("/gateway/backend/modify/update", json=entry).json()["active"] is shown_as


def test_a_refused_entry_changes_nothing(api):
    before = api.get("/api/v1/groups").json()
    entry = {**ENTRY, "name": "tg7", "externalUrl": "x" * 5000, "routingGroup": "tgnew"}
    assert api.post("/gateway/backend/modify/add", json=entry).status_code == 400
    entry = {**ENTRY, "name": "tg7", "active": "perhaps"}
    assert api.post("/gateway/backend/modify/add", json=entry).status_code == 400
    assert api.get("/api/public/backends/tg7").status_code == 404
    assert api.get("/api/v1/groups").json() == before


def test_entities(api):
    assert api.get("/entity").json() == ["GATEWAY_BACKEND"]
    saved = api.post("/entity?entityType=GATEWAY_BACKEND",
                     json={"name": "tg2", "proxyTo": "http://trino.example:81"})
    assert (saved.status_code, saved.text) == (200, "")
    assert shown(api, "tg2") == {"name": "tg2", "proxyTo": "http://trino.example:81", "active": True,
                                 "routingGroup": "adhoc", "externalUrl": "http://trino.example:81"}
    assert "tg2" in [entity["name"] for entity in api.get("/entity/GATEWAY_BACKEND").json()]
    assert api.post("/entity?entityType=OTHER", json={}).status_code == 400
    state = api.get("/api/public/backends/tg2/state").json()
    assert (state["clusterId"], state["runningQueryCount"]) == ("tg2", 0)
    assert state["trinoStatus"] in ("UNKNOWN", "UNHEALTHY")


@pytest.mark.parametrize("path, body", [
    ("/gateway/backend/modify/add", "nonsense"),
    ("/gateway/backend/modify/add", "{}"),
    ("/gateway/backend/modify/add", '{"name":"no blanks","proxyTo":"http://x"}'),
    ("/gateway/backend/modify/add", '{"name":"x","proxyTo":"ftp://x"}'),
    ("/gateway/backend/modify/add", '{"name":"x","proxyTo":"http://x","routingGroup":"no blanks"}'),
])
def test_bad_entries_are_refused(api, path, body):
    assert api.post(path, data=body).status_code == 400


def test_what_is_not_there(api):
    answer = api.post("/gateway/backend/deactivate/nope")
    assert (answer.status_code, answer.text) == (
        404, "No cluster found with name: nope, could not deactivate")
    assert api.get("/api/public/backends/nope").status_code == 404


def test_probes_and_roles(gateway, api):
    with Api(gateway, None) as anybody:
        assert anybody.get("/trino-gateway/livez").text == "ok"
        assert anybody.get("/trino-gateway/readyz").text == "ok"
        assert anybody.get("/api/public/backends").status_code == 200
        for method, path in (("GET", "/gateway"), ("GET", "/gateway/backend/all"),
                             ("POST", "/gateway/backend/activate/tg2"), ("GET", "/entity")):
            assert anybody.request(method, path).status_code == 401, path
    with Api(gateway, "operator") as operator:
        assert operator.get("/gateway").text == "ok"
        assert operator.post("/gateway/backend/modify/add", json=ENTRY).status_code == 403
        assert operator.post("/gateway/backend/activate/nope").status_code == 404


def test_it_is_off_unless_it_is_switched_on(module_lab):
    gateway = start(module_lab)
    with Api(gateway) as api:
        for path in ("/gateway/backend/all", "/entity", "/api/public/backends",
                     "/trino-gateway/livez"):
            assert api.get(path).status_code == 404, path
