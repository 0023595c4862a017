"""A real Trino server, a coordinator that is its own worker, on a port of the loopback interface."""

import requests

from ports import free_port

from . import direct
from .java import java_binary
from .process import Process
from .waiting import wait_until

# Short starts matter more here than fast queries: C1 and the serial collector start a server with
# 9 s of CPU instead of 16 s (measured on 2 cores; a class data archive would save 3 s more of each
# start, but costs one start to make). The heap holds the history of a whole run: 600 MB were too few
# once, after 500 queries.
_JVM = ("-Xmx1200M", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError",
        "-Djdk.attach.allowAttachSelf=true", "--enable-native-access=ALL-UNNAMED")


class TrinoServer:
    """`start()`, then `wait_ready()`; apart, so that several servers can start side by side."""

    def __init__(self, name, folder, files, process_forwarded=True):
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder / name
        self._files = files
        self._process = None
        self._write_configuration(process_forwarded)

    def start(self):
        self._process = Process(
            [java_binary(), "-cp", f"{self._files.server}/lib/*", *_JVM,
             f"-Dconfig={self._folder}/config.properties",
             "-Dnode.environment=test", f"-Dnode.id={self.name}", f"-Dnode.data-dir={self._folder}",
             "-Dnode.internal-address=127.0.0.1", "-Dnode.bind-ip=127.0.0.1",
             "io.trino.server.TrinoServer"],
            log=self._folder / "server.log", cwd=self._folder)
        return self

    def wait_ready(self, timeout=180):
        """Returns once a query on a table succeeds: "starting": false comes a second too early, and so
        does SELECT 1, which needs no node that runs splits."""
        wait_until(self._answers_a_query, timeout, f"Trino {self.name} is ready", every=0.2)
        return self

    def stop(self):
        if self._process and self._process.running():
            self._process.stop(timeout=20)

    def kill(self):
        self._process.kill()

    def signal(self, number):
        self._process.signal(number)

    def queries(self, marker):
        """(query id, state, error code) of all queries whose SQL holds `marker`."""
        return [tuple(row) for row in direct.rows(
            self.url,
            "SELECT query_id, state, error_code FROM system.runtime.queries "
            f"WHERE strpos(query, '{marker}') > 0 AND query NOT LIKE '%system.runtime%'")]

    def end_queries(self, marker=""):
        """Ends all queries whose SQL holds `marker` and which still run, and returns when they have."""
        def living():
            return [query for query, state, _ in self.queries(marker)
                    if state not in ("FINISHED", "FAILED")]

        for query in living():
            direct.delete(f"{self.url}/v1/query/{query}")
        wait_until(lambda: not living(), 90, f"queries at {self.name} end")

    def _answers_a_query(self):
        if not self._process.running():
            raise RuntimeError(f"Trino {self.name} ended:\n{self._process.log_tail()}")
        info = requests.get(f"{self.url}/v1/info", timeout=5).json()
        count = "SELECT count(*) FROM tpch.tiny.region"
        return not info["starting"] and direct.rows(self.url, count) == [[5]]

    def _plugins(self):
        return self._files.plugins

    def _more_configuration(self):
        """Further lines of config.properties; other files may be written beside it."""
        return []

    def _write_configuration(self, process_forwarded):
        catalogs = self._folder / "catalog"
        catalogs.mkdir(parents=True)
        (self._folder / "config.properties").write_text("\n".join([
            "coordinator=true",
            "node-scheduler.include-coordinator=true",
            f"http-server.http.port={self.port}",
            f"discovery.uri={self.url}",
            f"http-server.process-forwarded={str(process_forwarded).lower()}",
            f"catalog.config-dir={catalogs}",
            f"plugin.dir={self._plugins()}",
            *self._more_configuration(),
        ]) + "\n")
        for connector in ("tpch", "memory"):
            (catalogs / f"{connector}.properties").write_text(f"connector.name={connector}\n")
