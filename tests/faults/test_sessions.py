"""Sessions: kept on one backend by a header, and transactions that a gateway does not want."""

import json

import pytest

from .queries import backend_of, submit

UUID = "2a4fd2ef-5ba1-4d9c-8e0e-0d4b8e3a1c11"


def by_session(*backends):
    return [{"id": "all", "backends": list(backends), "strategy": "hash", "hash_key": "session"}]


@pytest.mark.parametrize("header", ["X-Trino-Trace-Token", "X-Trino-Client-Info", "x-session-id"])
def test_sessions_stay_on_their_backend_and_spread_over_all(shared_lab, header):
    fakes = {key: shared_lab.fake_trino(key * 5) for key in "abc"}
    gateway = shared_lab.gateway(fakes, groups=by_session(*fakes),
                                 routing={"session_header": "X-Session-Id"})
    taken = {}
    for number in range(30):
        # Many users in a session, and many sessions of a user: neither matters.
        owners = {backend_of(gateway, [(header, f"session {number}"), ("X-Trino-Source", source)])
                  for source in ("a", "b", "c")}
        assert len(owners) == 1
        taken[number] = owners.pop()
    assert set(taken.values()) == set(fakes)


def test_the_session_header_counts_before_the_others_and_only_when_it_has_a_value(lab):
    fakes = {key: lab.fake_trino(key * 5) for key in "abc"}
    gateway = lab.gateway(fakes, groups=by_session(*fakes),
                          routing={"session_header": "X-Session-Id"})
    tokens = [[("X-Trino-Trace-Token", f"token {number}")] for number in range(20)]
    assert len({backend_of(gateway, [("X-Session-Id", "s"), *token]) for token in tokens}) == 1
    assert ([backend_of(gateway, [("X-Session-Id", ""), *token]) for token in tokens]
            == [backend_of(gateway, token) for token in tokens])


def test_a_session_moves_when_its_backend_is_gone_and_the_others_stay(lab):
    fakes = {key: lab.fake_trino(key * 5) for key in "abc"}
    gateway = lab.gateway(fakes, groups=by_session(*fakes))
    sessions = [[("X-Trino-Trace-Token", f"session {number}")] for number in range(30)]
    before = [backend_of(gateway, session) for session in sessions]
    fakes["a"].kill()
    after = [backend_of(gateway, session) for session in sessions]
    assert "a" in before and "a" not in after
    assert all(new == old for old, new in zip(before, after) if old != "a")


@pytest.fixture(scope="module")
def refusing(shared_lab):
    fake = shared_lab.fake_trino("trans")
    return fake, shared_lab.gateway({"c1": fake}, routing={"transactions": "refuse"})


@pytest.mark.parametrize("sql, fields", [
    ("START TRANSACTION", []),
    ("start /* a */ transaction isolation level serializable, read only", []),
    ("EXECUTE s", [("X-Trino-Prepared-Statement", "s=START+TRANSACTION")]),
    ("SELECT 1", [("X-Trino-Transaction-Id", UUID)]),
    ("SELECT 1", [("X-Presto-Transaction-Id", f"{UUID}~c1")]),
    ("COMMIT", [("X-Trino-Transaction-Id", f"{UUID}~c1")]),
])
def test_transactions_are_refused_with_an_error_that_clients_print(refusing, sql, fields):
    fake, gateway = refusing
    posts = fake.stats()["posts"]
    answer = submit(gateway, sql, fields)
    page = json.loads(answer.body)
    assert (answer.status, page["stats"]["state"], "nextUri" in page) == (200, "FAILED", False)
    assert page["error"]["errorName"] == "GATEWAY_TRANSACTIONS_REFUSED"
    assert page["error"]["errorType"] == "USER_ERROR"
    assert "refuses transactions" in page["error"]["message"]
    assert fake.stats()["posts"] == posts


@pytest.mark.parametrize("sql, fields", [
    ("SELECT 1", []),
    ("SELECT 1", [("X-Trino-Transaction-Id", "NONE")]),
    ("SELECT 'START TRANSACTION'", []),
    ("-- START TRANSACTION\nSELECT 1", [("X-Trino-Transaction-Id", "none")]),
    ("this is not SQL", []),
])
def test_all_other_statements_pass(refusing, sql, fields):
    _, gateway = refusing
    assert backend_of(gateway, fields, sql=sql) == "c1"
