"""What policies do to queries besides placing them, and policies by who asks."""

import json
import subprocess

import pytest

from .harness import BINARY, wait_for
from .queries import backend_of, submit


def policy(name, condition, **more):
    return {"id": name, "conditions": [condition], **more}


@pytest.fixture(scope="module")
def fakes(shared_lab):
    return {"etl": shared_lab.fake_trino("aaaaa"), "other": shared_lab.fake_trino("bbbbb")}


@pytest.fixture(scope="module")
def gateway(shared_lab, fakes):
    return shared_lab.gateway(
        fakes,
        groups=[{"id": "g-etl", "backends": ["etl"]}, {"id": "g-other", "backends": ["other"]}],
        policies=[
            policy("by-user", {"type": "user", "values": ["ada", "bob"]}, group="g-etl"),
            policy("by-pattern", {"type": "user_regex", "value": "svc-.*"}, group="g-etl"),
            policy("by-header", {"type": "header", "name": "X-Team", "value": "bi"},
                   group="g-etl"),
            policy("by-address", {"type": "client_address", "value": "192.0.2.0/24"},
                   group="g-etl"),
            policy("by-property", {"type": "session_property", "name": "target", "value": "etl"},
                   group="g-etl"),
            policy("large", {"type": "text_size", "value": "1000-"}, group="g-etl"),
            policy("closed", {"type": "source", "value": "robot"}, priority=10,
                   reject_message="Robots use the \"batch\" gateway."),
        ],
        routing={"default_group": "g-other"})


@pytest.mark.parametrize("user,expected", [
    ("ada", "etl"), ("bob", "etl"), ("svc-nightly", "etl"), ("svc", "other"), ("Ada", "other"),
])
def test_a_policy_matches_the_user(gateway, user, expected):
    answer = gateway.request("POST", "/v1/statement", [("X-Trino-User", user)], b"SELECT 1")
    assert answer.get("X-Trino-Gateway-Backend") == expected


def test_a_policy_matches_the_user_of_prestodb_clients(gateway):
    answer = gateway.request("POST", "/v1/statement", [("X-Presto-User", "ada")], b"SELECT 1")
    assert answer.get("X-Trino-Gateway-Backend") == "etl"


@pytest.mark.parametrize("fields,expected", [
    ([("X-Team", "bi")], "etl"), ([("x-team", "bi")], "etl"), ([("X-Team", "ml")], "other"),
    ([("X-Trino-Session", "a=1,target=etl")], "etl"),
    ([("X-Trino-Session", "target=%65tl")], "etl"),
    ([("X-Trino-Session", "target=bi")], "other"),
])
def test_a_policy_matches_headers_and_session_properties(gateway, fields, expected):
    assert backend_of(gateway, fields) == expected


def test_a_policy_matches_the_size_of_the_statement(gateway):
    assert backend_of(gateway, sql="SELECT 1 -- " + "x" * 900) == "other"
    assert backend_of(gateway, sql="SELECT 1 -- " + "x" * 1000) == "etl"


def test_a_rejected_query_fails_with_the_message_that_clients_print(gateway, fakes):
    answer = submit(gateway, "SELECT 1", [("X-Trino-Source", "robot")])
    assert answer.status == 200
    page = json.loads(answer.body)
    assert page["error"]["message"] == 'Robots use the "batch" gateway.'
    assert page["error"]["errorName"] == "GATEWAY_QUERY_REJECTED"
    assert page["error"]["errorType"] == "USER_ERROR"
    assert "nextUri" not in page
    assert answer.get("X-Trino-Gateway-Backend") is None
    assert not any("robot" in head for fake in fakes.values() for head in fake.heads())


def test_a_rejected_query_does_not_get_in_by_a_transaction(gateway):
    fields = [("X-Trino-Source", "robot"), ("X-Trino-Transaction-Id", "1-2-3~other")]
    page = json.loads(submit(gateway, "SELECT 1", fields).body)
    assert page["error"]["errorName"] == "GATEWAY_QUERY_REJECTED"


def test_a_policy_that_rejects_leaves_other_requests_alone(gateway):
    answer = gateway.request("GET", "/v1/info", [("X-Trino-Source", "robot")])
    assert answer.status == 200


def test_headers_and_source_change_on_submissions_only(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway(
        {"c1": fake},
        groups=[{"id": "g", "backends": ["c1"]}],
        policies=[policy("alice", {"type": "user", "value": "alice"}, group="g",
                         set_request_source="gateway",
                         headers=[{"name": "X-Trino-Client-Tags", "value": "vip"},
                                  {"name": "X-Secret", "remove": True},
                                  {"name": "X-Added", "value": "yes"}])],
        routing={"default_group": "g"})
    answer = submit(gateway, "SELECT 1", [("X-Trino-Source", "cli"), ("X-Secret", "s"),
                                          ("X-Trino-Client-Tags", "a,b")])
    assert answer.status == 200
    head = next(h for h in fake.heads() if h.startswith("POST /v1/statement") and "alice" in h)
    lines = head.lower().splitlines()
    assert "x-trino-source: gateway" in lines and "x-trino-source: cli" not in lines
    assert "x-trino-client-tags: vip" in lines and "x-trino-client-tags: a,b" not in lines
    assert "x-added: yes" in lines
    assert not any(line.startswith("x-secret") for line in lines)


def test_a_kill_is_changed_like_all_submissions(lab):
    backend = lab.raw_backend("killr")
    gateway = lab.gateway(
        {"c1": backend},
        policies=[policy("alice", {"type": "user", "value": "alice"}, set_request_source="gateway",
                         reject_message="No statements today.",
                         headers=[{"name": "X-Secret", "remove": True}])])
    kill = "CALL system.runtime.kill_query('20260101_000000_00000_killr')"
    submit(gateway, kill, [("X-Test", "1"), ("X-Secret", "s"), ("X-Trino-Source", "cli")])
    assert len(backend.heads) == 1
    assert backend.heads[0].get("X-Secret") is None
    assert backend.heads[0].all("X-Trino-Source") == ["gateway"]


def test_a_draining_backend_gets_no_new_queries(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes, groups=[{"id": "g", "backends": ["c1", "c2"]}],
                          routing={"default_group": "g"})
    assert {backend_of(gateway) for _ in range(4)} == {"c1", "c2"}
    gateway.config["backends"][0]["draining"] = True
    gateway.write_config()
    wait_for(lambda: gateway.events("config.reloaded"), "the reload")
    assert {backend_of(gateway) for _ in range(4)} == {"c2"}


def test_weights_split_queries_exactly(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(
        fakes, routing={"default_group": "g"},
        groups=[{"id": "g", "backends": ["c1", "c2"], "strategy": "weighted_round_robin",
                 "weights": {"c1": 9, "c2": 1}}])
    picked = [backend_of(gateway) for _ in range(40)]
    assert (picked.count("c1"), picked.count("c2")) == (36, 4)


def test_a_user_stays_on_one_backend_of_a_hash_group(lab):
    fakes = {name: lab.fake_trino(name * 5) for name in "abc"}
    gateway = lab.gateway(
        fakes, routing={"default_group": "g"},
        groups=[{"id": "g", "backends": list(fakes), "strategy": "hash", "hash_key": "user"}])
    owners = set()
    for number in range(12):
        user = [("X-Trino-User", f"user{number}")]
        answers = [gateway.request("POST", "/v1/statement", user, b"SELECT 1") for _ in range(3)]
        backends = {answer.get("X-Trino-Gateway-Backend") for answer in answers}
        assert len(backends) == 1
        owners |= backends
    assert len(owners) > 1


def test_explain_tells_where_a_query_would_go(gateway):
    def explain(*arguments):
        run = subprocess.run([BINARY, "explain", "--config", gateway.config_path, *arguments],
                             capture_output=True, text=True, timeout=30)
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert explain("--user", "ada").startswith("backend etl of group g-etl, mode proxy\n")
    decision = json.loads(explain("--user", "eve", "--json"))["decision"]
    assert (decision["backend"], decision["policies"]) == ("other", [])
    by_address = json.loads(explain("--client-ip", "192.0.2.9", "--json"))["decision"]
    assert by_address["policies"] == ["by-address"]
    assert "rejected: Robots" in explain("--source", "robot")
