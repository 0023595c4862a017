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
_UNUSED = ("exchange-filesystem", "functions-python", "geospatial", "resource-group-managers")
_FOR_SECURED = "password-authenticators"  # for the servers that want it, apart from the others


class TrinoFiles:
    def __init__(self, folder):
        self.server = folder / "server"
        self.cli = folder / "trino-cli.jar"
        self.jdbc = folder / "trino-jdbc.jar"
        self.plugins = self.server / "plugin"
        self.secured_plugins = folder / "secured-plugins"  # the others, and password files


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
        elif not TrinoFiles(folder).secured_plugins.exists():  # a cache of an older version
            with tempfile.TemporaryDirectory(dir=folder) as downloads:
                _download(Path(downloads))
                _unpack_server(Path(downloads), Path(downloads))
                _keep_secured(Path(downloads) / "plugin", TrinoFiles(folder))
    return TrinoFiles(folder)


def _download(into):
    subprocess.run(["mvn", "-q", "-B", "-Dstyle.color=never", "-f", _POM, "dependency:copy", f"-Dout={into}"], check=True)


def _unpack(downloads, files):
    shutil.rmtree(files.server, ignore_errors=True)
    files.server.mkdir()
    _unpack_server(downloads, files.server)
    _keep_secured(files.plugins, files)
    for name in _UNUSED:
        shutil.rmtree(files.plugins / name)
    for name in _PLUGINS:
        with zipfile.ZipFile(downloads / f"trino-{name}.zip") as archive:
            archive.extractall(downloads)
        next(downloads.glob(f"trino-{name}-*/")).rename(files.plugins / name)
    shutil.move(downloads / "trino-cli-executable.jar", files.cli)
    shutil.move(downloads / "trino-jdbc.jar", files.jdbc)


def _unpack_server(downloads, into):
    # tar and not tarfile: the archive has hard links, and this is five times as fast.
    subprocess.run(["tar", "-xzf", downloads / "trino-server-core.tar.gz", "-C", into,
                    "--strip-components=1"], check=True)


def _keep_secured(plugins, files):
    """A folder of plugins of its own, since each of them costs every server start time."""
    made = files.secured_plugins.with_suffix(".new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for name in _PLUGINS:
        (made / name).symlink_to(Path("..", files.server.name, "plugin", name))
    (plugins / _FOR_SECURED).rename(made / _FOR_SECURED)
    made.rename(files.secured_plugins)
