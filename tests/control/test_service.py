"""What the admin service promises, on each database and over each transport.

Each test makes its own objects: the gateways are shared.
"""

import itertools
import threading

import pytest
from faults.harness import wait_for

from .clients import ApiError

COUNTER = itertools.count()


@pytest.fixture
def new_id():
    """Ids that no other test uses."""
    number = next(COUNTER)
    return lambda name="x": f"{name}-{number}"


def put_backend(api, key, **fields):
    return api.call("BackendApi/PutBackend",
                    {"backend": {"id": key, "url": "http://127.0.0.1:1", **fields}})


def put_group(api, key, backends=(), **fields):
    return api.call("GroupApi/PutGroup", {"group": {"id": key, "backends": [*backends], **fields}})


def put_policy(api, key, group, **fields):
    policy = {"id": key, "rule": {"type": "header_client_tags", "value": key}, "group": group}
    return api.call("PolicyApi/PutPolicy", {"policy": {**policy, **fields}})


def refusal(api, method, message):
    with pytest.raises(ApiError) as error:
        api.call(method, message)
    return error.value.code, error.value.message


def test_a_backend_is_shown_as_it_was_put(api, new_id):
    key = new_id()
    made = put_backend(api, key, url="https://trino.example:8443", load_limit=12.5,
                       uptime_schedule="0-59 8-18 * * *", is_enabled=True)
    shown = api.call("BackendApi/GetBackend", {"id": key})["backend"]
    assert shown["id"] == made["id"] == key
    assert shown["url"] == "https://trino.example:8443"
    assert (shown["scheme"], shown["hostname"]) == ("https", "trino.example:8443")
    assert shown["load_limit"] == 12.5
    assert shown["uptime_schedule"] == "0-59 8-18 * * *"
    assert shown["source"] == "store"
    assert shown["etag"] == made["etag"] != ""


def test_all_settings_of_groups_and_policies_come_back(api, new_id):
    backend, group, spare, key = (new_id(name) for name in ("b", "g", "s", "p"))
    put_backend(api, backend)
    put_group(api, spare)
    put_group(api, group, [backend], strategy="WEIGHTED_ROUND_ROBIN", weights={backend: 95},
              fallback_groups=[spare])
    shown = api.call("GroupApi/GetGroup", {"id": group})["group"]
    assert shown["strategy"] == "WEIGHTED_ROUND_ROBIN"
    assert shown["weights"] == {backend: 95}
    assert shown["fallback_groups"] == [spare]

    put_policy(api, key, group, priority=7, fallback_group=spare, set_request_source="viagw",
               conditions=[{"type": "user", "values": ["ada", "bob"]}])
    policy = api.call("PolicyApi/GetPolicy", {"id": key})["policy"]
    assert policy["rule"] == {"type": "header_client_tags", "value": key}
    assert policy["priority"] == 7
    assert policy["fallback_group"] == spare
    assert policy["set_request_source"] == "viagw"
    assert policy["conditions"][0]["type"] == "user"
    assert policy["conditions"][0]["values"] == ["ada", "bob"]


def test_what_is_not_there_is_not_found(api, new_id):
    key = new_id()
    for kind in ("Backend", "Group", "Policy"):
        for verb in ("Get", "Delete", "Enable", "Disable"):
            code, message = refusal(api, f"{kind}Api/{verb}{kind}", {"id": key})
            assert code == "not_found"
            assert key in message


def test_bad_values_are_refused_with_the_field_and_what_is_allowed(api, new_id):
    key = new_id()
    code, message = refusal(api, "BackendApi/PutBackend",
                            {"backend": {"id": key, "url": "ftp://x"}})
    assert code == "invalid_argument" and "http://" in message
    code, message = refusal(api, "GroupApi/PutGroup", {"group": {"id": "no blanks please"}})
    assert code == "invalid_argument" and "id" in message and "64" in message
    code, message = refusal(api, "PolicyApi/PutPolicy", {"policy": {
        "id": key, "rule": {"type": "listening_port", "value": "http"}, "group": "all"}})
    assert code == "invalid_argument" and "1 to 65535" in message


def test_references_must_lead_somewhere(api, new_id):
    code, message = refusal(api, "GroupApi/PutGroup",
                            {"group": {"id": new_id(), "backends": ["nowhere"]}})
    assert code == "invalid_argument" and "'nowhere'" in message
    with pytest.raises(ApiError):
        api.call("GroupApi/GetGroup", {"id": new_id()})  # nothing is half done


def test_what_is_used_cannot_be_deleted(api, new_id):
    backend, group, policy = new_id("b"), new_id("g"), new_id("p")
    put_backend(api, backend)
    put_group(api, group, [backend])
    put_policy(api, policy, group)
    code, message = refusal(api, "BackendApi/DeleteBackend", {"id": backend})
    assert code == "failed_precondition" and group in message
    code, message = refusal(api, "GroupApi/DeleteGroup", {"id": group})
    assert code == "failed_precondition" and policy in message
    for kind, key in (("Policy", policy), ("Group", group), ("Backend", backend)):
        api.call(f"{kind}Api/Delete{kind}", {"id": key})
        assert refusal(api, f"{kind}Api/Get{kind}", {"id": key})[0] == "not_found"


@pytest.fixture
def busy(api, gateway, lab, new_id):
    """A backend that no group names any more, with one query that runs there."""
    backend, group, policy = new_id("b"), new_id("g"), new_id("p")
    fake = lab.fake_trino(f"q{int(backend.removeprefix('b-')):04}")
    put_backend(api, backend, url=fake.url)
    wait_for(lambda: api.call("BackendApi/GetBackend", {"id": backend})["backend"]["is_healthy"],
             "a healthy backend")
    put_group(api, group, [backend])
    put_policy(api, policy, group)
    answer = gateway.request("POST", "/v1/statement", [
        ("X-Trino-User", "busy"), ("X-Trino-Client-Tags", policy)], b"SELECT 1 -- queued=3")
    assert answer.get("X-Trino-Gateway-Backend") == backend
    api.call("PolicyApi/DeletePolicy", {"id": policy})
    api.call("GroupApi/DeleteGroup", {"id": group})
    return backend


def test_a_backend_in_use_is_deleted_only_by_force(api, busy):
    assert api.call("BackendApi/GetBackend", {"id": busy})["backend"]["left_queries"] == 1
    code, message = refusal(api, "BackendApi/DeleteBackend", {"id": busy})
    assert code == "failed_precondition"
    assert "1 query" in message and "drain" in message and "force=true" in message
    left = api.call("BackendApi/DrainBackend", {"id": busy})
    assert (left["drained"], left["queries"]) == (False, 1)
    api.call("BackendApi/DeleteBackend", {"id": busy, "force": True})
    assert refusal(api, "BackendApi/GetBackend", {"id": busy})[0] == "not_found"


def test_a_backends_history_tells_what_happened(api, busy):
    api.call("BackendApi/DisableBackend", {"id": busy})
    changes = api.call("BackendApi/ListBackendHistory", {"id": busy})["changes"]
    assert [(change["from"], change["to"]) for change in changes[:2]] == [
        ("healthy", "disabled"), ("unknown", "healthy")]
    assert changes[0]["reason"] == "disabled"
    assert int(changes[0]["at_ms"]) >= int(changes[1]["at_ms"]) > 1_700_000_000_000
    assert refusal(api, "BackendApi/ListBackendHistory", {"id": "gone"})[0] == "not_found"
    api.call("BackendApi/DeleteBackend", {"id": busy, "force": True})


def test_marks_are_set_and_cleared(api, busy):
    def shown():
        return api.call("BackendApi/GetBackend", {"id": busy})["backend"]

    api.call("BackendApi/MarkUnhealthyBackend", {"id": busy})
    assert (shown()["health"], shown()["is_marked"]) == ("unhealthy", True)
    api.call("BackendApi/ClearMarksBackend", {"id": busy})
    assert (shown()["health"], shown()["is_marked"]) == ("healthy", False)
    assert refusal(api, "BackendApi/ClearMarksBackend", {"id": "gone"})[0] == "not_found"
    api.call("BackendApi/DeleteBackend", {"id": busy, "force": True})


def test_create_refuses_what_exists(api, new_id):
    key = new_id()
    api.call("GroupApi/CreateGroup", {"group": {"id": key}})
    assert refusal(api, "GroupApi/CreateGroup", {"group": {"id": key}})[0] == "already_exists"


def test_what_the_file_declares_is_read_only(api):
    assert api.call("BackendApi/GetBackend", {"id": "f1"})["backend"]["source"] == "file"
    for method, message in (("BackendApi/DisableBackend", {"id": "f1"}),
                            ("BackendApi/DeleteBackend", {"id": "f1"}),
                            ("GroupApi/PutGroup", {"group": {"id": "all"}})):
        code, text = refusal(api, method, message)
        assert code == "failed_precondition"
        assert "configuration file" in text


def test_enabling_and_disabling_can_be_repeated(api, new_id):
    key = new_id()
    put_group(api, key)
    for verb, enabled in (("Disable", False), ("Disable", False), ("Enable", True),
                          ("Enable", True)):
        api.call(f"GroupApi/{verb}Group", {"id": key})
        assert api.call("GroupApi/GetGroup", {"id": key})["group"]["is_enabled"] is enabled


def test_a_patch_changes_only_what_it_names(api, new_id):
    key = new_id()
    put_backend(api, key, load_limit=5)
    patched = api.call("BackendApi/PatchBackend",
                       {"backend": {"id": key, "external_url": "trino.example"}})
    assert patched["external_url"] == "trino.example"
    assert patched["load_limit"] == 5


def test_a_write_based_on_an_old_version_is_refused(api, new_id):
    key = new_id()
    put_group(api, key)
    etag = api.call("GroupApi/GetGroup", {"id": key})["group"]["etag"]
    put_group(api, key, strategy="RANDOM", etag=etag)
    code, message = refusal(api, "GroupApi/PutGroup", {"group": {"id": key, "etag": etag}})
    assert code == "aborted" and "read it again" in message
    assert api.call("GroupApi/GetGroup", {"id": key})["group"]["strategy"] == "RANDOM"


def test_many_writers_lose_no_update(api, new_id):
    key = new_id()
    put_policy(api, key, "all")

    def add(times):
        while times:
            policy = api.call("PolicyApi/GetPolicy", {"id": key})["policy"]
            policy["priority"] += 1
            try:
                api.call("PolicyApi/PutPolicy", {"policy": policy})
                times -= 1
            except ApiError as error:
                assert error.code == "aborted"

    threads = [threading.Thread(target=add, args=(5,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert api.call("PolicyApi/GetPolicy", {"id": key})["policy"]["priority"] == 20


def test_lists_come_in_pages(api, new_id):
    keys = sorted(new_id(f"page{i}") for i in range(5))
    for key in keys:
        put_group(api, key)
    seen, token = [], ""
    while True:
        page = api.call("GroupApi/ListGroups", {"page_size": 2, "page_token": token})
        assert len(page["groups"]) <= 2
        seen += [group["id"] for group in page["groups"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == sorted(seen)
    assert set(keys) <= set(seen)


def test_every_write_leaves_a_line_in_the_audit_log(api, new_id):
    key = new_id()
    put_group(api, key)
    api.call("GroupApi/DisableGroup", {"id": key})
    api.call("GroupApi/DeleteGroup", {"id": key})
    entries = api.call("AuditApi/ListAuditEntries", {"object_id": key})["entries"]
    assert len(entries) == 3
    deletion, disabling, creation = entries
    assert all(entry["object_id"] == key and entry["kind"] == "group" for entry in entries)
    assert creation["before"] == "" and deletion["after"] == ""
    assert disabling["before"] == creation["after"]
    assert '"enabled":true' in disabling["before"] and '"enabled":false' in disabling["after"]
    assert all(entry["actor"] and entry["client"].startswith("127.0.0.1") for entry in entries)


def test_text_in_any_script_survives(api, new_id):
    key, group = new_id(), new_id("g")
    put_group(api, group)
    value = "Zürich-京都-🦉-it's \"q\""
    put_policy(api, key, group, rule={"type": "header_client_tags", "value": value})
    assert api.call("PolicyApi/GetPolicy", {"id": key})["policy"]["rule"]["value"] == value


def test_ids_are_told_apart_exactly(api, new_id):
    key = new_id("case")
    put_group(api, key)
    put_group(api, key.upper(), strategy="RANDOM")
    assert api.call("GroupApi/GetGroup", {"id": key})["group"]["strategy"] != "RANDOM"


def record(recorder, key, user, **fields):
    """Over Twirp: recording is for the clients of the system that users come from."""
    recorder.call("QueryApi/CreateOrUpdateQuery", {
        "id": key, "username": user, "backend_id": "f1", "group_id": "all",
        "client_ip": "192.0.2.7", "submitted_at": "1790000000", **fields})


def test_both_ends_of_a_time_are_inclusive(api, recorder, new_id):
    user = new_id("user")
    for second in (1790000000, 1790000001, 1790000002):
        record(recorder, f"{user}_{second}", user, submitted_at=str(second))

    def listed(**bounds):
        found = api.call("QueryApi/ListQueries", {"username": user, **bounds})["items"]
        return [query["id"][-1] for query in found]

    assert listed(to="1790000001") == ["1", "0"]
    assert listed(**{"from": "1790000001"}) == ["2", "1"]
    assert listed(to="1790000001", **{"from": "1790000001"}) == ["1"]
    assert listed(to=str(2**63 - 1)) == ["2", "1", "0"]


def test_a_page_of_the_history_ends_where_its_texts_are_long(recorder, new_id):
    user = new_id("user")
    keys = [f"{user}_{number}" for number in range(10)]
    for key in keys:
        record(recorder, key, user, text="x" * 1_000_000)
    pages, seen = [], []
    while not pages or pages[-1]["items"]:
        pages.append(recorder.call("QueryApi/ListQueries",
                                   {"username": user, "count": 100, "skip": len(seen)}))
        seen += [query["id"] for query in pages[-1]["items"]]
    assert [page["Count"] for page in pages] == [8, 2, 0]
    assert pages[0]["total"] == 10
    assert sorted(seen) == keys


def test_a_recorded_query_is_found(api, recorder):
    key = f"20261123_212752_0000{next(COUNTER)}_hist{next(COUNTER)}"
    text = "SELECT '🦉' -- " + "x" * 3000
    record(recorder, key, "ada", text=text)
    assert api.call("QueryApi/GetQuery", {"id": key})["query"]["text"] == text
    found = api.call("QueryApi/FindBackendForQuery", {"query_id": key})
    assert (found["backend_id"], found["group_id"]) == ("f1", "all")
    listed = api.call("QueryApi/ListQueries", {"username": "ada", "count": 10})
    assert key in [query["id"] for query in listed["items"]]


def test_a_query_that_is_replaced_in_the_history_leaves_an_audit_entry(api, recorder):
    key = f"20261123_212752_0000{next(COUNTER)}_hist{next(COUNTER)}"
    for user, text in (("ada", "SELECT 1"), ("eve", "SELECT 2")):
        recorder.call("QueryApi/CreateOrUpdateQuery",
                      {"id": key, "text": text, "username": user, "submitted_at": "1790000000"})
    assert api.call("QueryApi/GetQuery", {"id": key})["query"]["username"] == "eve"
    [entry] = api.call("AuditApi/ListAuditEntries", {"kind": "query", "object_id": key})["entries"]
    assert '"user":"ada"' in entry["before"] and '"user":"eve"' in entry["after"]
    assert "SELECT" not in entry["before"] + entry["after"]
