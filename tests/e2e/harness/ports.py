"""Free ports of the loopback interface."""

import socket

_given = set()  # two servers that have not bound yet must not get the same one


def free_port():
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port
