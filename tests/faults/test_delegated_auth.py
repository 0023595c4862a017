"""Delegated authentication: who gets in, what the cluster sees, and what happens without a provider."""

import base64
import json
import threading

import pytest

from .harness import free_port, stop, wait_for
from .http_service import HttpService
from .queries import begin_statement

PASSWORDS = {"alice": "s3cret-a", "svc": "s3cret-svc"}


def know(call):
    return 200, {"ok": PASSWORDS.get(call.body["email"]) == call.body["token"]}


def basic(user, password):
    return "Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def provider(lab):
    service = HttpService(know)
    lab.parts.callback(service.close)
    return service


@pytest.fixture
def start(lab, provider):
    """Starts a gateway with a guarded listener (`guarded`) and an open one."""
    def starter(policies=(), guard_listener=True, **delegated):
        fake = lab.fake_trino("aaaaa", "-need-user=false")
        guarded = free_port()
        listeners = [{"address": f"127.0.0.1:{free_port()}"},
                     {"address": f"127.0.0.1:{guarded}",
                      "auth": "delegated" if guard_listener else "none"}]
        gateway = lab.gateway(
            {"c1": fake}, listeners=listeners, policies=list(policies(guarded) if policies else ()),
            auth={"delegated": {"url": f"{provider.url}/validate", "token": "provider-token",
                                "timeout": "20s", **delegated}})
        gateway.port = int(listeners[0]["address"].split(":")[1])
        gateway.host = f"127.0.0.1:{guarded}"
        gateway.guarded, gateway.fake = guarded, fake
        return gateway
    return starter


def submit(gateway, *fields, target="/v1/statement", method="POST", body=b"SELECT 1"):
    return gateway.request(method, target, fields, body, port=gateway.guarded)


def last_head(gateway, mark):
    heads = [str(head) for head in gateway.fake.heads() if mark in str(head)]
    assert heads, "the cluster saw no such request"
    return heads[-1]


ALICE = [("X-Trino-User", "alice"), ("X-Trino-Password", "s3cret-a")]


@pytest.mark.parametrize("fields", [
    ALICE,
    [basic("alice", "s3cret-a")],
    [basic("alice", "s3cret-a"), ("X-Trino-User", "alice")],
    [("X-Presto-User", "alice"), ("X-Presto-Password", "s3cret-a")],
], ids=["headers", "Basic without a user", "Basic with a user", "PrestoDB"])
def test_good_credentials_get_in_and_the_cluster_sees_the_user_only(start, provider, fields):
    gateway = start()
    dialect = "Presto" if fields[0][0].startswith("X-Presto-") else "Trino"
    answer = submit(gateway, *fields, (f"X-{dialect}-Source", "marked"))
    assert answer.status == 200, answer
    call = provider.calls[0]
    assert call.path == "/validate"
    assert call.headers["x-auth-token"] == "provider-token"
    assert call.body == {"email": "alice", "token": "s3cret-a"}
    head = last_head(gateway, "marked")
    assert "alice" in head and "-user" in head.lower()
    assert "s3cret" not in head and "password" not in head.lower()
    assert "authorization" not in head.lower()


@pytest.mark.parametrize("fields", [
    [],
    [("X-Trino-User", "alice")],
    [("X-Trino-User", "alice"), ("X-Trino-Password", "wrong")],
    [basic("alice", "wrong")],
    [basic("alice", "")],
    [("Authorization", "Bearer a.b.c"), ("X-Trino-User", "alice")],
    [("Authorization", "Basic !!!")],
    [basic("alice", "s3cret-a"), ("X-Trino-User", "root")],
    [basic("alice", "s3cret-a"), ("X-Trino-Original-User", "root")],
], ids=["none", "no password", "wrong password", "wrong Basic", "empty Basic", "a token",
        "garbage", "another user", "another original user"])
def test_others_are_refused(start, fields):
    gateway = start()
    answer = submit(gateway, *fields)
    assert answer.status == 401
    assert answer.get("WWW-Authenticate") == 'Basic realm="Trino"'
    assert not [head for head in gateway.fake.heads() if "root" in str(head)]


@pytest.mark.parametrize("fields", [
    [basic("alice", "s3cret-a"), ("X-Trino-User", "alice"), ("X-Trino-User", "root")],
    [*ALICE, ("X-Presto-User", "root")],
    [basic("alice", "s3cret-a"), basic("root", "s3cret-a")],
], ids=["two users", "a user of each dialect", "two logins"])
def test_who_says_two_things_at_once_is_not_even_asked_about(start, provider, fields):
    gateway = start()
    assert submit(gateway, *fields).status == 400
    assert not provider.calls
    assert not [head for head in gateway.fake.heads() if "root" in str(head)]


def test_every_path_is_guarded(start):
    gateway = start()
    for method, target in (("GET", "/v1/info"), ("GET", "/ui/"), ("GET", "/"),
                           ("DELETE", "/v1/query/20260101_000000_00000_aaaaa")):
        answer = submit(gateway, target=target, method=method, body=b"")
        assert answer.status == 401, target


def test_the_other_listener_is_open(start):
    gateway = start()
    answer = gateway.request("POST", "/v1/statement", [("X-Trino-User", "bob")], b"SELECT 1")
    assert answer.status == 200


def test_a_password_header_never_reaches_a_cluster_on_any_listener(start):
    gateway = start()
    gateway.request("POST", "/v1/statement", [("X-Trino-User", "bob"), ("X-Trino-Source", "marked"),
                                              ("X-Trino-Password", "s3cret")], b"SELECT 1")
    assert "s3cret" not in last_head(gateway, "marked")


def guards(port):
    return [{"id": "p", "rule": {"type": "listening_port", "value": str(port)}, "group": "all",
             "auth_delegated": True}]


def test_a_policy_guards_its_port(start):
    gateway = start(guards, guard_listener=False)
    assert submit(gateway, ("X-Trino-User", "alice")).status == 401
    assert submit(gateway, *ALICE).status == 200
    answer = gateway.request("POST", "/v1/statement", [("X-Trino-User", "bob")], b"SELECT 1")
    assert answer.status == 200


def test_a_policy_guards_its_port_from_what_came_before_it_too(start):
    gateway = start(guard_listener=False)
    wire = begin_statement(gateway, b"SELECT 1", gateway.guarded)
    gateway.config["policies"] = guards(gateway.guarded)
    gateway.write_config()
    wait_for(lambda: gateway.events("config.reloaded"), "the reload")
    wire.send(b"SELECT 1")
    answer = wire.read_response("POST")
    assert (answer.status, answer.get("Retry-After") is not None) == (503, True)
    assert b"this port asks for credentials since a moment ago" in answer.body
    assert not [head for head in gateway.fake.heads() if "X-Trino-User: alice" in str(head)]
    assert submit(gateway, *ALICE).status == 200


def test_impersonators_may_name_another_user(start):
    gateway = start(impersonators=["svc"])
    answer = submit(gateway, basic("svc", "s3cret-svc"), ("X-Trino-User", "bob"),
                    ("X-Trino-Source", "marked"))
    assert answer.status == 200
    assert "bob" in last_head(gateway, "marked")
    assert submit(gateway, basic("alice", "s3cret-a"), ("X-Trino-User", "bob")).status == 401


def test_a_running_query_goes_on_without_the_provider(start, provider):
    gateway = start(cache_ttl="0s")
    page = json.loads(submit(gateway, *ALICE, body=b"SELECT * FROM t /* pages=3 */").body)
    provider.close()
    pages = 0
    while "nextUri" in page:
        target = page["nextUri"].removeprefix(f"http://{gateway.host}")
        answer = submit(gateway, ("X-Trino-User", "alice"), basic("alice", "s3cret-a"),
                        target=target, method="GET", body=b"")
        assert answer.status == 200, answer
        page = json.loads(answer.body)
        pages += "data" in page
    assert pages == 3
    assert not [head for head in gateway.fake.heads() if "authorization" in str(head).lower()]
    assert submit(gateway, *ALICE).status == 503


def test_polls_are_checked_when_switched_on(start):
    gateway = start(check_polls=True)
    page = json.loads(submit(gateway, *ALICE, body=b"SELECT * FROM t /* pages=2 */").body)
    target = page["nextUri"].removeprefix(f"http://{gateway.host}")
    assert submit(gateway, target=target, method="GET", body=b"").status == 401
    assert submit(gateway, *ALICE, target=target, method="GET", body=b"").status == 200


@pytest.mark.parametrize("answer", [
    (500, {"ok": True}), (302, {"ok": True}), (200, b"<html>ok</html>"), (200, b""),
    (200, {"ok": "true"}), (200, {}), (404, {"ok": False}), (401, {"ok": True}),
], ids=lambda answer: f"{answer[0]} {answer[1]}")
def test_nobody_gets_in_when_the_provider_is_unclear(start, provider, answer):
    provider.answer = lambda call: answer
    refused = submit(start(), *ALICE)
    assert refused.status == 503
    assert refused.get("Retry-After") == "1"


def test_nobody_gets_in_while_the_provider_hangs_or_is_dead(start, provider):
    gateway = start(timeout="200ms")
    provider.answer = provider.hang
    assert submit(gateway, *ALICE).status == 503
    provider.close()
    assert submit(gateway, *ALICE).status == 503
    failed = wait_for(lambda: gateway.events("auth_provider.failed"), "the log to tell")
    assert len(failed) == 1


def test_results_are_kept_and_calls_shared(start, provider):
    provider.answer = provider.slowly(0.3, know)
    gateway = start(cache_ttl="1h", failure_ttl="1h")
    threads = [threading.Thread(target=lambda: submit(gateway, *ALICE)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert submit(gateway, *ALICE).status == 200
    assert len(provider.calls) == 1
    for _ in range(3):
        assert submit(gateway, ("X-Trino-User", "alice"), ("X-Trino-Password", "no")).status == 401
    assert len(provider.calls) == 2


def test_a_refused_body_does_not_break_the_connection_for_the_next_request(start):
    gateway = start()
    answer = submit(gateway, ("X-Trino-User", "alice"), body=b"SELECT " + b"x" * 500_000)
    assert answer.status == 401


def test_no_password_gets_into_the_log(start):
    gateway = start()
    submit(gateway, *ALICE)
    submit(gateway, basic("alice", "s3cret-wrong"))
    stop(gateway)
    wait_for(lambda: gateway.events("gateway.stopped"), "the log to be complete")
    assert "s3cret" not in gateway.log() and "provider-token" not in gateway.log()
