"""Each way in which a cluster can be no healthy one has its class and reason in log, API and metrics."""

import json
import socket
import ssl
import subprocess
import threading

import pytest

from .harness import free_port, wait_for

INFO = ('{"nodeVersion":{"version":"476"},"environment":"test","coordinator":true,"starting":%s,'
        '"uptime":"1.00m"}')


def http_answer(status, body, fields=""):
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{fields}\r\n{body}".encode()


class Answering:
    """Sends the same bytes to whoever asks, and closes; None: nothing, and stays."""

    def __init__(self, data, context=None):
        self._data, self._context = data, context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self._silent = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            if self._data is None:
                return self._silent.append(connection)
            connection.recv(65536)
            connection.sendall(self._data)
        except OSError:
            pass  # the gateway did not like what it saw
        connection.close()

    def close(self):
        # A thread in accept() keeps a closed socket listening, so it is woken first.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._silent:
            connection.close()


PLAIN = "Content-Type: text/plain\r\n"
# Class, and what the reason holds, by what the cluster answers.
ANSWERS = {
    "unavailable": (http_answer(503, "Trino server is still initializing", PLAIN), "http_503",
                    "GET /v1/info: 503: Trino server is still initializing"),
    "unauthorized": (http_answer(401, ""), "http_401", "401 (are the monitor's credentials right?)"),
    "sign_on": (http_answer(302, "", "Location: https://sso.example/login\r\n"), "redirect",
                "redirected to https://sso.example/login (a login?)"),
    "starting": (http_answer(200, INFO % "true"), "starting", "the coordinator is starting"),
    "web_page": (http_answer(200, "<html>hello</html>"), "not_trino", "not a Trino coordinator's"),
    "garbage": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "protocol", "GET /v1/info: "),
    "cut_off": (http_answer(200, INFO % "false")[:-20], "broken", "the connection was closed"),
    "silent": (None, "timeout", "no complete answer before the deadline"),
}
OTHERS = {
    "refused": ("refused", "Connection refused"),
    "no_tls": ("tls_version", "the server speaks no TLS on this port"),
    "old_tls": ("tls_version", ""),
    "unknown_authority": ("tls_certificate", "certificate is not trusted: self-signed certificate"),
}
CLASSES = {name: told[-2:] for name, told in (ANSWERS | OTHERS).items()}


def old_tls(context):
    # OpenSSL speaks it at this level of security only.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1


def tls_context(directory):
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                    "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class At:
    def __init__(self, url):
        self.url = url


@pytest.fixture(scope="module")
def failing(shared_lab):
    """A gateway with one backend for each kind of trouble, and a healthy one."""
    servers = {name: Answering(told[0]) for name, told in ANSWERS.items()}
    servers["no_tls"] = Answering(http_answer(400, "plain HTTP"))
    for name, change in (("old_tls", old_tls), ("unknown_authority", lambda context: None)):
        context = tls_context(shared_lab.directory)
        change(context)
        servers[name] = Answering(b"", context)
    urls = {name: At(f"{'https' if 'tls' in name or name == 'unknown_authority' else 'http'}://"
                     f"127.0.0.1:{server.port}") for name, server in servers.items()}
    urls["refused"] = At(f"http://127.0.0.1:{free_port()}")
    urls["healthy"] = shared_lab.fake_trino("aaaaa")
    # Only one of them may run into its timeout, however busy the machine is.
    yield shared_lab.gateway(urls, ["healthy"], monitor={"interval": "1s", "timeout": "10s"},
                             of_backends={"silent": {"monitor": {"timeout": "3s"}}})
    for server in servers.values():
        server.close()


def state_of(gateway, backend):
    return json.loads(gateway.admin(f"/api/v1/backends/{backend}").body)


@pytest.mark.parametrize("name", CLASSES)
def test_a_failure_has_its_class_and_its_reason_everywhere(failing, name):
    failure_class, reason = CLASSES[name]
    counted = f'trino_gateway_probes_total{{backend="{name}",result="{failure_class}"}}'
    wait_for(lambda: failing.metric(counted), f"a probe of {name} to fail with {failure_class}")
    assert failing.metric(f'trino_gateway_backend_healthy{{backend="{name}"}}') == 0

    state = state_of(failing, name)
    assert state["failure_class"] == failure_class
    assert reason in state["health_reason"]
    assert state["health"] == ("starting" if name == "starting" else "unhealthy")

    event = "backend.starting" if name == "starting" else "backend.unhealthy"
    told = wait_for(lambda: [line for line in failing.events(event) if line["backend"] == name
                             and line["class"] == failure_class], f"{event} in the log")
    assert reason in told[0]["reason"]


def test_a_healthy_one_beside_them_has_neither(failing):
    state = state_of(failing, "healthy")
    assert (state["health"], state["is_healthy"]) == ("healthy", True)
    assert (state["failure_class"], state["health_reason"]) == ("", "")
    assert state["spooling"] is False
