"""Starts what a test needs: the probe, a directory server, a provider; ends it by process id."""

import json
import os
import select
import socket
import subprocess
import time
from pathlib import Path

import yaml

from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("GATEWAY_BUILD", ROOT / "build/release"))
GATEWAY = BUILD / "trino-gateway"
PROBE = BUILD / "gateway_identity_probe"


def wait_for(condition, what, seconds=60.0):
    """Polls until `condition` gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for: {what}")
        time.sleep(0.02)
    return value


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Server:
    """A child process with its output in a file."""

    def __init__(self, command, log, **kwargs):
        self.log_path = Path(log)
        with open(log, "ab") as output:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=output, **kwargs)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_until_it_accepts(self, port):
        def ready():
            assert self.child.poll() is None, f"it ended:\n{self.log()}"
            return accepts(port)
        wait_for(ready, f"{self.child.args[0]} on port {port}")

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()


class Probe:
    """gateway_identity_probe with a configuration whose section `admin` is given."""

    def __init__(self, directory, admin, env=None):
        config = Path(directory) / "gateway.yaml"
        config.write_text(yaml.safe_dump({"listeners": [{"address": "127.0.0.1:0"}],
                                          "admin": {"address": "127.0.0.1:0", **admin}}))
        self.log_path = Path(directory) / "probe.log"
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen([PROBE, "--config", config], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE, stderr=log, text=True,
                                          env={**os.environ, **(env or {})})

    def ask(self, **line):
        """The answer to one line: a dict with `principal`, or with `error`."""
        self.child.stdin.write(json.dumps(line) + "\n")
        self.child.stdin.flush()
        assert select.select([self.child.stdout], [], [], 60)[0], f"no answer:\n{self.log()}"
        answer = self.child.stdout.readline()
        assert answer, f"the probe ended:\n{self.log()}"
        return json.loads(answer)

    def principal(self, **line):
        """(name, role, via) of who sends these credentials."""
        answer = self.ask(**line)
        assert "principal" in answer, answer
        found = answer["principal"]
        return found["name"], found["role"], found["via"]

    def refusal(self, **line):
        """The code of the error."""
        answer = self.ask(**line)
        assert "error" in answer, answer
        return answer["error"]["code"]

    def log(self):
        return self.log_path.read_text(errors="replace")

    def close(self):
        if self.child.stdin.closed:
            return
        self.child.stdin.close()
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()


def make_certificates(directory):
    """An authority and a certificate of it for 127.0.0.1: (ca, certificate, key)."""
    ca, ca_key = directory / "ca.pem", directory / "ca-key.pem"
    key, request, certificate = (directory / name for name in ("key.pem", "csr.pem", "cert.pem"))

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=Test CA",
            "-keyout", ca_key, "-out", ca)
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key,
            "-out", request)
    names = directory / "names.ext"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
            "-days", 2, "-extfile", names, "-out", certificate)
    return ca, certificate, key
