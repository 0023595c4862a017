"""Logs and metrics: what they tell, and what they must never tell."""

import json
import re

import pytest

from .harness import stop, wait_for
from .queries import run_query, submit

SECRETS = [("Authorization", "Bearer s3cr3t-token"), ("Cookie", "session=s3cr3t-cookie"),
           ("X-Trino-Extra-Credential", "key=s3cr3t-credential")]


@pytest.fixture
def parts(lab):
    fake = lab.fake_trino("aaaaa")
    return fake, lab.gateway({"c1": fake})


def use_it_all(fake, gateway):
    """Successes and failures of many kinds, with secrets in each."""
    run_query(gateway, "SELECT s3cr3t_column FROM t /* pages=2 */", SECRETS)
    run_query(gateway, "SELECT s3cr3t_column /* fault=503 */", SECRETS)
    run_query(gateway, "SELECT s3cr3t_column /* fault=reset at=page:0 */", SECRETS)
    run_query(gateway, "SELECT s3cr3t_column /* fault=error at=queued */", SECRETS)
    gateway.request("GET", "/nowhere", SECRETS)
    wire = gateway.connect()
    wire.send("POST /v1/statement HTTP/1.1\r\nAuthorization : Bearer s3cr3t-token\r\n\r\n")
    assert wire.read_response().status == 400
    wire = gateway.connect()
    wire.send(f"POST /v1/statement HTTP/1.1\r\nHost: {gateway.host}\r\nContent-Length: 50\r\n\r\n"
              "SELECT s3cr3t_column")
    wire.close()
    fake.kill()
    run_query(gateway, "SELECT s3cr3t_column", SECRETS)


def test_no_statement_and_no_credential_is_ever_logged(parts):
    fake, gateway = parts
    use_it_all(fake, gateway)
    stop(gateway)
    log = gateway.log()
    assert gateway.events("access"), "nothing was logged at all"
    assert "s3cr3t" not in log


def test_every_log_line_is_one_json_object_with_time_level_and_event(parts):
    fake, gateway = parts
    use_it_all(fake, gateway)
    submit(gateway, "SELECT 1", [("X-Trino-Source", 'quote" \\ back \x7f\xff\t tab')])
    stop(gateway)
    for line in gateway.log().splitlines():
        event = json.loads(line)
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$", event["time"])
        assert event["level"] in ("debug", "info", "warn", "error")
        assert re.match(r"[a-z_]+(\.[a-z_]+)*$", event["event"])


def test_the_access_line_of_a_submission_says_what_happened(parts):
    _, gateway = parts
    query = run_query(gateway, "SELECT 1 /* pages=1 queued=1 */", [("X-Trino-Source", "tests")])
    stop(gateway)
    lines = gateway.events("access")
    assert [line["endpoint"] for line in lines] == ["statement", "poll", "poll"]
    first = lines[0]
    assert (first["method"], first["status"], first["backend"], first["user"], first["source"],
            first["query_id"], first["group"]) == ("POST", 200, "c1", "alice", "tests", query.id,
                                                   "all")
    assert first["bytes_in"] == len("SELECT 1 /* pages=1 queued=1 */")
    assert first["bytes_out"] > 100 and first["total_ms"] > 0
    assert {line["query_id"] for line in lines} == {query.id}


@pytest.mark.parametrize("mode,expected", [("off", 0), ("all", 3)])
def test_access_lines_come_as_configured(lab, mode, expected):
    gateway = lab.gateway({"c1": lab.fake_trino("aaaaa")}, log={"access": mode})
    run_query(gateway, "SELECT 1 /* pages=1 queued=1 */")
    stop(gateway)
    assert len(gateway.events("access")) == expected


def test_metrics_count_requests_bytes_latencies_and_connections(parts):
    _, gateway = parts
    query = run_query(gateway, "SELECT 1 /* pages=2 queued=1 bytes=1000 */")
    assert len(query.statuses) == 4
    wait_for(lambda: gateway.metric("trino_gateway_client_connections") == 0, "the session's end")
    text = gateway.metrics()

    def sample(name, *labels):
        for line in text.splitlines():
            if line.startswith(name + "{") and all(label in line for label in labels):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no {name} with {labels} in\n{text}")

    assert sample("trino_gateway_requests_total", 'endpoint="statement"', 'backend="c1"',
                  'status="200"') == 1
    assert sample("trino_gateway_requests_total", 'endpoint="poll"', 'backend="c1"') == 3
    assert sample("trino_gateway_request_duration_seconds_count", 'endpoint="poll"') == 3
    assert sample("trino_gateway_upstream_wait_seconds_count", 'backend="c1"') == 4
    assert sample("trino_gateway_backend_healthy", 'backend="c1"') == 1
    assert "trino_gateway_response_bytes_total" in text
    assert "trino_gateway_upstream_connections" in text
    for line in text.splitlines():
        assert line.startswith("#") or re.match(r"[a-z_]+(\{.*\})? \S+$", line), line


def test_metrics_count_retries_and_refused_clients(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes)
    fakes["c1"].control("mode?fault=503&for_ms=120000")
    for _ in range(2):
        assert submit(gateway, "SELECT 1").status == 200
    wire = gateway.connect()
    wire.send(b"broken\r\n\r\n")
    assert wire.read_response().status == 400
    text = gateway.metrics()
    assert re.search(r'trino_gateway_retries_total\{[^}]*backend="c1"[^}]*\} [1-9]', text)
    assert re.search(r"trino_gateway_client_errors_total\{[^}]*\} 1", text)


def test_labels_stay_bounded_whatever_clients_send(parts):
    _, gateway = parts
    before = len(gateway.metrics().splitlines())
    for number in range(50):
        gateway.request("GET", f"/nowhere/{number}")
        gateway.request(f"METHOD{number}", "/v1/statement")
        gateway.request("GET", f"/v1/statement/queued/20260101_000000_00000_s{number:04}/y/1")
    after = len(gateway.metrics().splitlines())
    assert after - before < 120
