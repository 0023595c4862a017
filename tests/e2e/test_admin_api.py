"""What is created by the admin API steers queries at once and survives a crash."""

import pytest

from harness import direct

ETL = {"X-Trino-Client-Tags": "etl"}


@pytest.fixture
def own_gateway(new_gateway, c1):
    """Knows only c1 by its file."""
    return new_gateway(routing={"default_group": "all"},
                       backends=[{"id": "c1", "url": c1.url}],
                       groups=[{"id": "all", "backends": ["c1"], "strategy": "round_robin"}])


def create_all(gateway, server):
    """A backend, a group of it, and a policy that leads the tag `etl` to the group."""
    for kind, body in (
            ("backends", {"id": "added", "url": server.url}),
            ("groups", {"id": "second", "backends": ["added"], "strategy": "least_load"}),
            ("policies", {"id": "etl", "group": "second",
                          "rule": {"type": "header_client_tags", "value": "etl"}})):
        answer = gateway.api("POST", kind, body)
        assert answer.status_code == 201, answer.text


def test_what_was_created_routes_queries_and_survives_a_crash(own_gateway, c2):
    create_all(own_gateway, c2)
    own_gateway.wait_for_backends("added", headers=ETL)
    own_gateway.kill()
    own_gateway.start()
    assert own_gateway.api("GET", "backends/added").json()["url"] == c2.url
    assert own_gateway.api("GET", "groups/second").json()["backends"] == ["added"]
    assert own_gateway.api("GET", "policies/etl").json()["rule"]["value"] == "etl"
    own_gateway.wait_for_backends("added", headers=ETL)
    assert direct.rows(own_gateway.url, "SELECT 1", ETL) == [[1]]


def test_what_was_deleted_stays_deleted_after_a_crash(own_gateway, c2):
    create_all(own_gateway, c2)
    for path in ("policies/etl", "groups/second", "backends/added"):
        assert own_gateway.api("DELETE", path).ok, path
    own_gateway.kill()
    own_gateway.start()
    for path in ("policies/etl", "groups/second", "backends/added"):
        assert own_gateway.api("GET", path).status_code == 404, path
    own_gateway.wait_for_backends("c1", headers=ETL)


def test_without_the_token_nothing_is_shown_or_changed(own_gateway):
    for token in ("", "wrong"):
        assert own_gateway.api("GET", "backends", token=token).status_code == 401
        assert own_gateway.api("DELETE", "backends/c1", token=token).status_code == 401
    assert own_gateway.api("GET", "backends/c1").ok


def test_what_the_file_declares_is_not_changed_by_the_api(own_gateway):
    assert own_gateway.api("DELETE", "backends/c1").status_code == 409
    assert own_gateway.api("GET", "backends/c1").ok


def test_a_bad_body_is_refused_with_what_is_wrong(own_gateway):
    answer = own_gateway.api("POST", "backends", {"id": "bad id!", "url": "ftp://x"})
    assert answer.status_code == 400
    assert own_gateway.api("GET", "backends").text.count('"url"') == 1
