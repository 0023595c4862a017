"""Who a client is taken for: its address behind balancers, its user without X-Trino-User."""

import base64

import pytest

from .harness import wait_for
from .queries import backend_of


def basic(text):
    return ("Authorization", "Basic " + base64.b64encode(text.encode()).decode())


def start(lab, **listener):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(
        fakes,
        groups=[{"id": "one", "backends": ["c1"]}, {"id": "two", "backends": ["c2"]}],
        routing={"default_group": "one"},
        policies=[
            {"id": "branch", "group": "two",
             "conditions": [{"type": "client_address", "value": "198.51.100.0/24"}]},
            {"id": "ada", "group": "two", "conditions": [{"type": "user", "value": "ada"}]},
        ])
    if listener:
        gateway.kill()
        gateway.config["listeners"][0].update(listener)
        gateway.start()
    gateway.fakes = fakes
    return gateway


@pytest.fixture(scope="module")
def balanced(shared_lab):
    return start(shared_lab, trusted_proxies=["127.0.0.0/8", "10.0.0.0/8"])


@pytest.mark.parametrize("lines, backend", [
    (["198.51.100.7"], "c2"),
    (["198.51.100.7, 10.0.0.1"], "c2"),
    (["198.51.100.7", "10.0.0.1"], "c2"),
    (["198.51.100.7, 203.0.113.1"], "c1"),
    (["203.0.113.1, 198.51.100.7"], "c2"),
    (["198.51.100.7, nonsense"], "c1"),
    (["198.51.100.7", ""], "c1"),
    ([], "c1"),
])
def test_conditions_see_who_a_trusted_balancer_names(balanced, lines, backend):
    assert backend_of(balanced, [("X-Forwarded-For", line) for line in lines]) == backend


def test_the_cluster_and_the_log_are_told_of_that_address_and_of_no_other(balanced):
    marked = ("X-Trino-Source", "told")
    assert backend_of(balanced, [("X-Forwarded-For", "203.0.113.1, 198.51.100.7"), marked]) == "c2"
    (head,) = [head for head in balanced.fakes["c2"].heads() if "told" in head]
    assert "X-Forwarded-For: 198.51.100.7\r\n" in head
    assert "203.0.113.1" not in head
    wait_for(lambda: [line for line in balanced.events() if line.get("client") == "198.51.100.7"],
             "the log to tell")


def test_nobody_is_believed_who_is_not_trusted(lab):
    gateway = start(lab)
    assert backend_of(gateway, [("X-Forwarded-For", "198.51.100.7")]) == "c1"


@pytest.mark.parametrize("fields, backend", [
    ([basic("ada:s3cret-pw")], "c2"),
    ([basic("bob:s3cret-pw")], "c1"),
    ([("X-Trino-User", "bob"), basic("ada:s3cret-pw")], "c1"),
    ([("X-Trino-User", "ada"), basic("bob:s3cret-pw")], "c2"),
    ([("Authorization", "Bearer YWRhOng=")], "c1"),
    ([("Authorization", "Basic !")], "c1"),
])
def test_the_user_of_basic_credentials_counts_where_no_other_is_named(balanced, fields, backend):
    answer = balanced.request("POST", "/v1/statement", fields, b"SELECT 1")
    assert answer.get("X-Trino-Gateway-Backend") == backend
    assert "s3cret-pw" not in balanced.log()
    assert basic("ada:s3cret-pw")[1].split()[1] not in balanced.log()
