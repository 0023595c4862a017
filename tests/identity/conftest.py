import pytest

from .harness import PROBE, Probe
from .slapd import Slapd


@pytest.fixture(scope="session", autouse=True)
def programs():
    if not PROBE.exists():
        pytest.exit(f"no program at {PROBE}: run `make build`, or set GATEWAY_BUILD", 2)


@pytest.fixture
def probe(tmp_path):
    """Makes probes from a section `admin`; they end with the test."""
    made = []

    def make(admin, env=None):
        made.append(Probe(tmp_path, admin, env))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def slapd(tmp_path_factory):
    server = Slapd(tmp_path_factory.mktemp("slapd"))
    yield server
    server.close()
