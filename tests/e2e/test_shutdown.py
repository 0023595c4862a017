"""SIGTERM: no new connections, what runs is answered, exit status 0."""

import socket

import pytest
import requests

from harness.gateway import two_clusters
from harness.waiting import wait_until


@pytest.fixture
def own_gateway(new_gateway, c1, c2):
    return new_gateway(**two_clusters(c1, c2)).wait_for_backends("c1", "c2")


def test_an_idle_gateway_ends_with_status_0(own_gateway):
    own_gateway.terminate()
    assert own_gateway.wait() == 0


def test_a_request_in_flight_is_answered_before_the_end(own_gateway):
    with socket.create_connection(("127.0.0.1", own_gateway.port), timeout=30) as connection:
        begin_submission(connection)
        own_gateway.terminate()
        wait_until(lambda: not accepts_connections(own_gateway.port), 25, "the listener closes")
        assert own_gateway.running()
        connection.sendall(b"SELECT 1")
        answer = connection.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 200 ")
    assert '"nextUri"' in answer
    assert own_gateway.wait() == 0


def test_readiness_ends_before_the_process_does(own_gateway):
    with socket.create_connection(("127.0.0.1", own_gateway.port), timeout=30) as connection:
        begin_submission(connection)
        own_gateway.terminate()
        wait_until(lambda: requests.get(f"{own_gateway.admin_url}/readyz", timeout=5).status_code == 503,
                   25, "the gateway is no longer ready")
        connection.sendall(b"SELECT 1")
        connection.makefile("rb").read()
    assert own_gateway.wait() == 0


def begin_submission(connection):
    """Returns when the gateway has begun to handle a request whose body is still to come."""
    connection.sendall(b"POST /v1/statement HTTP/1.1\r\nHost: gateway\r\nX-Trino-User: test\r\n"
                       b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")


def accepts_connections(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False
