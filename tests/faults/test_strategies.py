"""How queries spread over the backends of a group."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace

import pytest
from ports import free_port

from .harness import wait_for
from .queries import backend_of, explain
from .raw_backend import statement_answer
from .wire import connect, request_text

NAMES = {"c1": "aaaaa", "c2": "bbbbb", "c3": "ccccc"}


def start(lab, strategy, **settings):
    fakes = {key: lab.fake_trino(name) for key, name in NAMES.items()}
    gateway = lab.gateway(
        fakes, workers=2, **settings,
        groups=[{"id": "all", "backends": list(NAMES), "strategy": strategy}])
    return fakes, gateway


def test_round_robin_takes_turns(lab):
    _, gateway = start(lab, "round_robin")
    taken = [backend_of(gateway) for _ in range(9)]
    assert set(taken[:3]) == set(NAMES)
    assert taken[:3] == taken[3:6] == taken[6:9]


def test_round_robin_is_exact_over_all_workers_under_concurrency(lab):
    _, gateway = start(lab, "round_robin")
    with ThreadPoolExecutor(16) as pool:
        taken = Counter(pool.map(lambda _: backend_of(gateway), range(150)))
    assert taken == {key: 50 for key in NAMES}


def test_round_robin_spreads_evenly_over_those_that_are_left(lab):
    fakes, gateway = start(lab, "round_robin", monitor={"interval": "100ms"})
    fakes["c2"].kill()
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c2"}') == 0,
             "c2 to be found dead")
    assert Counter(backend_of(gateway) for _ in range(20)) == {"c1": 10, "c3": 10}


def test_random_reaches_every_backend(lab):
    _, gateway = start(lab, "random")
    taken = [backend_of(gateway) for _ in range(90)]
    assert min(Counter(taken).values()) >= 10  # 30 expected; below 10 once in a million runs
    assert len(Counter(taken)) == 3
    assert taken[:3] * 30 != taken


@pytest.fixture
def least_load(lab):
    return start(lab, "least_load", monitor={"interval": "200ms"})


def load_of(gateway, backend):
    return gateway.metric(f'trino_gateway_backend_load{{backend="{backend}"}}')


def test_least_load_avoids_the_backend_that_runs_most(least_load):
    fakes, gateway = least_load
    for key in ("c1", "c3"):
        for _ in range(40):
            submit_past_the_gateway(fakes[key])
    # A query that waits counts a third.
    wait_for(lambda: all((load_of(gateway, key) or 0) > 13 for key in ("c1", "c3")),
             "the load to be known")
    # Workers learn of a load up to a tenth of a second later.
    wait_for(lambda: {backend_of(gateway, sql="SELECT /* pages=2 */") for _ in range(8)} == {"c2"},
             "all queries to go to c2")


def test_least_load_spreads_what_comes_at_once(least_load):
    _, gateway = least_load
    with ThreadPoolExecutor(12) as pool:
        taken = Counter(pool.map(lambda _: backend_of(gateway, sql="SELECT /* pages=2 */"),
                                 range(12)))
    assert set(taken) == set(NAMES)
    assert max(taken.values()) <= 6


def submit_past_the_gateway(fake):
    """A query that is alive until the test ends."""
    wire = connect(fake.port)
    wire.send(request_text("POST", "/v1/statement", "x", [("X-Trino-User", "a")],
                           b"SELECT /* pages=2 */"))
    assert wire.read_response().status == 200
    wire.close()


def test_least_in_flight_avoids_the_backend_that_has_not_answered_yet(lab):
    backends = {"c1": lab.raw_backend("first"), "c2": lab.raw_backend("secnd")}
    gateway = lab.gateway(
        backends, groups=[{"id": "all", "backends": ["c1", "c2"], "strategy": "least_in_flight"}])
    go = Event()
    lab.parts.callback(go.set)

    def script(exchange):
        exchange.body()
        if exchange.head.get("X-Slow"):
            go.wait(60)
        body = json.dumps(statement_answer("20260101_000000_00007_third")).encode()
        exchange.reply(200, [("Content-Type", "application/json")], body)

    for backend in backends.values():
        backend.script = script
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(backend_of, gateway, [("X-Test", "1"), ("X-Slow", "1")])
        wait_for(lambda: any(backend.heads for backend in backends.values()), "it to arrive")
        taken = Counter(backend_of(gateway, [("X-Test", "1")]) for _ in range(6))
        go.set()
        assert taken == {"c2" if slow.result() == "c1" else "c1": 6}


def test_a_backend_that_is_new_starts_slowly(lab):
    fakes = {"c2": lab.fake_trino("bbbbb")}
    port = free_port()
    backends = {"c1": SimpleNamespace(url=f"http://127.0.0.1:{port}"), **fakes}
    gateway = lab.gateway(
        backends, healthy=["c2"], monitor={"interval": "100ms"},
        groups=[{"id": "all", "backends": ["c1", "c2"], "strategy": "round_robin",
                 "slow_start": "10s"}])
    wait_for(lambda: shares(gateway)["c2"] == 1, "the slow start of c2 to be over")
    lab.fake_trino("aaaaa", port=port)
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c1"}') == 1,
             "c1 to be healthy")
    # A twentieth, or on a machine that stands still for seconds, less than its whole half.
    taken = Counter(backend_of(gateway) for _ in range(20))
    assert 12 <= taken["c2"] <= 20


def shares(gateway):
    group = explain(gateway, user="alice")["groups"][0]
    return {backend["id"]: backend["share"] for backend in group["backends"]}


def hashing(lab, key):
    fakes = {name: lab.fake_trino(suffix) for name, suffix in NAMES.items()}
    return lab.gateway(fakes, groups=[{"id": "all", "backends": list(NAMES), "strategy": "hash",
                                       "hash_key": key}])


def test_a_source_stays_on_one_backend(lab):
    gateway = hashing(lab, "source")
    homes = set()
    for number in range(12):
        taken = {backend_of(gateway, [("X-Trino-Source", f"source{number}"),
                                      ("X-Trino-Client-Info", f"client{other}")])
                 for other in range(3)}
        assert len(taken) == 1
        homes |= taken
    assert len(homes) > 1


def test_a_set_of_tables_stays_on_one_backend_in_any_order(lab):
    gateway = hashing(lab, "tables")
    homes = set()
    for number in range(12):
        tables = [f"a.b.t{number}", f"c.d.u{number}"]
        taken = {backend_of(gateway, sql=f"SELECT * FROM {', '.join(order)} WHERE {number} < {n}")
                 for n, order in enumerate((tables, tables[::-1], [*tables, tables[0]]))}
        assert len(taken) == 1
        homes |= taken
    assert len(homes) > 1
