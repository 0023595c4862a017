"""The gateway as a process: its configuration file, its ports, its life."""

import json

import requests
import yaml

from ports import free_port

from . import direct
from .paths import GATEWAY
from .process import Process
from .waiting import wait_until

TOKEN = "token-of-the-tests"


class Gateway:
    """Writes the configuration at construction; `start()` may be called again after an end, and
    finds the same ports and the same database, as after a crash.
    """

    def __init__(self, folder, token=TOKEN, **sections):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.admin_port = free_port()
        self.token = token
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        self.log = folder / "gateway.log"
        self.database = folder / "gateway.db"
        self.config = folder / "gateway.yaml"
        self._write(sections)
        self._process = None

    def start(self):
        if not GATEWAY.exists():
            raise RuntimeError(f"{GATEWAY} is not there: make build")
        self._process = Process([GATEWAY, "serve", "--config", self.config], log=self.log)
        wait_until(self._ready, 60, "the gateway is ready")
        return self

    def wait_for_backends(self, *ids, headers=None):
        """Returns when submissions have been placed on each of the backends.

        These submissions are never polled, so Trino never runs them.
        """
        missing = set(ids)

        def all_seen():
            answer = direct.submit(self.url, "SELECT 'placed by a test'", headers)
            missing.discard(answer.headers.get("X-Trino-Gateway-Backend"))
            return not missing

        wait_until(all_seen, 60, f"the gateway uses the backends {sorted(ids)}")
        return self

    def terminate(self):
        self._process.terminate()

    def wait(self, timeout=60):
        return self._process.wait(timeout)

    def stop(self):
        """SIGTERM. Returns the exit status."""
        return self._process.stop() if self.running() else None

    def kill(self):
        """SIGKILL."""
        self._process.kill()

    def running(self):
        return self._process is not None and self._process.running()

    def api(self, method, path, body=None, token=None):
        """One call of the admin API; with this gateway's own token unless another, or "", is given."""
        token = self.token if token is None else token
        return requests.request(method, f"{self.admin_url}/api/v1/{path}", json=body,
                                headers={"X-Auth-Key": token} if token else {}, timeout=60)

    def reconfigure(self, **sections):
        """Replaces the configuration file and returns when the gateway has taken it over."""
        before = len(self.events("config.reloaded"))
        self._write(sections)
        wait_until(lambda: len(self.events("config.reloaded")) > before, 60, "the file is read anew")

    def log_text(self):
        return self.log.read_text(errors="replace")

    def events(self, name, **fields):
        """The log's lines of that event whose fields have these values."""
        # The last one may be written only in part.
        lines = [json.loads(line) for line in self.log_text().split("\n")[:-1] if line.startswith("{")]
        return [line for line in lines if line.get("event") == name
                and all(line.get(key) == value for key, value in fields.items())]

    def metric(self, name, **labels):
        """The value of a metric, its name without `trino_gateway_`; None when it is not shown."""
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        text = requests.get(f"{self.admin_url}/metrics", timeout=60).text
        for line in text.splitlines():
            found, _, rest = line.partition("{")
            shown, _, value = rest.rpartition("} ")
            if found == f"trino_gateway_{name}" and set(shown.split(",")) == wanted:
                return float(value)
        return None

    def _write(self, sections):
        self.config.write_text(yaml.safe_dump(self._settings(sections), sort_keys=False))

    def _ready(self):
        if not self._process.running():
            raise RuntimeError(f"the gateway ended:\n{self._process.log_tail()}")
        return requests.get(f"{self.admin_url}/readyz", timeout=2).ok

    def _settings(self, sections):
        return {
            "listeners": [{"address": f"127.0.0.1:{self.port}"}],
            "admin": {"address": f"127.0.0.1:{self.admin_port}", "token": self.token},
            "store": {"url": f"sqlite:{self.database}"},
            # A healthy cluster may stand still for ten seconds here; a dead one refuses at once.
            "monitor": {"interval": "1s", "timeout": "30s"},
            **sections,
        }


def two_clusters(c1, c2, strategy="round_robin"):
    """Sections of a configuration with two clusters in the default group `all`."""
    return {
        "routing": {"default_group": "all"},
        "backends": [{"id": server.name, "url": server.url} for server in (c1, c2)],
        "groups": [{"id": "all", "backends": [c1.name, c2.name], "strategy": strategy}],
    }
