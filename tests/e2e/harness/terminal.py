"""A program at a terminal, which it shows a prompt."""

import os
import pty
import re
import select
import subprocess
import time

PROMPT = re.compile(r"(^|\n)[^\n]*trino\S*> \S*$")


class Terminal:
    def __init__(self, command):
        self._side, theirs = pty.openpty()
        self._child = subprocess.Popen([str(part) for part in command], stdin=theirs, stdout=theirs,
                                       stderr=theirs, start_new_session=True,
                                       env={**os.environ, "TERM": "dumb"})
        os.close(theirs)
        self._read_to_prompt(60)

    def run(self, sql, timeout=60):
        """What it shows until its next prompt."""
        os.write(self._side, f"{sql};\n".encode())
        return self._read_to_prompt(timeout).split("\n", 1)[1]  # without the echo

    def close(self):
        self._child.kill()
        self._child.wait()
        os.close(self._side)

    def _read_to_prompt(self, timeout):
        deadline = time.monotonic() + timeout
        shown = ""
        while not PROMPT.search(shown):
            ready, _, _ = select.select([self._side], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"no prompt within {timeout} s; shown so far: {shown!r}")
            shown += os.read(self._side, 65536).decode(errors="replace").replace("\r\n", "\n")
        return shown.rpartition("\n")[0]
