#!/usr/bin/env python3
"""How fast the failure of a cluster is noticed, and what it costs the clients.

    cluster_failures.py [--threads 8] [--interval 5]

Two real Trino servers behind the gateway. One of them is killed, asked to end, or stopped, with and
without clients that run short queries all the time. Printed for each case: after how long the gateway
took the cluster out and why, how many queries ended meanwhile, how many failed that the dead cluster
had accepted and how many others (the gateway must lose none of those), and the longest a query took.
The cluster then comes back, and the time from when Trino itself runs queries again, or goes on, until
the gateway uses it is printed, too.

With clients and probes a minute apart only the data path can tell; without clients only probes can.
"""

import argparse
import datetime
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / path) for path in ("tests", "tests/e2e")]

from harness import direct  # noqa: E402
from harness.gateway import Gateway, two_clusters  # noqa: E402
from harness.load import Load  # noqa: E402
from harness.trino_files import trino_files  # noqa: E402
from harness.trino_server import TrinoServer  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

ROW = "{:<10} {:<8} {:<22} {:>11} {:<18} {:>8} {:>9} {:>7} {:>11} {:>10}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=8, help="clients, where there are any")
    parser.add_argument("--interval", type=float, default=5, help="seconds between probes, where they tell")
    options = parser.parse_args()
    rare, often = {"interval": "60s"}, {"interval": f"{options.interval:g}s"}
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(Path(directory))
        try:
            print(ROW.format("signal", "clients", "probes", "noticed (s)", "class", "queries", "lost there",
                             "others", "longest (s)", "back (s)"))
            for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP):
                if number != signal.SIGSTOP:  # whoever stands still still accepts connections
                    bench.measure(number, options.threads, rare)
                bench.measure(number, options.threads, often)
                bench.measure(number, 0, often)
        finally:
            bench.stop()


class Bench:
    def __init__(self, folder):
        self._folder = folder
        self._cases = 0
        files = trino_files(report=lambda text: print(text, file=sys.stderr))
        self._servers = [TrinoServer(name, folder, files).start() for name in ("c1", "c2")]
        for server in self._servers:
            server.wait_ready()

    def stop(self):
        for server in self._servers:
            server.stop()

    def measure(self, number, clients, monitor):
        survivor, victim = self._servers
        self._cases += 1
        gateway = Gateway(self._folder / f"gateway{self._cases}", monitor=monitor,
                          **two_clusters(survivor, victim)).start()
        try:
            gateway.wait_for_backends("c1", "c2")
            load = Load(gateway, self._servers, clients)
            time.sleep(3)
            failed_at = time.time()
            victim.signal(number)
            wait_until(lambda: gateway.events("backend.unhealthy", backend="c2"), 120, "it is noticed")
            time.sleep(2)
            outage = gateway.events("backend.unhealthy", backend="c2")[0]
            back = self._bring_back(victim, number, gateway)
            load.stop()
            print(ROW.format(
                signal.Signals(number).name, clients or "none", "every " + monitor["interval"],
                f"{seconds(outage['time']) - failed_at:.2f}", outage["class"], load.done.total(), load.lost,
                len(load.errors), f"{load.longest:.2f}" if clients else "-", f"{back:.1f}"), flush=True)
            for error in load.errors[:3]:
                print("  ", error)
        finally:
            gateway.kill()

    def _bring_back(self, victim, number, gateway):
        """Seconds from when the cluster can run queries until the gateway uses it."""
        if number == signal.SIGSTOP:
            victim.signal(signal.SIGCONT)
        else:
            victim.stop()
            victim.start().wait_ready()
        ready = time.time()
        wait_until(lambda: direct.submit(gateway.url, "SELECT 'placed'")
                   .headers.get("X-Trino-Gateway-Backend") == "c2", 120, "it is used again", every=0.01)
        return time.time() - ready


def seconds(timestamp):
    """Of the epoch, from a time of the log."""
    return datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    main()
