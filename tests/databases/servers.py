"""Real database servers for tests: PostgreSQL and MariaDB from Debian's packages.

Each lives in a temporary directory, listens on a free loopback port, and is ended by its process
id. From tests:

    with postgresql() as server:
        run(server.url); server.kill(); server.start()

From a shell, a command with both at hand (GATEWAY_TEST_POSTGRESQL and GATEWAY_TEST_MYSQL):

    PYTHONPATH=tests python3 tests/databases/servers.py build/debug/gateway_store_test
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from ports import free_port

# With all that a URL and a driver's connection string could stumble over.
PASSWORD = "p:/@'\\ %&?=ö"
DATABASE = "gateway"
USER = "gateway"
START_SECONDS = 60


def wait_for(condition, what, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(0.05)


class Server:
    """A server process; subclasses say how to create its files and how to run it."""

    scheme = ""
    unprivileged = ""  # whose name it runs under when we are root, which it refuses to be

    def __init__(self, folder):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.port = free_port()
        self.child = None

    @property
    def url(self):
        return (f"{self.scheme}://{USER}:{quote(PASSWORD, safe='')}"
                f"@127.0.0.1:{self.port}/{DATABASE}")

    def command_as_user(self, command):
        if os.geteuid() != 0:
            return command
        user = pwd.getpwnam(self.unprivileged)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
                *command]

    def run(self, command, **options):
        """Runs one of the server's own tools to its end."""
        done = subprocess.run(self.command_as_user(command), cwd=self.folder, text=True,
                              capture_output=True, timeout=120, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def create(self):
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.unprivileged)
        self.folder.chmod(0o700)
        self.create_files()
        self.start()
        self.create_database()

    def start(self):
        """Returns once it answers."""
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.command_as_user(self.command()), cwd=self.folder,
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(self.answers, f"{self.scheme} to start", START_SECONDS)
        except AssertionError:
            raise AssertionError(self.log.read_text(errors="replace")[-4000:]) from None

    def answers(self):
        if self.child.poll() is not None:  # what a killed one left may still hold the files
            self.child = None
            with open(self.log, "ab") as log:
                self.child = subprocess.Popen(self.command_as_user(self.command()),
                                              cwd=self.folder, stdin=subprocess.DEVNULL,
                                              stdout=log, stderr=log)
        return self.ready()

    def running(self):
        return self.child is not None and self.child.poll() is None

    def stop(self):
        """In order: transactions end, connections are closed."""
        self.end(signal.SIGINT if self.scheme == "postgresql" else signal.SIGTERM)

    def kill(self):
        """As a crash does."""
        self.end(signal.SIGKILL)

    def end(self, number):
        if self.child and self.child.poll() is None:
            self.child.send_signal(number)
            try:
                self.child.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.child = None

    @contextlib.contextmanager
    def frozen(self):
        """All its processes hang inside: connections stay open, nobody answers."""
        processes = [self.child.pid, *children_of(self.child.pid)]
        try:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGSTOP)
            yield
        finally:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)


def children_of(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ends
            found += map(int, (task / "children").read_text().split())
    return found


class Postgresql(Server):
    scheme = "postgresql"
    unprivileged = "postgres"

    def __init__(self, folder):
        super().__init__(folder)
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"),
                          key=lambda path: int(path.parent.name))
        if not versions:
            raise RuntimeError("PostgreSQL is not installed: scripts/install.sh test")
        self.bin = versions[-1]

    def create_files(self):
        password = self.folder / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o644)  # in a directory that only the server's user enters
        self.run([str(self.bin / "initdb"), "--no-sync", "-D", str(self.data), "-U", USER, "-E", "UTF8",
                  "--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={password}"])

    def command(self):
        # Without waiting for the disk: tests end the process, not the machine.
        return [str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port),
                "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]

    def sql(self, statement, database=DATABASE):
        return self.run(["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER,
                         "-d", database, "-qAtc", statement],
                        env={**os.environ, "PGPASSWORD": PASSWORD})

    def ready(self):
        return subprocess.run([str(self.bin / "pg_isready"), "-q", "-h", "127.0.0.1",
                               "-p", str(self.port)], timeout=60).returncode == 0

    def create_database(self):
        self.sql(f"CREATE DATABASE {DATABASE}", "postgres")

    def clear(self):
        self.sql(f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")
        self.create_database()


class Mariadb(Server):
    scheme = "mysql"
    unprivileged = "mysql"

    def __init__(self, folder):
        super().__init__(folder)
        self.socket = self.folder / "socket"
        self.program = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")
        if not self.program:
            raise RuntimeError("MariaDB is not installed: scripts/install.sh test")

    def create_files(self):
        self.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}",
                  "--auth-root-authentication-method=normal", "--skip-test-db"])

    def command(self):
        return [self.program, "--no-defaults", f"--datadir={self.data}", f"--port={self.port}",
                f"--socket={self.socket}", "--bind-address=127.0.0.1", "--skip-networking=0",
                "--skip-name-resolve", f"--pid-file={self.folder / 'pid'}",
                "--innodb-flush-log-at-trx-commit=2"]  # as fsync=off above

    def sql(self, statement, database=""):
        return self.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "-u", "root",
                         "--batch", "--skip-column-names", "-e", statement,
                         *([database] if database else [])])

    def ready(self):
        try:
            self.sql("SELECT 1")
        except RuntimeError:
            return False
        return True

    def clear(self):
        self.sql(f"DROP DATABASE {DATABASE}; CREATE DATABASE {DATABASE}")

    def create_database(self):
        password = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        self.sql(f"CREATE DATABASE {DATABASE};"
                 f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{password}';"
                 f"GRANT ALL ON {DATABASE}.* TO {USER}@'127.0.0.1'")


@contextlib.contextmanager
def running(kind):
    # Not below a folder that only we may enter: the server runs under another name.
    folder = tempfile.mkdtemp(prefix=f"gateway-{kind.scheme}-", dir="/tmp")
    server = kind(folder)
    try:
        server.create()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def postgresql():
    return running(Postgresql)


def mariadb():
    return running(Mariadb)


def environment(*servers):
    """What makes the store's unit tests run on these servers, too."""
    names = {"postgresql": "GATEWAY_TEST_POSTGRESQL", "mysql": "GATEWAY_TEST_MYSQL"}
    return {**os.environ, **{names[server.scheme]: server.url for server in servers}}


def main():
    with postgresql() as first, mariadb() as second:
        return subprocess.run(sys.argv[1:], env=environment(first, second)).returncode


if __name__ == "__main__":
    sys.exit(main())
