#!/usr/bin/env python3
"""What it costs to watch many clusters, and whether all are probed on time.

    monitor_load.py [--backends 500] [--hang 50] [--flap 50] [--interval 5] [--seconds 60]

Fake coordinators, of which some never answer and some are down for half of the time, note when they
were probed. Printed: by how much the pauses between the probes of a healthy one leave the interval,
CPU time of the gateway's threads, and its memory. Nothing else goes through the gateway meanwhile.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / path) for path in ("", "tests")]

from tests.faults.harness import Gateway, wait_for  # noqa: E402

UNHEALTHY_INTERVAL = 2.0  # the gateway's pause after a failure
JITTER = 0.1              # it probes up to so much of the interval earlier,
TOGETHER = 0.05           # and so many seconds, with others that are due at nearly the same time


def main():
    options = parse_arguments()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    ours, theirs = multiprocessing.Pipe()
    fakes = multiprocessing.Process(target=serve_fakes, args=(theirs, options), daemon=True)
    fakes.start()
    try:
        with tempfile.TemporaryDirectory() as directory:
            measure(Path(directory), ours, options)
    finally:
        fakes.terminate()
        fakes.join()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", type=int, default=500)
    parser.add_argument("--hang", type=int, default=50, help="of them, never answer")
    parser.add_argument("--flap", type=int, default=50, help="of them, are down half of the time")
    parser.add_argument("--flap-seconds", type=float, default=15, help="up, and down, for so long")
    parser.add_argument("--interval", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=15)
    parser.add_argument("--profile", help="write the call graph of that time there (needs perf)")
    return parser.parse_args()


# -- the fake coordinators, in a process of their own ---------------------------------------------

INFO = ('{"nodeVersion":{"version":"476"},"environment":"bench","coordinator":true,'
        '"starting":false,"uptime":"%.2fm"}')
QUERY = '{"queryId":"20261124_000000_%05d_%s","queryState":"RUNNING","progress":{"blocked":false}}'


class Fake:
    """One coordinator; `probes` are the times at which /v1/info was asked."""

    def __init__(self, number, options):
        self.suffix = f"f{number:04}"
        self.hangs = number < options.hang
        self.flaps = options.flap_seconds if options.hang <= number < options.hang + options.flap else 0
        self.offset = number * 0.37  # they do not go up and down together
        self.probes, self.connections = [], 0

    def down(self):
        return self.flaps and int((time.monotonic() + self.offset) / self.flaps) % 2 == 1

    def answer(self, method, target):
        """Status and body; None: no answer."""
        if target == "/v1/info":
            self.probes.append(time.monotonic())
        if self.hangs:
            return None
        if self.down():
            return 503, ""
        if target == "/v1/info":
            return 200, INFO % (time.monotonic() / 60)
        if target == "/v1/status":
            return 200, json.dumps({"nodeId": self.suffix})
        if target == "/v1/queryState":
            # Another load with each probe, as on real clusters.
            return 200, f"[{','.join(QUERY % (n, self.suffix) for n in range(random.randrange(5)))}]"
        query = {"id": f"20261124_000000_00000_{self.suffix}"}
        if method == "POST":
            query["nextUri"] = f"http://fake/v1/statement/executing/{query['id']}/y/1"
        else:
            query["data"] = [[1]]
        return 200, json.dumps(query)


class Conversation(asyncio.Protocol):
    def __init__(self, fake):
        self.fake, self.bytes = fake, b""

    def connection_made(self, transport):
        self.transport = transport
        self.fake.connections += 1

    def data_received(self, data):
        self.bytes += data
        head, end, rest = self.bytes.partition(b"\r\n\r\n")
        if not end:
            return
        fields = head.decode().lower().split("\r\n")
        length = next((int(f[15:]) for f in fields if f.startswith("content-length:")), 0)
        if len(rest) < length:
            return
        self.bytes = b""
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        answer = self.fake.answer(method, target)
        if answer:
            status, body = answer
            self.transport.write(f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
                                 f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            if "connection: close" in fields:
                self.transport.close()


def serve_fakes(pipe, options):
    asyncio.run(serve(pipe, [Fake(number, options) for number in range(options.backends)]))


async def serve(pipe, fakes):
    loop = asyncio.get_running_loop()
    ports = []
    for fake in fakes:
        server = await loop.create_server(lambda fake=fake: Conversation(fake), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
    pipe.send(ports)
    while True:
        await loop.run_in_executor(None, pipe.recv)
        pipe.send([(f.hangs, bool(f.flaps), f.probes, f.connections) for f in fakes])
        for fake in fakes:
            fake.probes, fake.connections = [], 0


# -- the measurement ------------------------------------------------------------------------------

def measure(directory, fakes, options):
    urls = {f"b{n:03}": f"http://127.0.0.1:{port}" for n, port in enumerate(fakes.recv())}
    gateway = Gateway(directory, urls, log={"level": "info", "access": "off"},
                      monitor={"interval": f"{options.interval * 1000:.0f}ms"})
    healthy = list(urls)[options.hang + options.flap:]
    try:
        gateway.start(healthy)
        time.sleep(options.warm_up)
        ask(fakes)
        before, cpu, began = gateway.memory()[0], threads(gateway.pid), time.monotonic()
        if options.profile:
            os.system(f"perf record -q -g -F 999 -p {gateway.pid} -o {options.profile} "
                      f"sleep {options.seconds}")
        else:
            time.sleep(options.seconds)
        seconds = time.monotonic() - began
        after, told = threads(gateway.pid), ask(fakes)
        report_schedule(told, options)
        report_cpu(cpu, after, seconds)
        print(f"resident memory: {before / 2**20:.1f} MiB, then {gateway.memory()[0] / 2**20:.1f} MiB")
    finally:
        gateway.kill()


def ask(fakes):
    fakes.send("report")
    return fakes.recv()


def report_schedule(told, options):
    steady = [probes for hangs, flaps, probes, _ in told if not hangs and not flaps]
    gaps = [b - a for probes in steady for a, b in zip(probes, probes[1:])]
    early, late = options.interval * (1 - JITTER) - TOGETHER, options.interval
    off = [max(early - gap, gap - late, 0) for gap in gaps]
    print(f"probes: {sum(len(probes) for _, _, probes, _ in told)} of {len(told)} backends on "
          f"{sum(connections for *_, connections in told)} new connections")
    print(f"pauses of the {len(steady)} that are always up: least {min(gaps):.2f} s, median "
          f"{statistics.median(gaps):.2f} s, most {max(gaps):.2f} s; asked: {early:g} to {late:g} s; "
          f"most beside it {max(off) * 1000:.0f} ms")


def threads(pid):
    """CPU seconds of each thread: user, system."""
    tick = os.sysconf("SC_CLK_TCK")
    used = {}
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        fields = stat.read_text().rpartition(")")[2].split()
        used[int(stat.parent.name)] = (int(fields[11]) / tick, int(fields[12]) / tick)
    return used


def report_cpu(before, after, seconds):
    shares = {tid: [(new - old) / seconds * 100 for new, old in zip(used, before.get(tid, (0, 0)))]
              for tid, used in after.items()}
    control = min(shares)  # the first thread runs the monitor
    rest = [sum(share) for tid, share in shares.items() if tid != control]
    user, system = shares[control]
    print(f"CPU of a core, over {seconds:.0f} s: the monitor's thread {user + system:.2f} % "
          f"(user {user:.2f} %, system {system:.2f} %), all {len(rest)} others {sum(rest):.2f} %")


if __name__ == "__main__":
    main()
