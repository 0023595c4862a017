"""Lua rules: where they send queries, what they change, and what happens to broken ones."""

import json
import signal

import pytest

from .harness import wait_for
from .queries import backend_of, explain, submit

RULE = """
if request.user == "bob" then return "two" end
if request.headers["X-Reject"] then return {reject = "not like this"} end
if request.headers["X-Change"] then
  return {headers = {set = {["X-Trino-Client-Info"] = "by rule"}, remove = {"X-Change"}},
          source = "rule"}
end
if request.source == "loop" then while true do end end
"""
AS_BOB = [("X-Trino-User", "bob")]


def ask(gateway, user="alice", *fields):
    answer = gateway.request("POST", "/v1/statement", [("X-Trino-User", user), *fields],
                             b"SELECT 1")
    assert answer.status == 200, answer
    return answer


def write_rule(gateway, text, name="rule.lua"):
    part = gateway.directory / "part"
    part.write_text(text)
    part.replace(gateway.directory / name)


@pytest.fixture
def parts(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    rule = lab.directory / "rule.lua"  # its path in the configuration is absolute
    rule.write_text(RULE)
    gateway = lab.gateway(
        fakes,
        groups=[{"id": "one", "backends": ["c1"]}, {"id": "two", "backends": ["c2"]}],
        policies=[{"id": "tag", "rule": {"type": "header_client_tags", "value": "two"},
                   "group": "two"}],
        routing={"default_group": "one", "rules": [{"id": "test", "file": str(rule)}]})
    gateway.rule = rule
    return fakes, gateway


def backend(answer):
    return answer.get("X-Trino-Gateway-Backend")


def test_a_rule_comes_before_policies_and_the_default_group(parts):
    _, gateway = parts
    assert backend(ask(gateway, "bob")) == "c2"
    assert backend(ask(gateway, "alice")) == "c1"
    assert backend(ask(gateway, "alice", ("X-Trino-Client-Tags", "two"))) == "c2"


def test_a_rule_changes_headers_and_source(parts):
    fakes, gateway = parts
    assert backend(ask(gateway, "alice", ("X-Change", "1"), ("X-Trino-Source", "zzz1"),
                       ("X-Trino-Client-Info", "zzz2"))) == "c1"
    head = [head for head in fakes["c1"].heads() if "by rule" in str(head)]
    assert len(head) == 1
    text = str(head[0]).lower()
    assert "x-change" not in text and "zzz" not in text
    assert "x-trino-source: rule" in text


def test_a_rejection_is_an_error_that_clients_print(parts):
    fakes, gateway = parts
    answer = ask(gateway, "alice", ("X-Reject", "1"))
    error = json.loads(answer.body)["error"]
    assert error["message"] == "not like this"
    assert error["errorName"] == "GATEWAY_QUERY_REJECTED"
    assert backend(answer) is None


def test_an_endless_rule_is_passed_over(parts):
    _, gateway = parts
    for _ in range(3):
        assert backend(ask(gateway, "alice", ("X-Trino-Source", "loop"))) == "c1"
    failed = 'trino_gateway_rule_failures_total{reason="too_large",rule="test"}'
    assert gateway.metric(failed) == 3
    events = wait_for(lambda: gateway.events("rule.failed"), "the log to tell")
    assert len(events) == 1 and "used up its instructions" in events[0]["reason"]


def test_a_changed_script_is_taken_over(parts):
    _, gateway = parts
    gateway.rule.write_text('return "two"')
    wait_for(lambda: backend(ask(gateway)) == "c2", "the new rule to hold")


def test_a_broken_script_is_refused_and_the_old_one_stays(parts):
    _, gateway = parts
    gateway.rule.write_text('if request.user == "bob" then\n  return +\nend')
    gateway.signal(signal.SIGHUP)
    refused = wait_for(lambda: gateway.events("config.refused"), "the refusal")
    assert "rule.lua:2: unexpected symbol" in refused[0]["reason"]
    assert backend(ask(gateway, "bob")) == "c2"
    gateway.rule.write_text('return "two"')
    gateway.signal(signal.SIGHUP)
    wait_for(lambda: backend(ask(gateway)) == "c2", "the repaired rule to hold")


def test_only_new_statements_ask_the_rules(parts):
    _, gateway = parts
    gateway.rule.write_text('return {reject = "nothing goes"}')
    gateway.signal(signal.SIGHUP)
    wait_for(lambda: b"nothing goes" in submit(gateway, "SELECT 1").body, "the new rule to hold")
    assert gateway.request("GET", "/v1/info").status == 200


def test_rules_and_policies_work_without_each_other(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake})
    assert backend_of(gateway) == "c1"


def test_a_rule_sees_the_statement_when_it_may(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    rule = lab.directory / "text.lua"
    rule.write_text('if query.text:contains("42") and query.text_size == 9 then return "two" end')
    gateway = lab.gateway(
        fakes,
        groups=[{"id": "one", "backends": ["c1"]}, {"id": "two", "backends": ["c2"]}],
        routing={"default_group": "one",
                 "rules": [{"id": "test", "file": str(rule), "text": True}]})
    assert backend_of(gateway, sql="SELECT 42") == "c2"
    assert backend_of(gateway, sql="SELECT 142") == "c1"
    wire = gateway.connect()
    wire.send(f"POST /v1/statement HTTP/1.1\r\nHost: {gateway.host}\r\nX-Trino-User: alice\r\n"
              "Transfer-Encoding: chunked\r\n\r\n4\r\nSELE\r\n5\r\nCT 42\r\n0\r\n\r\n")
    assert backend(wire.read_response()) == "c2"


def test_the_explanation_says_what_happens_to_a_query(parts):
    _, gateway = parts
    cases = (("alice", {}, "c1"), ("bob", {}, "c2"), ("alice", {"X-Trino-Client-Tags": "two"}, "c2"),
             ("alice", {"X-Trino-Source": "loop"}, "c1"), ("alice", {"X-Change": "1"}, "c1"))
    for user, fields, expected in cases:
        told = explain(gateway, user=user, headers=[
            {"name": name, "value": value} for name, value in fields.items()])
        assert told["decision"]["backend"] == expected
        assert backend(ask(gateway, user, *fields.items())) == expected
    assert explain(gateway, user="alice", source="loop")["rules"][0]["verdict"] == "fails"
    rejected = explain(gateway, user="alice", headers=[{"name": "X-Reject", "value": "1"}])
    assert rejected["decision"]["reject_message"] == "not like this"
    # Explaining counts for nothing: only the one query of the endless rule did.
    assert gateway.metric(
        'trino_gateway_rule_failures_total{reason="too_large",rule="test"}') == 1
