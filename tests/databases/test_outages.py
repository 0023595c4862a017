"""The database goes away, in several ways, while instances use it."""

import time

from servers import PASSWORD
from worker import Worker, failures, saved_ids, stored_ids

# connect_timeout and twice statement_timeout of an impatient store_worker, and a busy machine.
BOUND_MS = 20_000


def assert_bounded_and_discreet(lines):
    for _, _, took, message in failures(lines):
        assert int(took) < BOUND_MS, message
        assert PASSWORD not in message and "INSERT" not in message


def is_refused(line):
    return "refused" in line[3] or "no database server answers" in line[3]


def test_kill_in_mid_write_loses_nothing_acknowledged(server):
    for round_ in range(3):
        with Worker(server, "write", f"a{round_}") as a, Worker(server, "write", f"b{round_}") as b:
            a.next("saved", 20)
            b.next("saved", 20)
            server.kill()
            a.next("failed")
            b.next("failed")
            server.start()
            a.next("saved", 5)
            b.next("saved", 5)
            lines = a.stop() + b.stop()
        assert_bounded_and_discreet(lines)
        assert saved_ids(lines) <= stored_ids(server)


def test_calls_fail_quickly_while_it_is_down_and_work_when_it_is_back(server):
    with Worker(server, "write", "a") as worker:
        worker.next("saved", 3)
        server.stop()
        while not is_refused(worker.next("failed")[0]):
            pass  # what it said on its way down
        down = [line for line in worker.next("failed", 10) if int(line[2]) < 1_000]
        assert len(down) >= 7, "a refused connection is told at once"
        assert is_refused(down[-1])
        began = time.monotonic()
        server.start()
        worker.next("saved", 3)
        assert time.monotonic() - began < 60
        assert_bounded_and_discreet(worker.stop())


def test_a_restart_between_two_calls_is_not_noticed(server):
    with Worker(server, "watch") as watcher:
        watcher.next("changed")
        server.stop()
        server.start()
        with Worker(server, "write", "a") as writer:
            writer.next("saved", 5)
            assert not failures(writer.stop())
        watcher.next("changed")


def test_a_server_that_hangs_does_not_hang_its_callers(server):
    with Worker(server, "write", "a", "impatient") as worker:
        worker.next("saved", 3)
        with server.frozen():
            worker.next("failed", 2)
        worker.next("saved", 3)
        lines = worker.stop()
    assert_bounded_and_discreet(lines)
    assert saved_ids(lines) <= stored_ids(server)


def test_instances_may_start_before_the_database(server):
    server.stop()
    with Worker(server, "write", "a") as a, Worker(server, "write", "b") as b:
        for worker in (a, b):
            worker.next("failed", 2)
        server.start()
        for worker in (a, b):
            worker.next("saved", 3)
        lines = a.stop() + b.stop()
    assert_bounded_and_discreet(lines)
    assert saved_ids(lines) <= stored_ids(server)
