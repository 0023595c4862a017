"""HTTP/1.1 byte by byte: what a test sends is what is on the wire."""

import select
import socket
import struct
from dataclasses import dataclass, field

DEADLINE = 60.0  # seconds; only a hang reaches it


class Broken(Exception):
    """The message ended before its framing says so."""


@dataclass
class Head:
    """A message head: its first line, and its fields in their order."""

    line: str
    fields: list[tuple[str, str]]
    raw: bytes

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None

    @property
    def method(self):
        return self.line.split(" ")[0]

    @property
    def target(self):
        return self.line.split(" ")[1]


@dataclass
class Response:
    status: int
    head: Head
    body: bytes
    interim: list[int] = field(default_factory=list)  # 1xx before it
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name):
        return self.head.get(name)

    def __repr__(self):  # what a failed assertion shows
        return f"<{self.status} {dict(self.head.fields)} {self.body[:300]!r}>"


def parse_head(raw):
    lines = raw.decode("latin-1").split("\r\n")
    fields = []
    for line in lines[1:]:
        if line:
            name, _, value = line.partition(":")
            fields.append((name, value.strip(" \t")))
    return Head(lines[0], fields, raw)


class Wire:
    """A connection with its read buffer."""

    def __init__(self, sock, tap=None):
        self.sock = sock
        self.buffer = bytearray()
        self.tap = tap  # called with all bytes that come in
        sock.settimeout(DEADLINE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def fill(self):
        """Reads more; False at the end of the stream. A reset raises ConnectionError."""
        data = self.sock.recv(256 * 1024)
        if self.tap:
            self.tap(data)
        self.buffer += data
        return bool(data)

    def has_input(self, seconds):
        """Did bytes, or the end of the stream, arrive within that time?"""
        return bool(self.buffer) or bool(select.select([self.sock], [], [], seconds)[0])

    def _until(self, mark):
        while (at := self.buffer.find(mark)) < 0:
            if not self.fill():
                raise Broken(f"stream ended within {bytes(self.buffer[:200])!r}")
        return self.take(at + len(mark))

    def take(self, size):
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def read_head(self):
        """The next head, or None when the stream ended between two messages."""
        if not self.buffer and not self.fill():
            return None
        return parse_head(self._until(b"\r\n\r\n"))

    def read_exactly(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                raise Broken(f"{len(self.buffer)} of {size} bytes came")
        return self.take(size)

    def read_to_end(self):
        while self.fill():
            pass
        return self.take(len(self.buffer))

    def read_chunked(self):
        """Content and trailers."""
        content, trailers = bytearray(), []
        while True:
            size = int(self._until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                break
            content += self.read_exactly(size)
            if self.read_exactly(2) != b"\r\n":
                raise Broken("no CRLF after a chunk")
        while (line := self._until(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(":")
            trailers.append((name, value.strip()))
        return bytes(content), trailers

    def read_body(self, head):
        """The body of a request or of a response that may have one: content and trailers."""
        if "chunked" in (head.get("Transfer-Encoding") or "").lower():
            return self.read_chunked()
        length = head.get("Content-Length")
        if length is not None:
            return self.read_exactly(int(length)), []
        return (self.read_to_end() if head.line.startswith("HTTP/") else b""), []

    def read_response(self, method="GET"):
        """The next final answer. Broken when the stream ends before the answer does."""
        interim = []
        while True:
            head = self.read_head()
            if head is None:
                raise Broken("the connection was closed without an answer")
            status = int(head.line.split(" ")[1])
            if status >= 200:
                break
            interim.append(status)
        body, trailers = b"", []
        if method != "HEAD" and status not in (204, 304):
            body, trailers = self.read_body(head)
        return Response(status, head, body, interim, trailers)

    def ended(self):
        """Waits for the end of the stream, of whatever kind; False when bytes came before."""
        try:
            return not self.buffer and not self.fill()
        except ConnectionError:
            return True

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()

    def reset(self):
        """Ends the connection with a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def connect(port, receive_buffer=None):
    """A connection to a port of this machine."""
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(DEADLINE)
    sock.connect(("127.0.0.1", port))
    return Wire(sock)


def request_text(method, target, host, fields=(), body=b"", version="1.1"):
    """A well-formed request as bytes; Content-Length is added to a body."""
    lines = [f"{method} {target} HTTP/{version}", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in fields]
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def response_text(status, fields=(), body=b""):
    """A well-formed answer with Content-Length."""
    lines = [f"HTTP/1.1 {status} Test", *(f"{name}: {value}" for name, value in fields)]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
