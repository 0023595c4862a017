"""REST, as people's scripts use it: bodies, statuses, etags, pages, masks."""

import itertools
import socket

import pytest

from faults.harness import wait_for
from .conftest import Api

COUNTER = itertools.count()


@pytest.fixture
def key():
    return f"r{next(COUNTER)}"


def create(api, key, **fields):
    answer = api.post("/api/v1/backends", json={"id": key, "url": "http://127.0.0.1:1", **fields})
    assert answer.status_code == 201, answer.text
    return answer


def test_an_object_goes_through_its_life(api, key):
    created = create(api, key)
    assert created.json()["is_enabled"] is True
    assert created.headers["ETag"] == f'"{created.json()["etag"]}"'
    assert api.post("/api/v1/backends", json={"id": key, "url": "http://x"}).status_code == 409
    shown = api.get(f"/api/v1/backends/{key}").json()
    assert shown.keys() == created.json().keys()
    probed = {"health", "health_reason", "failure_class", "stats_updated_at"}  # meanwhile
    assert {name for name in shown if shown[name] != created.json()[name]} <= probed
    put = api.put(f"/api/v1/backends/{key}", json={"url": "http://127.0.0.1:2", "load_limit": 3})
    assert put.status_code == 200 and put.json()["url"] == "http://127.0.0.1:2"
    patched = api.patch(f"/api/v1/backends/{key}", json={"draining": True})
    assert patched.json()["draining"] is True and patched.json()["load_limit"] == 3
    assert api.post(f"/api/v1/backends/{key}:enable").json() == {}
    shown = api.get(f"/api/v1/backends/{key}").json()
    assert (shown["is_enabled"], shown["draining"]) == (True, False)
    deleted = api.delete(f"/api/v1/backends/{key}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert api.get(f"/api/v1/backends/{key}").status_code == 404
    assert api.delete(f"/api/v1/backends/{key}").status_code == 404


def test_what_was_shown_can_be_put_back(api, key):
    created = create(api, key)
    put = api.put(f"/api/v1/backends/{key}", json=created.json())
    assert put.status_code == 200, put.text


def test_two_writers_do_not_overwrite_each_other(api, key):
    etag = create(api, key).headers["ETag"]
    first = api.patch(f"/api/v1/backends/{key}", json={"load_limit": 1}, headers={"If-Match": etag})
    assert first.status_code == 200 and first.headers["ETag"] != etag
    for method in ("PATCH", "PUT", "DELETE"):
        body = None if method == "DELETE" else {"url": "http://127.0.0.1:3"}
        late = api.request(method, f"/api/v1/backends/{key}", json=body, headers={"If-Match": etag})
        assert (late.status_code, late.json()["error"]["code"]) == (412, "aborted"), method
    assert api.get(f"/api/v1/backends/{key}").json()["load_limit"] == 1
    star = {"If-Match": "*"}
    assert api.put(f"/api/v1/backends/{key}-none", json={"url": "http://x"}, headers=star
                   ).status_code in (404, 412)


def test_masks_say_what_is_changed(api, key):
    create(api, key, uptime_schedule="* * * * *", load_limit=5)
    answer = api.patch(f"/api/v1/backends/{key}?update_mask=load_limit,uptime_schedule",
                       json={"load_limit": 7, "is_enabled": False})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["load_limit"], answer.json()["uptime_schedule"]) == (7, "")
    assert answer.json()["is_enabled"] is True
    answer = api.patch(f"/api/v1/backends/{key}?update_mask=nope", json={})
    assert answer.status_code == 400 and "nope" in answer.text
    # Scheme and hostname say what the address says: naming one of the two is enough.
    answer = api.patch(f"/api/v1/backends/{key}", json={"hostname": "t.example:81"})
    assert answer.json()["url"] == "http://t.example:81"
    answer = api.patch(f"/api/v1/backends/{key}", json={"url": "https://u.example"})
    assert (answer.json()["scheme"], answer.json()["hostname"]) == ("https", "u.example")


def test_pages_follow_each_other_and_filters_narrow_them(api, key):
    ids = [f"{key}-{number}" for number in range(5)]
    for number, name in enumerate(ids):
        create(api, name, is_enabled=number != 2)
    seen, token = [], ""
    while True:
        page = api.get("/api/v1/backends", params={"page_size": 2, "page_token": token,
                                                   "filter": f"id={key}-*"}).json()
        assert page["total_size"] == 5 and len(page["backends"]) <= 2
        seen += [backend["id"] for backend in page["backends"]]
        token = page["next_page_token"]
        if not token:
            break
    assert seen == ids
    found = api.get("/api/v1/backends", params={"filter": f"id={key}-* enabled=false"}).json()
    assert [backend["id"] for backend in found["backends"]] == [ids[2]]
    for params in ({"page_size": 1001}, {"page_size": -1}, {"filter": "colour=red"},
                   {"colour": "red"}, {"filter": "health=fine"}, {"filter": "id=a " * 17},
                   {"filter": " " * 1025}, {"page_token": "/"}):
        answer = api.get("/api/v1/backends", params=params)
        assert answer.status_code == 400 and next(iter(params)) in answer.text, params
    group = f"{key}-g"
    assert api.post("/api/v1/groups", json={"id": group, "backends": ids[1:3]}).status_code == 201
    found = api.get("/api/v1/backends", params={"filter": f"group={group}"}).json()
    assert [backend["id"] for backend in found["backends"]] == ids[1:3]
    found = api.get("/api/v1/backends", params={"filter": f"id={key}-* group!={group}"}).json()
    assert [backend["id"] for backend in found["backends"]] == [ids[0], *ids[3:]]


@pytest.mark.parametrize("path, params", [
    ("audit", {"from_ms": -1}), ("audit", {"from_ms": 2, "to_ms": 1}), ("audit", {"kind": "cat"}),
    ("audit", {"page_token": "0"}), ("audit", {"page_token": str(2 ** 64 - 1)}),
    ("queries", {"to": 1, "from": 2}), ("queries", {"skip": -1}),
])
def test_ranges_that_hold_nothing_are_refused(api, path, params):
    answer = api.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 400 and next(iter(params)) in answer.text


def test_preconditions_are_read_strictly(api, key):
    etag = create(api, key).headers["ETag"]
    path = f"/api/v1/backends/{key}"

    def patched(if_match):
        return api.patch(path, json={"load_limit": 2}, headers={"If-Match": if_match}).status_code

    assert [patched(value) for value in ('""', 'W/"x"', '"99"')] == [412] * 3
    assert [patched(value) for value in (f"*, {etag}", f"{etag} x", "etag")] == [400] * 3
    assert api.get(path).headers["ETag"] == etag, "none of them changed it"
    assert patched(f'"99", {etag}') == 200
    # A proxy that compressed the answer made it weak; the field has no quotes.
    assert patched(f'W/{api.get(path).headers["ETag"]}') == 200
    assert patched(api.get(path).json()["etag"]) == 200
    for in_header in ("*", "{etag}", '"99", "{etag}"'):
        whole = api.get(path).json()
        if_match = in_header.format(etag=whole["etag"])
        assert api.put(path, json=whole, headers={"If-Match": if_match}).status_code == 200
    assert api.put(path, json={"url": "http://x"}, headers={"If-None-Match": "*"}).status_code == 400


def test_what_is_only_declared_is_read_again_when_it_changed(api, key):
    path = f"/api/v1/groups/{key}"
    old = api.put(path, json={"strategy": "RANDOM"}).headers["ETag"]
    now = api.put(path, json={"strategy": "ROUND_ROBIN"}).headers["ETag"]
    assert api.get(path, headers={"If-None-Match": old}).status_code == 200
    unchanged = api.get(path, headers={"If-None-Match": f"{old}, W/{now}"})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == now


def test_what_is_known_of_a_backend_is_always_told(api, key):
    etag = create(api, key).headers["ETag"]
    path = f"/api/v1/backends/{key}"
    assert api.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_a_backend_is_read_changed_and_written_back(api, key):
    create(api, key)
    path = f"/api/v1/backends/{key}"
    for field, value, other in (("load_limit", 40, "threshold_cluster_load"),
                                ("load_limit", 50, "threshold_cluster_load"),
                                ("threshold_cluster_load", 7, "load_limit")):
        whole = api.get(path).json() | {field: value}
        written = api.put(path, json=whole)
        assert written.status_code == 200, written.text
        assert (written.json()[field], written.json()[other]) == (value, value)
    whole = api.get(path).json() | {"hostname": "moved.example:8080"}
    assert api.put(path, json=whole).json()["url"] == "http://moved.example:8080"
    whole = api.get(path).json() | {"url": "https://again.example:8443"}
    assert api.put(path, json=whole).json()["hostname"] == "again.example:8443"


@pytest.mark.parametrize("field, value, instead", [
    ("is_healthy", True, ":markUnhealthy"), ("cluster_load", 90, ":updateClusterLoad"),
    ("health", "healthy", ":markHealthy"), ("load", 1.5, ":updateClusterLoad"),
    ("in_flight", 7, "only shown"), ("source", "file", "only shown"),
])
def test_a_patch_of_what_is_only_shown_is_refused_and_a_put_passes_it_over(
        api, key, field, value, instead):
    create(api, key)
    path = f"/api/v1/backends/{key}"
    for refused in (api.patch(path, json={field: value}),
                    api.patch(f"{path}?update_mask={field}", json={})):
        assert refused.status_code == 400
        message = refused.json()["error"]["message"]
        assert f"'{field}'" in message and instead in message
    # Its first probe must not come in between.
    before = wait_for(lambda: (shown := api.get(path).json())["health"] == "unhealthy" and shown, "a probe")
    assert api.put(path, json=before | {field: value}).status_code == 200
    assert before[field] != value
    assert api.get(path).json()[field] == before[field]


@pytest.mark.parametrize("field, value", [
    ("external_url", "not a url"), ("external_url", "https://a/b?c"),
    ("external_url", "https://u@a"), ("threshold_cluster_load", 9),
])
def test_fields_that_cannot_hold_are_refused(api, key, field, value):
    answer = api.post("/api/v1/backends", json={
        "id": key, "url": "http://127.0.0.1:1", "load_limit": 4, field: value})
    assert answer.status_code == 400 and field in answer.text


def test_what_is_referred_to_is_not_deleted(api, key):
    create(api, key)
    group = api.post("/api/v1/groups", json={"id": key, "backends": [key], "strategy": "least_load"})
    assert group.status_code == 201 and group.json()["strategy"] == "LEAST_LOAD"
    policy = api.post("/api/v1/policies", json={
        "id": key, "group": key, "rule": {"type": "header_client_tags", "value": key}})
    assert policy.status_code == 201, policy.text
    for path in (f"/api/v1/backends/{key}", f"/api/v1/groups/{key}"):
        refused = api.delete(path)
        assert refused.status_code == 409
        assert refused.json()["error"]["code"] == "failed_precondition"
        assert key in refused.json()["error"]["message"]
    for path in ("policies", "groups", "backends"):
        assert api.delete(f"/api/v1/{path}/{key}").status_code == 204


@pytest.mark.parametrize("body, field", [
    ({"url": "ftp://x"}, "url"),
    ({}, "url"),
    ({"url": "http://x", "hostname": "y"}, "url"),
    ({"url": "http://x", "uri": "http://x"}, "uri"),
    ({"url": "http://x", "scheme": "ftp"}, "scheme"),
    ({"url": "http://x", "load_limit": -1}, "load_limit"),
    ({"url": "http://x", "id": "no blanks"}, "id"),
])
def test_a_refusal_names_the_field(api, key, body, field):
    answer = api.post("/api/v1/backends", json={"id": key, **body})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "invalid_argument"
    assert field in answer.json()["error"]["message"]


@pytest.mark.parametrize("role, reads, operates, administers", [
    (None, 401, 401, 401), ("viewer", 200, 403, 403), ("operator", 200, 200, 403),
    ("admin", 200, 200, 200)])
def test_roles(api, gateway, key, role, reads, operates, administers):
    create(api, key)
    with Api(gateway, role) as other:
        assert other.get(f"/api/v1/backends/{key}").status_code == reads
        assert other.get("/api/v1/queries").status_code == reads
        assert other.post(f"/api/v1/backends/{key}:disable").status_code == operates
        assert other.patch(f"/api/v1/backends/{key}", json={}).status_code == administers
        for path in ("/livez", "/metrics", "/openapi.json", "/swagger/"):
            assert other.get(path).status_code == 200


def test_a_drain_says_what_is_left(api, key):
    create(api, key)
    drained = api.post(f"/api/v1/backends/{key}:drain", json={"timeout_seconds": 5})
    assert drained.json() == {"drained": True, "in_flight": 0, "queries": 0, "transactions": 0,
                              "spooled": False}
    assert api.get(f"/api/v1/backends/{key}").json()["draining"] is True
    assert api.post(f"/api/v1/backends/{key}:drain", json={"timeout_seconds": 301}).status_code == 400


def test_changes_are_in_the_audit_log(api, key):
    create(api, key)
    api.delete(f"/api/v1/backends/{key}")
    entries = api.get("/api/v1/audit", params={"object_id": key}).json()["entries"]
    assert [entry["method"] for entry in entries] == ["BackendApi/DeleteBackend",
                                                      "BackendApi/CreateBackend"]
    assert (entries[0]["actor"], entries[0]["role"], entries[0]["after"]) == ("admin", "admin", "")
    page = api.get("/api/v1/audit", params={"object_id": key, "page_size": 1}).json()
    rest = api.get("/api/v1/audit", params={"object_id": key, "page_size": 1,
                                            "page_token": page["next_page_token"]}).json()
    assert page["entries"] + rest["entries"] == entries


def test_the_history_is_listed(api, key):
    for number in range(3):
        saved = api.twirp("QueryApi/CreateOrUpdateQuery", {
            "id": f"2026_{key}_{number}_abcde", "text": "SELECT '\N{CAT FACE}'", "username": key,
            "submitted_at": 1_700_000_000 + number, "backend_id": "gone"})
        assert saved.status_code == 200, saved.text
    listed = api.get("/api/v1/queries", params={"username": key, "count": 2}).json()
    assert (listed["Count"], listed["total"]) == (2, 3)
    assert [query["submitted_at"] for query in listed["items"]] == ["1700000002", "1700000001"]
    assert listed["items"][0]["text"] == "SELECT '\N{CAT FACE}'"
    oldest = api.get("/api/v1/queries", params={"username": key, "order_by": "ASC", "count": 1,
                                                "from": 1_700_000_001}).json()
    assert [query["submitted_at"] for query in oldest["items"]] == ["1700000001"]
    one = api.get(f"/api/v1/queries/2026_{key}_0_abcde").json()
    assert one["username"] == key
    found = api.get(f"/api/v1/queries/2026_{key}_0_abcde:findBackend").json()
    assert found["backend_id"] == "gone"
    assert api.get("/api/v1/queries/nope").status_code == 404


def test_many_idle_connections_do_not_keep_probes_out(gateway, api):
    connections = [socket.create_connection(("127.0.0.1", gateway.admin_port)) for _ in range(300)]
    try:
        for _ in range(3):
            assert api.get("/livez", headers={"Connection": "close"}).text == "ok\n"
    finally:
        for connection in connections:
            connection.close()


def test_viewers_may_ask_where_a_query_would_go(gateway):
    with Api(gateway, "viewer") as viewer:
        told = viewer.post("/api/v1/routing:explain", json={"user": "ada"})
        assert told.status_code == 200, told.text
        assert told.json()["decision"]["unavailable"] == "no enabled group is configured for it"
        wrong = viewer.post("/api/v1/routing:explain", json={"usr": "ada"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_argument")
        assert viewer.get("/api/v1/routing:explain").status_code == 405
    with Api(gateway, None) as nobody:
        nobody.headers["X-Auth-Key"] = "not-a-token"
        assert nobody.post("/api/v1/routing:explain", json={}).status_code == 401


def test_rules_go_through_their_life(api, gateway, key):
    created = api.post("/api/v1/rules", json={"id": key, "script": "return nil"})
    assert created.status_code == 201, created.text
    assert created.headers["ETag"] == f'"{created.json()["etag"]}"'
    assert created.json() == api.get(f"/api/v1/rules/{key}").json()
    assert (created.json()["instructions"], created.json()["memory_bytes"]) == (100_000, 1 << 20)
    assert api.put(f"/api/v1/rules/{key}", json=created.json()).status_code == 200
    late = api.patch(f"/api/v1/rules/{key}", json={"priority": 1},
                     headers={"If-Match": created.headers["ETag"]})
    assert late.status_code == 412
    broken = api.patch(f"/api/v1/rules/{key}", json={"script": "a = 1\nreturn +"})
    assert broken.status_code == 400
    assert broken.json()["error"]["message"].startswith(f"rule {key}:2: ")
    with Api(gateway, "operator") as operator:
        assert operator.post(f"/api/v1/rules/{key}:disable").status_code == 200
        assert operator.put(f"/api/v1/rules/{key}", json={"script": "return 1"}).status_code == 403
    assert api.get(f"/api/v1/rules/{key}").json()["is_enabled"] is False
    assert api.delete(f"/api/v1/rules/{key}").status_code == 204
    assert api.get(f"/api/v1/rules/{key}").status_code == 404


@pytest.mark.parametrize("limit", ["1e400", "-1", "1000001", '"Infinity"', '"NaN"'])
def test_a_load_limit_is_a_number_that_can_be_stored(api, key, limit):
    body = f'{{"id": "{key}", "url": "http://x", "load_limit": {limit}}}'
    assert api.post("/api/v1/backends", data=body).status_code == 400
    assert api.get(f"/api/v1/backends/{key}").status_code == 404
