import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .harness import BINARY, ROOT, Lab


@pytest.fixture(scope="session", autouse=True)
def programs():
    """The gateway's binary must be there; the fake Trino is built."""
    if not BINARY.exists():
        pytest.exit(f"no gateway at {BINARY}: run `make build`, or set GATEWAY_BINARY", 2)
    # scripts/install.sh puts a Go into the Python environment when the machine has none.
    go = shutil.which("go") or str(Path(sys.executable).parent / "go")
    subprocess.run([go, "build", "-o", "bin/", "./cmd/faketrino"], cwd=ROOT / "bench", check=True,
                   env={**os.environ, "GOTOOLCHAIN": "local"})


@pytest.fixture
def lab(tmp_path):
    """Parts that live for one test."""
    made = Lab(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory):
    """Parts that all tests of a file share."""
    made = Lab(tmp_path_factory.mktemp("lab"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def raw_parts(shared_lab):
    backend = shared_lab.raw_backend()
    return backend, shared_lab.gateway({"c1": backend}, limits={"head_bytes": 16384,
                                                                "header_count": 50})


@pytest.fixture
def gateway(raw_parts):
    """A gateway in front of `backend`, shared by the tests of a file."""
    return raw_parts[1]


@pytest.fixture
def backend(raw_parts):
    """A backend whose script the test sets; it gets the requests that carry X-Test."""
    made = raw_parts[0]
    made.reset()
    yield made
    assert not made.failures
