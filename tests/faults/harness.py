"""Starts what a test needs, the gateway and what stands behind it, and ends it by process id."""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from ports import free_port

from .raw_backend import RawBackend
from .wire import connect, request_text

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("GATEWAY_BINARY", ROOT / "build/release/trino-gateway")).resolve()
FAKE_TRINO = ROOT / "bench/bin/faketrino"

# Only a hang reaches these, on however busy a machine; the tests of timeouts set short ones.
TIMEOUTS = {"request_head": "30s", "client_idle": "60s", "request_body": "30s", "connect": "30s",
            "submit_head": "30s", "response_head": "30s", "response_body": "30s",
            "half_closed": "20s", "upstream_idle": "20s", "shutdown_grace": "2s"}


def wait_for(condition, what, seconds=60.0):
    """Polls until `condition` gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for: {what}")
        time.sleep(0.02)
    return value


class Process:
    """A child process with its output in a file."""

    def __init__(self, command, log):
        self.log_path = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=output)

    @property
    def pid(self):
        return self.child.pid

    def log(self):
        return Path(self.log_path).read_text(errors="replace")

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=60.0):
        """Its exit code."""
        return self.child.wait(seconds)

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()


class FakeTrino(Process):
    """bench/cmd/faketrino; `name` ends its query ids."""

    def __init__(self, directory, name, *flags, port=None):
        self.name = name
        # Not one that the system picks: it could be taken while this server is killed and started anew.
        address = f"127.0.0.1:{port or free_port()}"
        super().__init__([FAKE_TRINO, "-listen", address, "-name", name, "-record",
                          "500", *flags], directory / f"faketrino-{name}.log")
        listening = rf"faketrino {name} on 127\.0\.0\.1:(\d+), pid {self.pid}"
        found = wait_for(lambda: re.search(listening, self.log()), f"faketrino {name} to listen")
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def control(self, path):
        """Its own endpoints under /__fake/, past the gateway."""
        wire = connect(self.port)
        wire.send(request_text("GET", f"/__fake/{path}", "fake"))
        answer = wire.read_response()
        wire.close()
        return json.loads(answer.body)

    def stats(self):
        return self.control("stats")

    def heads(self):
        """The heads of the requests it got, health probes among them."""
        return [request["head"] for request in self.control("requests")]


class Gateway(Process):
    """The gateway on its own ports. `config` is changed before start() and before a reload;
    `through`: a command that runs it, with its own command line as further arguments."""

    def __init__(self, directory, backends, extra_listeners=(), of_backends=None, through=(),
                 **settings):
        self.directory = directory
        self.through = through
        self.config_path = directory / "gateway.yaml"
        self.port, self.admin_port = free_port(), free_port()
        self.scraped = None  # the process and the number of the last /metrics
        self.host = f"127.0.0.1:{self.port}"
        self.config = {
            "workers": 1,
            "listeners": [{"address": f"127.0.0.1:{port}"}
                          for port in (self.port, *extra_listeners)],
            "admin": {"address": f"127.0.0.1:{self.admin_port}"},
            "store": {"url": f"sqlite:{directory}/gateway.db"},
            "log": {"level": "debug", "access": "all"},
            "monitor": {"interval": "60s"},
            "timeouts": dict(TIMEOUTS),
            "routing": {"default_group": "all"},
            "backends": [{"id": key, "url": url} for key, url in backends.items()],
            "groups": [{"id": "all", "backends": list(backends), "strategy": "round_robin"}],
        }
        for key, value in settings.items():
            if isinstance(value, dict):
                self.config.setdefault(key, {}).update(value)
            else:
                self.config[key] = value
        for backend in self.config["backends"]:
            backend.update((of_backends or {}).get(backend["id"], {}))

    def write_config(self):
        # JSON is YAML. Replaced as a whole: a reload must not see half of it.
        part = self.config_path.with_suffix(".part")
        part.write_text(json.dumps(self.config, indent=1))
        part.replace(self.config_path)

    def start(self, healthy=None):
        """Returns when all backends, or those named, were found healthy."""
        self.write_config()
        super().__init__([*self.through, BINARY, "serve", "--config", self.config_path],
                         self.directory / "gateway.log")
        wanted = [backend["id"] for backend in self.config["backends"]]
        self.wait_healthy(wanted if healthy is None else healthy)
        return self

    def wait_healthy(self, backends):
        def ready():
            assert self.child.poll() is None, f"the gateway ended:\n{self.log()[-3000:]}"
            try:
                if self.admin("/readyz").status != 200:
                    return False
                text = self.admin("/metrics").body.decode()
            except OSError:
                return False
            up = re.findall(r'^trino_gateway_backend_healthy\{backend="(.*?)"\} 1', text, re.M)
            return set(backends) <= set(up)

        wait_for(ready, f"the gateway to be ready with healthy {backends}, see {self.log_path}")

    def connect(self, **options):
        return connect(self.port, **options)

    def request(self, method, target, fields=(), body=b"", port=None):
        """One request on a connection of its own."""
        wire = connect(port or self.port)
        wire.send(request_text(method, target, self.host, fields, body))
        answer = wire.read_response(method)
        wire.close()
        return answer

    def admin(self, path):
        return self.request("GET", path, port=self.admin_port)

    def metrics(self):
        """A text made for this call: while it is busy, a gateway repeats the one before."""
        def fresh():
            text = self.admin("/metrics").body.decode()
            made = self.pid, re.search(r"^trino_gateway_scrapes_total (\S+)$", text, re.M)[1]
            seen, self.scraped = self.scraped, made
            return text if made != seen else None

        return wait_for(fresh, "fresh metrics")

    def metric(self, line):
        """The value of a series, given as /metrics writes it; None when it is not there."""
        found = re.search(rf"^{re.escape(line)} (\S+)$", self.metrics(), re.M)
        return float(found[1]) if found else None

    def events(self, name=None):
        """Log lines as objects; those of one event."""
        # Neither a line that is being written nor what a library prints in between.
        whole = self.log().rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.split("\n") if line.startswith("{")]
        return [line for line in lines if name is None or line["event"] == name]

    def memory(self):
        """Resident bytes: now, and at most since reset_peak()."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return tuple(int(re.search(rf"^{key}:\s+(\d+) kB", status, re.M)[1]) * 1024
                     for key in ("VmRSS", "VmHWM"))

    def reset_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")


class Lab:
    """Makes the parts of a test and ends them in reverse order."""

    def __init__(self, directory):
        self.directory = directory
        self.parts = ExitStack()
        self.numbers = itertools.count(1)  # some tests start gateways from several threads

    def fake_trino(self, name, *flags, port=None):
        fake = FakeTrino(self.directory, name, *flags, port=port)
        self.parts.callback(fake.kill)
        return fake

    def raw_backend(self, suffix="rawb1"):
        backend = RawBackend(suffix)
        self.parts.callback(backend.close)
        return backend

    def gateway(self, backends, healthy=None, **settings):
        """`backends`: id -> what has a url; `of_backends`: id -> more of its settings. All others are
        merged into the configuration."""
        directory = self.directory / f"gateway{next(self.numbers)}"
        directory.mkdir()
        urls = {key: backend.url for key, backend in backends.items()}
        gateway = Gateway(directory, urls, **settings)
        self.parts.callback(lambda: hasattr(gateway, "child") and gateway.kill())
        return gateway.start(healthy)

    def close(self):
        self.parts.close()


def stop(gateway):
    """Ends it in an orderly way, so that its log is complete."""
    gateway.signal(signal.SIGTERM)
    return gateway.wait()
