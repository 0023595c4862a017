"""Requests that no cluster can answer: each gets the status that tells the client why."""

import pytest

from .queries import run_query


@pytest.fixture(scope="module")
def parts(shared_lab):
    fakes = {"c1": shared_lab.fake_trino("aaaaa"), "c2": shared_lab.fake_trino("bbbbb")}
    return fakes, shared_lab.gateway(fakes)


@pytest.fixture
def gateway(parts):
    return parts[1]


UNKNOWN_QUERIES = [
    "/v1/statement/queued/20260101_000000_00000_zzzzz/yabc/1",
    "/v1/statement/executing/20260101_000000_00000_zzzzz/yabc/1",
    "/v1/statement/executing/partialCancel/20260101_000000_00000_zzzzz/0/yabc/1",
    "/v1/statement/queued/20260101_000000_00000_aaaaa/yabc/1",  # c1's suffix
    "/~c2/v1/statement/queued/20260101_000000_00000_bbbbb/yabc/1",
    "/v1/statement/queued/no-query-id/yabc/1",
]


@pytest.mark.parametrize("target", UNKNOWN_QUERIES)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_query_is_not_found(gateway, method, target):
    assert gateway.request(method, target).status == 404


def test_a_query_of_an_unknown_suffix_is_asked_for_at_every_cluster(parts):
    fakes, gateway = parts
    target = "/v1/statement/queued/20260101_000000_00000_yyyyy/yabc/1"
    assert gateway.request("GET", target).status == 404
    for fake in fakes.values():
        assert any(head.startswith(f"GET {target} ") for head in fake.heads())


@pytest.mark.parametrize("target", ["/v1", "/v1/", "/v1/task", "/v1/memory", "/v2/statement",
                                    "/v1/statements", "/v1/statement/other/x", "/v1/query",
                                    "/v1/query/", "/v1/query/a/b", "/v1/infox", "/v1/shutdown",
                                    "/__fake/stats", "/~c1", "/~c1/", "/~c1/v1/task", "/x"])
def test_an_unknown_path_is_not_found_and_not_relayed(parts, target):
    fakes, gateway = parts
    answer = gateway.request("GET", target)
    assert answer.status in (303, 404) if target == "/~c1/" else answer.status == 404
    heads = [head for fake in fakes.values() for head in fake.heads()]
    assert not any(head.startswith(f"GET {target} ") for head in heads)


def test_an_unknown_tag_falls_back_to_the_query_id(parts):
    fakes, gateway = parts
    query = run_query(gateway, "SELECT 1")
    target = "/~gone/v1/query/" + query.id
    assert gateway.request("GET", target, [("X-Trino-User", "a")]).status == 200


@pytest.mark.parametrize("method,target", [
    ("GET", "/v1/statement"), ("PUT", "/v1/statement"), ("DELETE", "/v1/statement"),
    ("POST", "/v1/statement/queued/20260101_000000_00000_aaaaa/y/1"),
    ("PUT", "/v1/statement/executing/20260101_000000_00000_aaaaa/y/1"),
    ("POST", "/v1/query/20260101_000000_00000_aaaaa"),
    ("POST", "/v1/info"), ("PUT", "/v1/info/state"), ("DELETE", "/v1/status"),
    ("PATCH", "/v1/statement"),
])
def test_a_wrong_method_is_told_which_are_allowed(parts, method, target):
    fakes, gateway = parts
    answer = gateway.request(method, target)
    assert answer.status == 405
    allowed = [word.strip() for word in answer.get("Allow").split(",")]
    assert allowed and method not in allowed
    heads = [head for fake in fakes.values() for head in fake.heads()]
    assert not any(head.startswith(f"{method} {target} ") for head in heads)


def test_head_answers_of_the_gateway_itself_have_no_body(gateway):
    wire = gateway.connect()
    for _ in range(2):
        wire.send(f"HEAD /nowhere HTTP/1.1\r\nHost: {gateway.host}\r\n\r\n")
        answer = wire.read_response("HEAD")
        assert answer.status == 404
        assert int(answer.get("Content-Length")) > 0


@pytest.mark.parametrize("method,target", [("HEAD", "/v1/statement"), ("GET", "/v1/info"),
                                           ("HEAD", "/v1/info"), ("GET", "/v1/info/state"),
                                           ("GET", "/v1/status")])
def test_pings_of_clients_are_answered_by_a_cluster(gateway, method, target):
    assert gateway.request(method, target).status == 200
