#!/usr/bin/env python3
"""How fast the control plane is with many objects: lists, changes, start.

    control_plane.py [--backends 500] [--groups 500] [--policies 10000] [--store URL]

Fills a database through the API, then prints medians over several rounds. A change counts as done
when a statement on the data path is routed by it.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import requests  # noqa: E402

from tests.faults.harness import Lab, wait_for  # noqa: E402


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory() as directory:
        lab = Lab(Path(directory))
        try:
            measure(lab, options)
        finally:
            lab.close()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", type=int, default=500)
    parser.add_argument("--groups", type=int, default=500)
    parser.add_argument("--policies", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--store", help="URL of an empty database; default: SQLite")
    return parser.parse_args()


class Admin:
    def __init__(self, gateway):
        self.url = f"http://127.0.0.1:{gateway.admin_port}/api/v1"
        self.session = requests.Session()

    def put(self, kind, key, body):
        answer = self.session.put(f"{self.url}/{kind}/{key}", json={"id": key, **body}, timeout=60)
        assert answer.status_code == 200, answer.text

    def get(self, path):
        answer = self.session.get(f"{self.url}/{path}", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()


def measure(lab, options):
    fake = lab.fake_trino("bench")
    settings = {"store": {"url": options.store}} if options.store else {}
    gateway = lab.gateway({"real": fake}, log={"level": "warn", "access": "off"}, **settings)
    admin = Admin(gateway)
    fill(admin, options)

    rounds = range(options.rounds)
    report("list: a page of 1000 policies", [timed(
        lambda: admin.get("policies?page_size=1000")) for _ in rounds])
    report("list: all backends", [timed(
        lambda: admin.get("backends?page_size=1000")) for _ in rounds])
    report("list: all groups", [timed(lambda: admin.get("groups?page_size=1000")) for _ in rounds])
    report("change: written and answered", [timed(
        lambda: admin.put("policies", "changing", policy("changing", "g0", priority=turn)))
        for turn in rounds])
    report("change: until a query is routed by it",
           [change_until_routed(gateway, admin, f"tag{turn}") for turn in rounds])
    report("start: until a query is answered", [start(gateway) for _ in rounds])
    print(f"resident memory: {gateway.memory()[0] / 2**20:.1f} MiB")


def fill(admin, options):
    began = time.monotonic()
    for number in range(options.backends):
        admin.put("backends", f"b{number}", {"url": f"http://127.0.0.1:{1 + number}",
                                             "is_enabled": False})
    admin.put("groups", "target", {"backends": ["real"]})
    for number in range(options.groups):
        members = [f"b{(number + i) % options.backends}" for i in range(3)]
        admin.put("groups", f"g{number}", {"backends": members})
    for number in range(options.policies):
        admin.put("policies", f"p{number}", policy(f"tag-{number}", f"g{number % options.groups}"))
    count = options.backends + options.groups + options.policies
    print(f"filled: {count} objects in {time.monotonic() - began:.1f} s")


def policy(tag, group, **fields):
    return {"rule": {"type": "header_client_tags", "value": tag}, "group": group, **fields}


def change_until_routed(gateway, admin, tag):
    def routed():
        answer = gateway.request("POST", "/v1/statement", [
            ("X-Trino-User", "bench"), ("X-Trino-Client-Tags", tag)], b"SELECT 1")
        return answer.status == 200

    # A group without healthy backends answers 503; the policy leads to one that has them.
    began = time.perf_counter()
    admin.put("policies", tag, policy(tag, "target", set_request_source=tag))
    while not routed():
        pass
    return time.perf_counter() - began


def start(gateway):
    gateway.kill()
    began = time.perf_counter()
    gateway.start()
    wait_for(lambda: gateway.request("POST", "/v1/statement", [("X-Trino-User", "bench")],
                                     b"SELECT 1").status == 200, "a query")
    return time.perf_counter() - began


def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def report(what, seconds):
    print(f"{what}: median {statistics.median(seconds) * 1000:.1f} ms, "
          f"most {max(seconds) * 1000:.1f} ms", flush=True)


if __name__ == "__main__":
    main()
