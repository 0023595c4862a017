#!/usr/bin/env python3
"""How fast the control plane is with many objects: lists, changes, start.

    control_plane.py [--backends 500] [--groups 500] [--policies 10000] [--database sqlite]

Fills a database through the API, then prints medians over several rounds. All queries go to one
backend, but for those that a new policy sends to a second one: a change counts as done when the
answer to a statement names that one. On PostgreSQL and MariaDB, for which a server is started, the
same is asked of a second instance.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / path) for path in ("", "tests")]

import requests  # noqa: E402

from databases import servers  # noqa: E402
from faults.harness import Lab, wait_for  # noqa: E402

KINDS = ("sqlite", "postgresql", "mariadb")


def main():
    options = parse_arguments()
    with ExitStack() as parts:
        directory = parts.enter_context(tempfile.TemporaryDirectory())
        if options.database == "sqlite":
            url = f"sqlite:{directory}/gateway.db"
        else:
            url = parts.enter_context(getattr(servers, options.database)()).url
        lab = Lab(Path(directory))
        parts.callback(lab.close)
        measure(lab, url, options)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", type=int, default=500)
    parser.add_argument("--groups", type=int, default=500)
    parser.add_argument("--policies", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    return parser.parse_args()


class Admin:
    def __init__(self, gateway):
        self.url = f"http://127.0.0.1:{gateway.admin_port}"
        self.session = requests.Session()

    def put(self, kind, key, body):
        answer = self.session.put(f"{self.url}/api/v1/{kind}/{key}", json={"id": key, **body},
                                  timeout=60)
        assert answer.status_code == 200, answer.text

    def get(self, path):
        answer = self.session.get(f"{self.url}{path}", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.content

    def list_all_policies(self):
        answer = self.session.post(
            f"{self.url}/twirp/trino.gateway.v1.PolicyApi/ListAllPolicies", json={}, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.content


def measure(lab, url, options):
    fakes = {name: lab.fake_trino(name) for name in ("usual", "other")}

    def instance():
        return lab.gateway(fakes, groups=[{"id": "all", "backends": ["usual"]}],
                           store={"url": url}, log={"level": "warn", "access": "off"})

    gateway = instance()
    admin = Admin(gateway)
    fill(admin, options)
    measure_lists(admin, options)
    measure_changes(admin, gateway, options)
    if options.database != "sqlite":
        measure_visibility(admin, instance(), options)
    report("start: until a query is answered", [start(gateway) for _ in range(options.rounds)])
    print(f"resident memory: {gateway.memory()[0] / 2**20:.1f} MiB")


def fill(admin, options):
    began = time.monotonic()
    for number in range(options.backends):
        admin.put("backends", f"b{number}", {"url": f"http://127.0.0.1:{1 + number}",
                                             "is_enabled": False})
    admin.put("groups", "target", {"backends": ["other"]})
    for number in range(options.groups):
        members = [f"b{(number + i) % options.backends}" for i in range(3)]
        admin.put("groups", f"g{number}", {"backends": members})
    for number in range(options.policies):
        admin.put("policies", f"p{number}", policy(f"tag-{number}", f"g{number % options.groups}"))
    count = options.backends + options.groups + options.policies
    print(f"filled: {count} objects in {time.monotonic() - began:.1f} s", flush=True)


def policy(tag, group, **fields):
    return {"rule": {"type": "header_client_tags", "value": tag}, "group": group, **fields}


def measure_lists(admin, options):
    def rounds(action):
        return [timed(action) for _ in range(options.rounds)]

    report("list: a page of 1000 policies", rounds(
        lambda: admin.get("/api/v1/policies?page_size=1000")))
    report("list: a page of all backends", rounds(
        lambda: admin.get("/api/v1/backends?page_size=1000")))
    report("list: a page of all groups", rounds(
        lambda: admin.get("/api/v1/groups?page_size=1000")))
    report(f"list: ListAllPolicies, {len(admin.list_all_policies()) / 2**20:.1f} MiB",
           rounds(admin.list_all_policies))
    report("list: GetRouting", rounds(lambda: admin.get("/api/v1/routing")))
    report("probe: /livez while all policies are listed", probe_while_listing(admin))


def probe_while_listing(admin):
    """Seconds of each of many probes, all the time that a list is being made."""
    listing = threading.Event()

    def list_again_and_again():
        with requests.Session() as session:
            while listing.is_set():
                session.post(f"{admin.url}/twirp/trino.gateway.v1.PolicyApi/ListAllPolicies",
                             json={}, timeout=60)

    listing.set()
    lister = threading.Thread(target=list_again_and_again)
    lister.start()
    try:
        return [timed(lambda: admin.get("/livez")) for _ in range(300)]
    finally:
        listing.clear()
        lister.join()


def measure_changes(admin, gateway, options):
    rounds = range(options.rounds)
    report("change: written and answered", [timed(
        lambda: admin.put("policies", "changing", policy("changing", "g0", priority=turn)))
        for turn in rounds])
    report("change: until a query is routed by it",
           [change_until_routed(admin, gateway, f"here{turn}") for turn in rounds])


def measure_visibility(admin, gateway, options):
    report("change: until a query through a second instance is routed by it",
           [change_until_routed(admin, gateway, f"there{turn}") for turn in range(options.rounds)])


def backend_of(gateway, tag):
    """Where a statement with this client tag went."""
    answer = gateway.request("POST", "/v1/statement", [
        ("X-Trino-User", "bench"), ("X-Trino-Client-Tags", tag)], b"SELECT 1")
    assert answer.status == 200, answer
    return answer.get("X-Trino-Gateway-Backend")


def change_until_routed(admin, gateway, tag):
    """Seconds from the change through `admin` until `gateway` goes by it."""
    assert backend_of(gateway, tag) == "usual"
    began = time.perf_counter()
    admin.put("policies", tag, policy(tag, "target"))
    while backend_of(gateway, tag) != "other":
        assert time.perf_counter() - began < 60, f"{tag} is not seen"
    return time.perf_counter() - began


def start(gateway):
    gateway.kill()
    began = time.perf_counter()
    gateway.start()
    wait_for(lambda: backend_of(gateway, "none") == "usual", "a query")
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
