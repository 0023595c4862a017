"""The files of Trino, its CLI and its JDBC driver: fetched with Maven once, kept in the cache."""

import fcntl
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from .paths import CACHE, E2E

_POM = E2E / "trino" / "pom.xml"
_PLUGINS = ("tpch", "memory")
# Each plugin costs start time; these are what server-core brings and nothing here uses.
_UNUSED = ("exchange-filesystem", "functions-python", "geospatial", "password-authenticators",
           "resource-group-managers")


class TrinoFiles:
    def __init__(self, folder):
        self.server = folder / "server"
        self.cli = folder / "trino-cli.jar"
        self.jdbc = folder / "trino-jdbc.jar"


def trino_files(report=print):
    """Fetches and unpacks what is not there yet. Safe to call from several processes at once."""
    folder = CACHE / "trino"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "unpacked"
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != _POM.read_text():
            report("fetching Trino 476 with its CLI and JDBC driver (240 MB, once)", flush=True)
            with tempfile.TemporaryDirectory(dir=folder) as downloads:
                _download(Path(downloads))
                _unpack(Path(downloads), TrinoFiles(folder))
            stamp.write_text(_POM.read_text())
    return TrinoFiles(folder)


def _download(into):
    subprocess.run(["mvn", "-q", "-B", "-Dstyle.color=never", "-f", _POM, "dependency:copy", f"-Dout={into}"], check=True)


def _unpack(downloads, files):
    shutil.rmtree(files.server, ignore_errors=True)
    files.server.mkdir()
    # tar and not tarfile: the archive has hard links, and this is five times as fast.
    subprocess.run(["tar", "-xzf", downloads / "trino-server-core.tar.gz", "-C", files.server,
                    "--strip-components=1"], check=True)
    for name in _UNUSED:
        shutil.rmtree(files.server / "plugin" / name)
    for name in _PLUGINS:
        with zipfile.ZipFile(downloads / f"trino-{name}.zip") as archive:
            archive.extractall(downloads)
        next(downloads.glob(f"trino-{name}-*/")).rename(files.server / "plugin" / name)
    shutil.move(downloads / "trino-cli-executable.jar", files.cli)
    shutil.move(downloads / "trino-jdbc.jar", files.jdbc)
