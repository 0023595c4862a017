"""A cluster that speaks TLS and takes no forwarded headers, behind a listener that speaks plain HTTP."""

import json
import ssl
import subprocess

import pytest

from .queries import submit
from .raw_backend import RawBackend, statement_answer

ID = "20260101_000000_00000_tlsb1"
TEST = [("X-Test", "1")]


class SecureBackend(RawBackend):
    """As Trino with http-server.process-forwarded=false: it goes by Host and its own scheme."""

    def __init__(self, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        super().__init__("tlsb1")
        self.url = f"https://127.0.0.1:{self.port}"
        self.script = self.answer

    def _serve(self, sock):
        try:
            sock = self.context.wrap_socket(sock, server_side=True)
        except OSError:
            return sock.close()
        return super()._serve(sock)

    def _probe(self, wire, head):
        if head.get("X-Forwarded-Proto") is None:
            return super()._probe(wire, head)
        wire.read_body(head)
        return wire.send("HTTP/1.1 406 Test\r\nContent-Length: 0\r\n\r\n")

    @staticmethod
    def answer(exchange):
        exchange.body()
        uri = f"https://{exchange.head.get('Host')}/v1/statement/queued/{ID}/y1/1"
        page = json.dumps(statement_answer(ID, nextUri=uri)).encode()
        exchange.reply(200, [("Content-Type", "application/json")], page)


@pytest.fixture
def backend(lab, monkeypatch):
    certificate = lab.directory / "backend.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", certificate,
                    "-out", lab.directory / "authority.pem"], check=True, capture_output=True)
    authority = (lab.directory / "authority.pem").read_text()
    certificate.write_text(certificate.read_text() + authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(lab.directory / "authority.pem"))
    backend = SecureBackend(certificate)
    lab.parts.callback(backend.close)
    return backend


def test_its_uris_lead_to_the_listener_as_clients_reach_it(lab, backend):
    gateway = lab.gateway({"c1": backend})
    uri = json.loads(submit(gateway, "SELECT 1", TEST).body)["nextUri"]
    assert uri == f"http://{gateway.host}/v1/statement/queued/{ID}/y1/1"
    answer = gateway.request("GET", uri.removeprefix(f"http://{gateway.host}"), TEST)
    assert json.loads(answer.body)["nextUri"] == uri


def test_its_uris_lead_to_the_external_url_where_there_is_one(lab, backend):
    gateway = lab.gateway({"c1": backend})
    gateway.kill()
    gateway.config["listeners"][0]["external_url"] = "https://gateway.example"
    gateway.start()
    uri = json.loads(submit(gateway, "SELECT 1", TEST).body)["nextUri"]
    assert uri == f"https://gateway.example/v1/statement/queued/{ID}/y1/1"
