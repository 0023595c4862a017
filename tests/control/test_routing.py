"""Why queries go where they go, on each database and over each transport."""

import itertools

import pytest

from .clients import ApiError

COUNTER = itertools.count()


@pytest.fixture
def team(api):
    """A group of the healthy backend f1, with a policy for the tag of the same name."""
    name = f"team{next(COUNTER)}"
    api.call("GroupApi/PutGroup", {"group": {"id": name, "backends": ["f1"]}})
    api.call("PolicyApi/PutPolicy", {"policy": {
        "id": name, "rule": {"type": "header_client_tags", "value": name}, "group": name,
        "headers": [{"name": "X-Team", "value": name}, {"name": "X-Extra"}]}})
    yield name
    api.call("PolicyApi/DeletePolicy", {"id": name})
    api.call("GroupApi/DeleteGroup", {"id": name})


def explain(api, **request):
    return api.call("RoutingApi/Explain", request)


def test_every_step_of_a_decision_is_told(api, team):
    told = explain(api, user="ada", client_tags=[team], catalog="hive", schema="web",
                   sql="SELECT * FROM visits")
    decision = told["decision"]
    assert (decision["backend"], decision["group"], decision["mode"]) == ("f1", team, "PROXY")
    assert decision["policies"] == [team]
    assert decision["headers"][0] == {"name": "X-Team", "value": team}
    assert "value" not in decision["headers"][1]
    statement = told["statement"]
    assert (statement["type"], statement["category"], statement["read_only"]) == (
        "Query", "SELECT", True)
    assert statement["tables"] == ["hive.web.visits"]
    policy = next(trace for trace in told["policies"] if trace["id"] == team)
    assert (policy["verdict"], policy["reason"]) == ("decides", f"leads to {team}")
    assert [(group["id"], group["origin"]) for group in told["groups"]] == [
        (team, "policy"), ("all", "default")]
    assert told["groups"][0]["backends"][0]["eligible"] is True
    assert told["external_router"]["verdict"] == "not_configured"
    assert told["text"].startswith(f"backend f1 of group {team}, mode proxy\n")
    assert "recorded" not in told


def test_a_statement_that_is_not_understood_is_said_to_be(api):
    statement = explain(api, sql="SELEKT 1")["statement"]
    assert statement["understood"] is False
    assert statement["outcome"] == "syntax_error"
    assert "statement" not in explain(api, user="ada")


def test_evaluations_agree_with_the_explanation(api, team):
    for tags in ([team], ["nobody"], []):
        decision = explain(api, client_tags=tags, host="gateway", listener_port=8080)["decision"]
        groups = api.call("PolicyApi/EvaluateGroupsForClient", {
            "incoming_port": 8080, "host": "gateway", "header_client_tags": ",".join(tags)})
        assert groups["group_ids"] == decision["groups"]
        backend = api.call("GroupApi/EvaluateBackendForGroups", {"group_ids": decision["groups"]})
        assert backend["backend_id"] == decision["backend"]
        assert backend["group_id"] == decision["group"]


def test_a_recorded_query_is_asked_again(api, recorder, team):
    key = f"20261124_212752_0000{next(COUNTER)}_again{next(COUNTER)}"
    recorder.call("QueryApi/CreateOrUpdateQuery", {
        "id": key, "text": "DELETE FROM a.b.c", "username": "ada", "backend_id": "f1",
        "group_id": team, "client_ip": "192.0.2.7", "submitted_at": "1790000000",
        "trace": "policy old -> " + team})
    told = explain(api, query_id=key)
    found = api.call("QueryApi/FindBackendForQuery", {"query_id": key})
    recorded = told["recorded"]
    assert (recorded["backend_id"], recorded["group_id"]) == (
        found["backend_id"], found["group_id"]) == ("f1", team)
    assert recorded["submitted_ms"] == "1790000000000"
    assert recorded["not_recorded"] == ["listener_port", "client_tags", "catalog", "schema",
                                        "headers"]
    assert told["statement"]["type"] == "Delete"
    assert told["decision"]["group"] == "all"
    assert "not recorded, so taken for not sent: listener_port, client_tags" in told["text"]

    completed = explain(api, query_id=key, client_tags=[team])
    assert completed["decision"]["group"] == team
    assert "client_tags" not in completed["recorded"]["not_recorded"]


def test_what_cannot_be_asked_is_refused(api):
    for request, code, part in (
            ({"query_id": "20261124_212752_00000_never"}, "not_found", "never"),
            ({"listener_port": 65536}, "invalid_argument", "0 to 65535"),
            ({"time_ms": -1}, "invalid_argument", "time_ms"),
            ({"headers": [{"name": "X Y", "value": "1"}]}, "invalid_argument", "'X Y'"),
            ({"user": "a\r\nX-Trino-User: eve"}, "invalid_argument", "control characters")):
        with pytest.raises(ApiError) as error:
            explain(api, **request)
        assert error.value.code == code
        assert part in error.value.message
