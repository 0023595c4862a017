"""How queries spread over the backends of a group."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from .harness import wait_for
from .queries import backend_of
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
