"""How a gateway starts: with what descriptors and limits, and what ends it before it serves."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ports import free_port

from .harness import Gateway, wait_for

WITHOUT_STANDARD_DESCRIPTORS = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]


def with_limits(soft, hard):
    return ["sh", "-c", f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"', "sh"]


def descriptor_limit(gateway):
    for line in Path(f"/proc/{gateway.pid}/limits").read_text().splitlines():
        if line.startswith("Max open files"):
            return tuple(int(value) for value in line.split()[3:5])
    raise AssertionError("no limit of open files")


def test_no_socket_gets_the_number_of_a_standard_descriptor(lab):
    gateway = lab.gateway({"c1": lab.fake_trino("aaaaa")}, through=WITHOUT_STANDARD_DESCRIPTORS)
    opened = [Path(f"/proc/{gateway.pid}/fd/{number}").readlink() for number in range(3)]
    assert opened == [Path("/dev/null")] * 3


def test_the_limit_of_descriptors_is_raised_to_the_hard_one(lab):
    gateway = lab.gateway({"c1": lab.fake_trino("aaaaa")}, limits={"client_connections": 1000},
                          through=with_limits(256, 4096))
    assert descriptor_limit(gateway) == (4096, 4096)
    assert not gateway.events("gateway.few_descriptors")


def test_a_limit_of_descriptors_that_is_too_low_is_told(lab):
    gateway = lab.gateway({"c1": lab.fake_trino("aaaaa")}, limits={"client_connections": 1000},
                          through=with_limits(256, 1024))
    event, = gateway.events("gateway.few_descriptors")
    assert (event["level"], event["limit"]) == ("warn", 1024)
    assert 2000 < event["needed"] < 3000


def test_sighup_does_not_end_a_gateway_that_still_starts(tmp_path):
    with ThreadPoolExecutor(1) as pool, \
            socket.create_server(("127.0.0.1", free_port())) as database:
        database.settimeout(60)
        port = database.getsockname()[1]
        gateway = Gateway(tmp_path, {}, groups=[], store={
            "url": f"postgresql://gateway@127.0.0.1:{port}/gateway", "connect_timeout": "60s"})
        started = pool.submit(gateway.start)
        try:
            connection, _ = database.accept()  # it waits for an answer now
            wait_for(lambda: hasattr(gateway, "child"), "the process to be known")
            gateway.signal(signal.SIGHUP)
            connection.close()
            database.close()
            started.result()
            assert not gateway.events("config.reloaded")
            gateway.signal(signal.SIGHUP)
            wait_for(lambda: gateway.events("config.reloaded"), "the file to be read again")
        finally:
            if hasattr(gateway, "child"):
                gateway.kill()
