"""Rules kept in the database: checked before they are stored, in force when the answer comes."""

import itertools

import pytest

from .clients import ApiError

COUNTER = itertools.count()


@pytest.fixture
def key(api):
    """Id of a rule that is deleted afterwards, as rules concern all queries of a gateway."""
    made = f"rule{next(COUNTER)}"
    yield made
    try:
        api.call("RuleApi/DeleteRule", {"id": made})
    except ApiError as error:
        assert error.code == "not_found"


def script_for(user, result):
    return f"if request.user == '{user}' then return {result} end"


def put(api, key, script, **fields):
    return api.call("RuleApi/PutRule", {"rule": {"id": key, "script": script, **fields}})


def shown(api, key):
    return api.call("RuleApi/GetRule", {"id": key})


def refusal(api, method, message):
    with pytest.raises(ApiError) as error:
        api.call(method, message)
    return error.value.code, error.value.message


def rejection(api, user):
    told = api.call("RoutingApi/Explain", {"user": user})
    return told["decision"]["reject_message"]


def test_a_rule_is_shown_as_it_was_put(api, key):
    script = "-- 🦉 it's \"q\"\r\nreturn nil\t\n"
    made = put(api, key, script, priority=-3, instructions=5000, memory_bytes=65536, text=True,
               is_enabled=False)
    rule = shown(api, key)
    assert rule == made
    assert rule["script"] == script
    assert (rule["priority"], rule["instructions"], rule["memory_bytes"]) == (-3, 5000, 65536)
    assert (rule["text"], rule["is_enabled"], rule["source"]) == (True, False, "store")
    assert rule["kind"] == "lua" and rule["etag"] != ""


def test_a_rule_is_in_force_when_its_answer_comes(api, key):
    put(api, key, script_for(key, "{reject = 'first'}"))
    assert rejection(api, key) == "first"
    put(api, key, script_for(key, "{reject = 'second'}"))
    assert rejection(api, key) == "second"
    api.call("RuleApi/DisableRule", {"id": key})
    api.call("RuleApi/DisableRule", {"id": key})
    assert rejection(api, key) == ""
    told = api.call("RoutingApi/Explain", {"user": key})
    assert next(rule for rule in told["rules"] if rule["id"] == key)["verdict"] == "disabled"
    api.call("RuleApi/EnableRule", {"id": key})
    assert rejection(api, key) == "second"
    api.call("RuleApi/DeleteRule", {"id": key})
    assert rejection(api, key) == ""


def test_queries_are_asked_about_it_too(api, gateway, key):
    put(api, key, script_for(key, "{reject = 'stored rule'}"))
    answer = gateway.request("POST", "/v1/statement", [("X-Trino-User", key)], b"SELECT 1")
    assert b"stored rule" in answer.body


def test_a_broken_script_is_refused_with_its_line_and_the_last_one_stays(api, key):
    # Few: a machine that stands still must not make the time run out first.
    put(api, key, script_for(key, "{reject = 'good'}"), instructions=5000)
    for script, part in (("local a\nreturn +", f"rule {key}:2: unexpected symbol"),
                         ("return request.headers['X-Trino-Catalog']:lower()",
                          f"rule {key}:1: attempt to index a nil value"),
                         ("while true do end", "used up its instructions"),
                         ("return 5", "returned a number"),
                         ("", "1 to 65536"),
                         ("-" * 65537, "1 to 65536")):
        for method in ("RuleApi/PutRule", "RuleApi/PatchRule"):
            message = {"rule": {"id": key, "script": script, "instructions": 5000}}
            if method.endswith("PatchRule"):
                message["update_mask"] = "script"
            code, text = refusal(api, method, message)
            assert code == "invalid_argument"
            assert part in text
    assert rejection(api, key) == "good"
    assert shown(api, key)["script"] == script_for(key, "{reject = 'good'}")


def test_a_patch_changes_only_what_it_names(api, key):
    put(api, key, "return nil", priority=5, text=True)
    patched = api.call("RuleApi/PatchRule", {"rule": {"id": key, "priority": 7}})
    assert (patched["priority"], patched["text"], patched["script"]) == (7, True, "return nil")


def test_what_is_based_on_an_old_version_is_refused(api, key):
    etag = put(api, key, "return nil")["etag"]
    put(api, key, "return 'x'", etag=etag)
    code, _ = refusal(api, "RuleApi/PutRule",
                      {"rule": {"id": key, "script": "return 'y'", "etag": etag}})
    assert code == "aborted"
    code, _ = refusal(api, "RuleApi/CreateRule", {"rule": {"id": key, "script": "return nil"}})
    assert code == "already_exists"
    assert shown(api, key)["script"] == "return 'x'"


def test_what_is_not_there_is_not_found(api):
    for verb in ("Get", "Delete", "Enable", "Disable"):
        assert refusal(api, f"RuleApi/{verb}Rule", {"id": "nobody"})[0] == "not_found"


def test_rules_come_in_pages_and_by_filter(api, key):
    put(api, key, "return nil", is_enabled=False)
    listed = api.call("RuleApi/ListRules", {"filter": f"enabled=false id={key}"})
    assert [rule["id"] for rule in listed["rules"]] == [key]
    assert listed["total_size"] == 1


def test_every_write_leaves_a_line_in_the_audit_log(api, key):
    put(api, key, "return nil")
    api.call("RuleApi/DeleteRule", {"id": key})
    deletion, creation = api.call("AuditApi/ListAuditEntries", {"object_id": key})["entries"]
    assert (creation["kind"], creation["method"]) == ("rule", "RuleApi/PutRule")
    assert '"script":"return nil"' in creation["after"]
    assert deletion["before"] == creation["after"] and deletion["after"] == ""
