"""What the store does on real servers: its own unit tests, many instances, the command line."""

import re
import subprocess
import time

from servers import PASSWORD, environment
from worker import GATEWAY, UNIT_TESTS, Worker, failures, saved_ids, stored_ids


def test_the_unit_tests_pass(server):
    done = subprocess.run([UNIT_TESTS, "--gtest_filter=*/Postgresql:*/Mysql"], text=True,
                          env=environment(server), capture_output=True, timeout=900)
    print(*re.findall(r"\[ load .*", done.stdout), sep="\n")
    assert done.returncode == 0, done.stdout[-8_000:]
    passed = int(re.search(r"\[  PASSED  \] (\d+) tests", done.stdout)[1])
    assert passed > 30, "the server's address reached the tests"


def test_ten_instances_that_start_at_once_migrate_once(server):
    workers = [Worker(server, "write", f"w{number}") for number in range(10)]
    try:
        for worker in workers:
            worker.next("saved")
    finally:
        lines = [line for worker in workers for line in worker.stop()]
    assert not failures(lines)
    assert saved_ids(lines) == stored_ids(server)
    taken = sorted(int(line[1]) for line in lines if line[0] == "migrated")
    stored = sorted(map(int, server.sql("SELECT version FROM schema_version", "gateway").split()))
    assert taken == stored == list(range(1, len(stored) + 1)) != []


def test_a_change_is_known_to_the_other_instances_within_a_second(server):
    with Worker(server, "watch") as watcher, Worker(server, "write", "a") as writer:
        watcher.next("changed")
        time.sleep(10)  # a machine that stands still for a moment must not delay half of them
        saved = [line for line in writer.stop() if line[0] == "saved"]
        newest = max(int(line[3].split("@")[0]) for line in saved)
        while int(watcher.next("changed")[0][1]) < newest:
            pass
        news = [(int(counter), int(at)) for word, counter, at in watcher.stop() if word == "changed"]
    delays = []
    for line in saved[::max(1, len(saved) // 200)]:
        counter, written = map(int, line[3].split("@"))
        known = min(at for seen, at in news if seen >= counter)
        delays.append((known - written) / 1000)
    delays.sort()
    print(f"{server.scheme}: told after {delays[len(delays) // 2]:.0f} ms (median), "
          f"{delays[-1]:.0f} ms (slowest of {len(delays)})")
    assert delays[len(delays) // 2] < 1_000
    assert delays[-1] < 15_000, "a busy machine may delay a few"


def migrate(server, *arguments, code=0):
    done = subprocess.run([GATEWAY, "migrate", *arguments, "--store", server.url], text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_command_line_migrates_up_and_down(server):
    assert migrate(server, "version") == "0\n"
    planned = migrate(server, "up", "--dry-run")
    assert "CREATE TABLE backends" in planned and migrate(server, "version") == "0\n"
    applied = migrate(server, "up").splitlines()
    newest = len(applied)
    assert migrate(server, "version") == f"{newest}\n"
    assert migrate(server, "up") == "the schema is there already\n"
    assert "took back" in migrate(server, "down")
    assert "pending" in migrate(server, "status").splitlines()[-1]
    assert migrate(server, "up-to", str(newest)).startswith(f"applied {newest} ")
    assert migrate(server, "redo").count("\n") == 2
    migrate(server, "down-to", "2")
    assert migrate(server, "version") == "2\n"
    assert "there is no version 99" in migrate(server, "up-to", "99", code=2)
    migrate(server, "reset")
    assert migrate(server, "version") == "0\n"


def test_a_wrong_password_is_told_without_it(server):
    wrong = server.url.replace("p%3A", "p%3Awrong")
    done = subprocess.run([GATEWAY, "migrate", "version", "--store", wrong], text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 1
    assert "password" in done.stderr
    assert "wrong/" not in done.stderr and "wrong%" not in done.stderr
