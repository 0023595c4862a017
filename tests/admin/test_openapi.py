"""openapi.json: complete, and a fuzzer that follows it finds no answer that must not be."""

import os
import subprocess
import sys
from pathlib import Path

from .conftest import TOKENS


def test_every_operation_says_what_it_is(api):
    spec = api.get("/openapi.json").json()
    assert spec["info"]["title"] == "trino-gateway"
    assert set(spec["securityDefinitions"]) == {"Token", "Bearer", "Password"}
    assert len(spec["paths"]) >= 20
    for path, operations in spec["paths"].items():
        for verb, operation in operations.items():
            assert operation["summary"], (verb, path)
    for name, definition in spec["definitions"].items():
        for field, schema in definition.get("properties", {}).items():
            # A comment of one sentence that asks something becomes a title.
            assert schema.get("description") or schema.get("title") or "$ref" in schema, \
                f"{name}.{field} is not described"


def test_a_fuzzer_finds_no_server_error(gateway, api):
    url = f"http://127.0.0.1:{gateway.admin_port}"
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli",
         "--config-file", str(Path(__file__).with_name("schemathesis.toml")), "run", f"{url}/openapi.json", "--url", url,
         "--header", f"X-Auth-Key: {TOKENS['admin']}", "--checks", "not_a_server_error",
         "--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", "1",
         "--workers", "2", "--request-timeout", "20", "--no-color"],
        capture_output=True, text=True, timeout=540,
        env={**os.environ, "PYTHONHASHSEED": "1"})
    output = run.stdout + run.stderr
    assert run.returncode == 0, output[-6000:]
    assert gateway.child.poll() is None
    assert api.get("/livez").text == "ok\n"
    assert not gateway.events("admin.failed")
