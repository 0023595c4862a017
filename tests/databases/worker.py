"""store_worker: one instance's use of the database, as a process."""

import os
import queue
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("GATEWAY_BUILD", ROOT / "build/release"))
PROGRAM = BUILD / "store_worker"
UNIT_TESTS = BUILD / "gateway_store_test"
GATEWAY = BUILD / "trino-gateway"


class Worker:
    """Its lines, split into words; ended when the `with` ends."""

    def __init__(self, server, *arguments):
        self.child = subprocess.Popen([PROGRAM, server.url, *arguments], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.seen = []
        self.lines = queue.SimpleQueue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n").split(" ", 3))

    def next(self, word, count=1, seconds=60):
        """Reads on until `count` more lines that begin with `word` have come; returns them."""
        found, deadline = [], time.monotonic() + seconds
        while len(found) < count:
            line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            self.seen.append(line)
            if line[0] == word:
                found.append(line)
        return found

    def stop(self):
        """Everything it said since its start."""
        if self.child.poll() is None:
            self.child.stdin.close()
            self.child.wait(timeout=60)
        self.reader.join(timeout=60)
        while not self.lines.empty():
            self.seen.append(self.lines.get())
        return self.seen


def stored_ids(server):
    done = subprocess.run([PROGRAM, server.url, "list"], text=True, capture_output=True,
                          timeout=60, check=True)
    return set(done.stdout.split())


def saved_ids(lines):
    return {line[1] for line in lines if line[0] == "saved"}


def failures(lines):
    return [line for line in lines if line[0] == "failed"]
