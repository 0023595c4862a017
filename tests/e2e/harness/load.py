"""Clients at work while something happens to the clusters."""

import threading
import time
from collections import Counter

import trino

from . import direct
from .waiting import wait_until


class Load:
    """Threads that run short queries with the Python client, one after the other. Counted apart are
    queries that fail on the cluster `victim`, which had accepted them, and all other failures."""

    def __init__(self, gateway, servers, threads, victim="c2"):
        self.done = Counter()  # by cluster
        self.lost = 0  # accepted by the victim
        self.errors = []
        self.longest = 0  # seconds that a query took
        self._gateway = gateway
        self._victim = victim
        self._names = {suffix_of(server.url): server.name for server in servers}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def run_until(self, condition, what):
        try:
            wait_until(lambda: self.errors or condition(), 180, what)
        except TimeoutError:
            self.stop()
            raise

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def _work(self):
        while not self._stopping.is_set():
            began = time.monotonic()
            cursor = trino.dbapi.connect(host="127.0.0.1", port=self._gateway.port, user="load").cursor()
            error = None
            try:
                cursor.execute("SELECT 1")
                assert cursor.fetchall() == [[1]]
            except Exception as caught:  # whatever a client shows
                error = caught
            with self._lock:
                self._note(cursor.query_id, error, time.monotonic() - began)

    def _note(self, query_id, error, took):
        # No id: the submission itself failed.
        owner = self._names.get(suffix(query_id)) if query_id else None
        self.longest = max(self.longest, took)
        if error is None:
            self.done[owner] += 1
        elif owner == self._victim:
            self.lost += 1
        else:
            self.errors.append(f"{time.ctime()} {query_id}: {error!r}")


def suffix(query_id):
    return query_id.rpartition("_")[2]


def suffix_of(url):
    """Of the query ids that the server at `url` gives since its start."""
    return suffix(direct.submit(url, "SELECT 'for its id'").json()["id"])
