"""Each kind of probe, credential and load source against real Trino, and what is said when one fails."""

import http.server
import threading

import pytest

from harness.gateway import Gateway
from harness.secured_trino import PASSWORD, USER, SecuredTrino
from harness.waiting import wait_until
from ports import free_port

INFO = '{"nodeVersion":{"version":"476"},"environment":"test","coordinator":true,"starting":%s,"uptime":"1m"}'


@pytest.fixture(scope="module")
def secured(files, tmp_path_factory):
    server = SecuredTrino("secured", tmp_path_factory.mktemp("secured"), files).start()
    try:
        yield server.wait_ready()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def probed(c1, secured, tmp_path_factory):
    """Many backends that are two servers, each probed in its own way."""
    ways = {name: (secured.secure_url, {"user": USER, "ca_file": str(secured.ca_file), **way})
            for name, way in secured_ways(secured).items()}
    ways |= {name: (c1.url, way) for name, way in open_ways().items()}
    gateway = gateway_of(tmp_path_factory.mktemp("probed"), ways)
    try:
        yield gateway.start()
    finally:
        gateway.stop()


def secured_ways(secured):
    certificate = {"certificate_file": str(secured.client_certificate), "key_file": str(secured.client_key)}
    secret = {"password": PASSWORD}
    return {
        "by_password": secret,
        "by_token": {"token": secured.token()},
        "by_certificate": certificate,
        "secured_sql": {**secret, "load_source": "sql"},
        "secured_metrics": {**secret, "load_source": "metrics"},
        "secured_jmx": {**secret, "load_source": "jmx"},
        "secured_ui": {**secret, "load_source": "ui_api", "min_active_workers": 1},
        "wrong_password": {"password": "guess"},
        "no_password": {},
        "old_token": {"token": secured.token(lifetime=-3600)},
        "wrong_ui_password": {"password": "guess", "probes": [
            {"type": "ui_api", "bounds": [{"name": "activeWorkers", "min": 1}]}]},
        "not_trusted": {**secret, "ca_file": str(secured.client_certificate)},
    }


def open_ways():
    running = "trino_execution_name_QueryManager_RunningQueries"
    nodes = "trino.metadata:name=DiscoveryNodeManager/ActiveNodeCount"
    sql = {"type": "sql", "sql": "SELECT count(*) FROM tpch.tiny.nation", "always": True, "timeout": "60s"}
    return {
        "all_probes": {"probes": [
            {"type": "info"}, {**sql, "expect": "25"},
            {"type": "metrics", "bounds": [{"name": running, "min": 0, "max": 1000}]},
            {"type": "jmx", "bounds": [{"name": nodes, "min": 1}]},
            {"type": "ui_api", "bounds": [{"name": "activeWorkers", "min": 1}]}]},
        "another_result": {"probes": [{**sql, "expect": "26"}]},
        "bad_query": {"probe_sql": "SELECT nothing"},
        "few_nodes": {"probes": [{"type": "jmx", "bounds": [{"name": nodes, "min": 5}]}]},
        "no_such_metric": {"probes": [{"type": "metrics", "bounds": [{"name": "nothing", "max": 1}]}]},
        "few_workers": {"load_source": "ui_api", "min_active_workers": 9},
    }


def gateway_of(folder, ways, **monitor):
    return Gateway(
        folder,
        monitor={"interval": "1s", "timeout": "60s", **monitor},
        backends=[{"id": name, "url": url, "monitor": way} for name, (url, way) in ways.items()])


@pytest.mark.parametrize("name", ["by_password", "by_token", "by_certificate", "secured_sql",
                                  "secured_metrics", "secured_jmx", "secured_ui", "all_probes"])
def test_a_probe_with_the_right_credentials_succeeds(probed, name):
    wait_until(lambda: probed.metric("backend_healthy", backend=name) == 1, 120, f"{name} is healthy")
    wait_until(lambda: probed.metric("backend_load", backend=name) is not None, 120, f"{name} has a load")


@pytest.mark.parametrize("name, failure_class, reason", [
    ("wrong_password", "http_401", "401: Access Denied: Invalid credentials"),
    ("no_password", "http_401", "probe query: 401: Unauthorized (are the monitor's credentials right?)"),
    ("old_token", "http_401", "probe query: 401"),
    ("wrong_ui_password", "ui_login", "POST /ui/login: the user 'monitor' is refused"),
    ("not_trusted", "tls_certificate", "certificate is not trusted: self-signed certificate"),
    ("another_result", "result", "probe query: the result is '25', expected '26'"),
    ("bad_query", "probe_query", "probe query failed: line 1:8: Column 'nothing' cannot be resolved"),
    ("few_nodes", "bounds", "DiscoveryNodeManager/ActiveNodeCount is 1; at least 5"),
    ("no_such_metric", "bounds", "nothing is not told"),
    ("few_workers", "workers", "1 active workers; at least 9"),
])
def test_a_probe_that_fails_says_why(probed, name, failure_class, reason):
    expect_failure(probed, name, failure_class, reason)


def test_backends_that_are_one_coordinator_are_told(probed):
    wait_until(lambda: probed.events("backend.same_coordinator"), 60, "the log names two of them")


def test_the_workers_and_the_memory_of_a_cluster_are_shown(probed):
    wait_until(lambda: probed.metric("backend_active_workers", backend="secured_ui") == 1, 60, "workers")
    wait_until(lambda: probed.metric("backend_reserved_memory_bytes", backend="secured_metrics") is not None,
               60, "memory")


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers by the first part of the path's server: one handler class for each kind of trouble."""

    status, body, fields = 200, "", {}

    def do_GET(self):
        self.send_response(self.status)
        for name, value in self.fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, *_):
        pass


def trouble(status, body="", **fields):
    return type("Trouble", (Answers,), {"status": status, "body": body, "fields": fields})


TROUBLES = {
    "unavailable": (trouble(503, "Trino server is still initializing", **{"Content-Type": "text/plain"}),
                    "http_503", "GET /v1/info: 503: Trino server is still initializing"),
    "forbidden": (trouble(401), "http_401", "GET /v1/info: 401"),
    "sign_on": (trouble(302, Location="https://sso.example/login"), "redirect",
                "GET /v1/info: redirected to https://sso.example/login (a login?)"),
    "garbage": (trouble(200, "<html>hello</html>"), "not_trino", "/v1/info is not a Trino coordinator's"),
    "starts": (trouble(200, INFO % "true"), "starting", None),
}


def test_what_is_no_healthy_coordinator_is_told_apart(tmp_path, c1):
    servers = {name: http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
               for name, (handler, _, _) in TROUBLES.items()}
    ways = {name: (f"http://127.0.0.1:{server.server_port}", {}) for name, server in servers.items()}
    ways["refused"] = (f"http://127.0.0.1:{free_port()}", {})
    ways["speaks_no_tls"] = (c1.url.replace("http:", "https:"), {})
    gateway = gateway_of(tmp_path, ways)
    for server in servers.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        gateway.start()
        for name, (_, failure_class, reason) in TROUBLES.items():
            expect_failure(gateway, name, failure_class, reason)
        expect_failure(gateway, "refused", "refused", "Connection refused")
        expect_failure(gateway, "speaks_no_tls", "tls_version", "the server speaks no TLS on this port")
        wait_until(lambda: gateway.events("backend.starting", backend="starts"), 30, "the log tells it")
    finally:
        gateway.stop()
        for server in servers.values():
            server.shutdown()
            server.server_close()


def test_a_cluster_that_does_not_answer_is_a_timeout(tmp_path):
    import socket
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gateway = gateway_of(tmp_path, {"silent": (f"http://127.0.0.1:{silent.getsockname()[1]}", {})},
                             timeout="3s").start()
        try:
            expect_failure(gateway, "silent", "timeout", "no complete answer before the deadline")
        finally:
            gateway.stop()


def expect_failure(gateway, name, failure_class, reason):
    """As a metric and in the API, and, unless `reason` is None, with that in both and in the log."""
    wait_until(lambda: gateway.metric("probes_total", backend=name, result=failure_class), 120,
               f"a probe of {name} ends with {failure_class}")

    # A probe may end in another way now and then, on a machine that stands still.
    def is_shown():
        state = gateway.api("GET", f"backends/{name}").json()
        return (state["failure_class"] == failure_class and (reason or "") in state["health_reason"]
                and gateway.metric("backend_healthy", backend=name) == 0)

    def is_logged():
        told = gateway.events("backend.unhealthy", backend=name, **{"class": failure_class})
        return any(reason in line["reason"] for line in told)

    wait_until(is_shown, 120, f"API and metric say {failure_class} of {name}: {reason}")
    if reason is not None:
        wait_until(is_logged, 30, f"the log says {failure_class} of {name}: {reason}")
