"""Free ports of the loopback interface."""

import os
import random
import socket
import threading

# Below those that outgoing connections get, so that none of them takes a port before its server does.
# Test runs at the same time need ranges of their own: TEST_PORTS, "first-last".
_FIRST, _LAST = map(int, os.environ.get("TEST_PORTS", "15000-31999").split("-"))
_PORTS = range(_FIRST, _LAST + 1)
_lock = threading.Lock()
_given = set()  # two servers that have not bound yet must not get the same one


def free_port():
    while True:
        port = random.choice(_PORTS)
        with _lock:
            if port in _given:
                continue
            _given.add(port)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
