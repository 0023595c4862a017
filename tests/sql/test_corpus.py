"""`trino-gateway analyze-sql` over the corpus: what it answers is what Trino's parser would say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BINARY = Path(os.environ.get("GATEWAY_BINARY",
                             HERE.parents[1] / "build/release/trino-gateway")).resolve()
CORPUS = HERE / "dev.jsonl"


def analyze(lines):
    """The answers to JSON lines, as objects."""
    done = subprocess.run([BINARY, "analyze-sql"], input=lines, capture_output=True, timeout=60,
                          check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    if not BINARY.exists():
        pytest.exit(f"no gateway at {BINARY}: run `make build`, or set GATEWAY_BINARY", 2)
    path = tmp_path_factory.mktemp("sql") / "answers.jsonl"
    path.write_text("".join(json.dumps(answer) + "\n" for answer in analyze(CORPUS.read_bytes())))
    return path


def score(answers, *options):
    done = subprocess.run([sys.executable, HERE / "score.py", CORPUS, answers, *options],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_valid_statements_are_read_as_trino_reads_them(answers):
    score(answers, "--valid", "--threshold", "100", "--fields",
          "statement,queryType,resourceGroupQueryType,readOnly,preparedName,allTables,body")


def test_what_trino_refuses_is_unknown(answers):
    score(answers, "--threshold", "100", "--fields", "syntaxOk,queryType,readOnly,statement")


def test_the_target_of_kill_query_is_the_argument_of_that_name(answers):
    # The corpus names the first argument instead, as trino-gateway does.
    expected = {row["id"]: row for row in map(json.loads, CORPUS.open(encoding="utf-8"))}
    wrong = []
    for answer in map(json.loads, answers.open(encoding="utf-8")):
        row = expected[answer["id"]]
        named_later = "message =>" in row["sql"].partition("query_id =>")[0]
        if not named_later and answer["queryId"] != row["expect"]["queryId"]:
            wrong.append((row["sql"], answer["queryId"]))
    assert not wrong


def test_a_bad_line_is_answered_and_does_not_end_the_program():
    lines = (b"nonsense\n"
             b"[1]\n"
             b'{"id": 1}\n'
             b'{"id": 2, "sql": 5}\n'
             b'{"id": 3, "sql": "SELECT 1", "prepared": []}\n'
             b"\n"
             b'{"id": 4, "sql": "SELECT 1"}\n')
    bad_json, bad_line, no_sql, bad_sql, bad_prepared, good = analyze(lines)
    assert "not JSON" in bad_json["error"]
    assert "not a JSON object" in bad_line["error"]
    assert (no_sql["id"], no_sql["error"]) == (1, "sql is missing")
    assert (bad_sql["id"], bad_sql["error"]) == (2, "sql must be a string")
    assert bad_prepared["id"] == 3 and "prepared" in bad_prepared["error"]
    assert good["id"] == 4 and good["queryType"] == "Query" and "error" not in good
