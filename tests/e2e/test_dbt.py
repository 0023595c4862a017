"""dbt, whose models and tests are many statements of many connections, and must all meet on one cluster."""

import os
import shutil
import subprocess

import pytest

from harness import direct
from harness.paths import CACHE, E2E

SOURCES = "SELECT count(*) FROM system.runtime.queries WHERE source LIKE 'dbt-trino%'"


@pytest.fixture
def project(tmp_path):
    return shutil.copytree(E2E / "dbt", tmp_path / "dbt")


def dbt(project, gateway, *command):
    """What `dbt COMMAND` prints; fails with it when dbt does."""
    environment = os.environ | {"GATEWAY_PORT": str(gateway.port), "DBT_PROFILES_DIR": str(project),
                                "DBT_USE_COLORS": "false"}
    done = subprocess.run([CACHE / "dbt" / "bin" / "dbt", *command], cwd=project, env=environment,
                          capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_dbt_builds_its_models_on_the_cluster_of_its_client_tags(gateway, project, c1, c2):
    gateway.wait_for_backends("c2", headers={"X-Trino-Client-Tags": "etl"})
    # The second time there are tables to be replaced, and one to which rows are added.
    for _ in range(2):
        assert "PASS=6 WARN=0 ERROR=0 SKIP=0" in dbt(project, gateway, "build")
    assert direct.rows(c2.url, "SELECT nations FROM memory.dbt.loads") == [[25], [25]]
    assert direct.rows(c1.url, SOURCES) == [[0]]
    assert direct.rows(c2.url, SOURCES)[0][0] > 20
