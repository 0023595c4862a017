"""A backend whose every byte the test decides.

Requests with the header X-Test go to the test's script; all others, the health probes, get the
answers of a healthy Trino.
"""

import json
import socket
import threading

from ports import free_port

from .wire import Broken, Wire, response_text

TAP_LIMIT = 1 << 20  # bytes remembered of each connection


class RawBackend:
    def __init__(self, suffix="rawb1"):
        self.suffix = suffix
        self.script = answer_ok
        self.heads = []  # of the requests that the script got
        self.streams = []  # what came on each connection, its first TAP_LIMIT bytes
        self.failures = []  # exceptions of scripts that are no broken connection
        self._open = []
        # More than any test connects at once: a dropped SYN comes again only after a second.
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self, script=None):
        """For the next test of a shared backend."""
        self.script = script or answer_ok
        self.heads.clear()
        self.streams.clear()
        self.failures.clear()

    def saw(self, text):
        """Did these bytes come in on any connection?"""
        return any(text in bytes(stream) for stream in self.streams)

    def close(self):
        # A thread in accept() keeps a closed socket listening, so it is woken first.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for wire in self._open:
            wire.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        stream = bytearray()
        self.streams.append(stream)

        def tap(data):
            stream.extend(data[: max(0, TAP_LIMIT - len(stream))])

        wire = Wire(sock, tap)
        sock.settimeout(None)  # idle as long as the gateway likes
        self._open.append(wire)
        try:
            while sock.fileno() >= 0 and (head := wire.read_head()):
                if head.get("X-Test") is None:
                    self._probe(wire, head)
                else:
                    self.heads.append(head)
                    self.script(Exchange(wire, head))
        except (OSError, Broken, ValueError):
            pass  # the connection broke, which many tests want
        except Exception as failure:
            self.failures.append(failure)
            raise
        finally:
            wire.close()

    def _probe(self, wire, head):
        wire.read_body(head)
        answers = {
            "/v1/info": {"nodeVersion": {"version": "476"}, "environment": "test",
                         "coordinator": True, "starting": False, "uptime": "5.00m"},
            "/v1/statement": statement_answer(f"20260101_000000_00000_{self.suffix}"),
            "/v1/queryState": [],
        }
        body = json.dumps(answers.get(head.target, "not found")).encode()
        status = 200 if head.target in answers else 404
        wire.send(response_text(status, [("Content-Type", "application/json")], body))


class Unanswering:
    """Listens on a port, but its queue is full: further connections are not answered."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=0)
        self.waiting = []
        while True:
            waiting = socket.socket()
            self.waiting.append(waiting)
            waiting.settimeout(0.3)
            try:
                waiting.connect(("127.0.0.1", port))
            except TimeoutError:
                break

    def close(self):
        for one in [self.listener, *self.waiting]:
            one.close()


class Exchange:
    """One request that a script answers."""

    def __init__(self, wire, head):
        self.wire = wire
        self.head = head

    def body(self):
        return self.wire.read_body(self.head)[0]

    def reply(self, status=200, fields=(), body=b""):
        self.wire.send(response_text(status, fields, body))


def statement_answer(query_id, **more):
    """What Trino answers to a statement, without the members that nobody here looks at."""
    stats = {"state": "FINISHED", "queued": False, "scheduled": True, "nodes": 1}
    return {"id": query_id, "infoUri": f"http://127.0.0.1/ui/query.html?{query_id}",
            "stats": stats, "warnings": [], **more}


def answer_ok(exchange):
    """The default script: what was asked, as JSON."""
    body = exchange.body()
    told = {"method": exchange.head.method, "target": exchange.head.target, "size": len(body)}
    exchange.reply(200, [("Content-Type", "application/json")], json.dumps(told).encode())


def sends(data, then="close"):
    """A script that reads the request, sends these bytes, and then closes, resets or keeps."""

    def script(exchange):
        exchange.body()
        exchange.wire.send(data)
        if then != "keep":
            getattr(exchange.wire, then)()

    return script
