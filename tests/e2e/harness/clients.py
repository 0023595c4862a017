"""Trino's real clients behind one interface: each runs as a process, as its users run it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from .java import java_binary
from .paths import CACHE, E2E
from .terminal import Terminal


class ClientFailed(Exception):
    """The client ended with an error; the text is what it showed its user."""


class RunningClient:
    """A client at work. Its rows come through a pipe: who does not read them holds the client back."""

    def __init__(self, command, cancel):
        self._errors = tempfile.TemporaryFile("w+")
        self._cancel = cancel
        self._child = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=self._errors, text=True)

    def read_rows(self, count):
        """The next `count` rows."""
        return [self._child.stdout.readline() for _ in range(count)]

    def resume(self):
        """Ends a PAUSE."""
        _write_line(self._child)

    def cancel(self):
        """In this client's own way."""
        self._cancel(self._child)

    def finish(self, timeout=120):
        """All further rows, when the client has ended without an error."""
        timer = threading.Timer(timeout, self._child.kill)
        timer.start()
        # Not communicate(): that would lose what readline() has buffered.
        output = self._child.stdout.read()
        status = self._child.wait()
        timer.cancel()
        if status != 0:
            raise ClientFailed(f"exit status {status}: {self._shown()}")
        return output

    def _shown(self):
        self._errors.seek(0)
        return self._errors.read()


class Client:
    """One of Trino's clients. Rows are text: tab-separated values, a line each."""

    name: str

    def start(self, url, sql):
        """Starts one statement, which can be cancelled."""
        raise NotImplementedError

    def run(self, url, *statements):
        """Rows of all statements, run one after the other on one connection."""
        raise NotImplementedError

    def transaction(self, url, *statements):
        """Rows of all statements, run in one explicit transaction that is committed."""
        raise NotImplementedError

    def prepared(self, url, sql, *arguments):
        """Rows of a prepared statement with text parameters."""
        raise NotImplementedError

    def __repr__(self):
        return self.name


class ProgramClient(Client):
    """One of the programs in tests/e2e/clients; python_client.py says how they are called."""

    def __init__(self, name, command):
        self.name = name
        self._command = command

    def start(self, url, sql):
        return self._start(url, "cancel", sql)

    def run(self, url, *statements):
        return self._start(url, "run", *statements).finish()

    def transaction(self, url, *statements):
        return self.start_transaction(url, *statements).finish()

    def start_transaction(self, url, *statements):
        """As transaction(); PAUSE among the statements waits for resume()."""
        return self._start(url, "transaction", *statements)

    def prepared(self, url, sql, *arguments):
        return self._start(url, "prepared", sql, *arguments).finish()

    def ping(self, url):
        return self._start(url, "ping").finish()

    def _start(self, url, *arguments):
        return RunningClient([*self._command, url, *arguments], cancel=_write_line)


class CommandLine(Client):
    """Trino's CLI."""

    name = "cli"

    def __init__(self, jar):
        self._command = [java_binary(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                         "--enable-native-access=ALL-UNNAMED", "-jar", jar, "--user=cli",
                         "--no-progress"]

    def start(self, url, sql):
        return self._start(url, sql)

    def open_terminal(self, url):
        """The CLI as people use it, at its prompt."""
        return Terminal([*self._command, f"--server={url}", "--output-format-interactive=TSV", "--pager="])

    def run(self, url, *statements, options=(), output="TSV"):
        return self._start(url, ";".join(statements), *options, output=output).finish()

    def transaction(self, url, *statements):
        rows = self.run(url, "START TRANSACTION", *statements, "COMMIT")
        return _without_lines(rows, "START TRANSACTION", "COMMIT")

    def prepared(self, url, sql, *arguments):
        values = ", ".join(f"'{argument}'" for argument in arguments)
        rows = self.run(url, f"PREPARE p1 FROM {sql}", f"EXECUTE p1 USING {values}")
        return _without_lines(rows, "PREPARE")

    def _start(self, url, sql, *options, output="TSV"):
        return RunningClient([*self._command, f"--server={url}", f"--output-format={output}", *options,
                              f"--execute={sql}"],
                             cancel=lambda child: child.send_signal(signal.SIGINT))


def all_clients(files):
    """The four clients by name, built where they need to be."""
    return {client.name: client for client in (
        CommandLine(files.cli),
        ProgramClient("jdbc", [java_binary(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                               "-cp", f"{files.jdbc}{os.pathsep}{_build_jdbc(files)}", "JdbcClient"]),
        ProgramClient("python", [sys.executable, E2E / "clients" / "python_client.py"]),
        ProgramClient("go", [_build_go()]),
    )}


def _build_jdbc(files):
    classes = CACHE / "e2e"
    classes.mkdir(parents=True, exist_ok=True)
    subprocess.run(["javac", "-cp", files.jdbc, "-d", classes, E2E / "clients" / "JdbcClient.java"],
                   check=True)
    return classes


def _build_go():
    program = CACHE / "e2e" / "go-client"
    # scripts/install.sh puts one beside this Python when the machine has none that is new enough.
    go = shutil.which("go", path=str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"])
    if go is None:
        raise RuntimeError("no go: run scripts/install.sh test")
    subprocess.run([go, "build", "-o", program, "."], check=True, cwd=E2E / "clients" / "go",
                   env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"})
    return program


def _write_line(child):
    child.stdin.write("\n")
    child.stdin.flush()


def _without_lines(text, *lines):
    return "".join(line for line in text.splitlines(keepends=True) if line.rstrip("\n") not in lines)
