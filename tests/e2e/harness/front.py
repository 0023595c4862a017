"""What stands before a server: passes bytes on, ends TLS where that is wanted, and can be cut."""

import socket
import ssl
import subprocess
import threading
from contextlib import suppress


class Front:
    def __init__(self, target_port):
        self._target = ("127.0.0.1", target_port)
        self._open = []
        self._lock = threading.Lock()
        self._is_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """From now on connections are refused, and those that are open are closed."""
        with self._lock:
            self._is_cut = True
            for sock in (self._listener, *self._open):
                _close(sock)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        # Refused by the target, or a client that left or does not trust the certificate.
        with suppress(OSError), self._greet(client) as ours, \
                socket.create_connection(self._target) as theirs:
            if not self._note(ours, theirs):
                return
            threading.Thread(target=_pass_on, args=(theirs, ours), daemon=True).start()
            _pass_on(ours, theirs)

    def _note(self, *sockets):
        """False: it was cut meanwhile."""
        with self._lock:
            self._open += sockets
            return not self._is_cut

    def _greet(self, client):
        return client


class TlsFront(Front):
    """A balancer with a certificate of its own, which clients must trust: `ca_file`."""

    def __init__(self, target_port, folder):
        self.ca_file = folder / "front.crt"
        key = folder / "front.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", key, "-out", self.ca_file], check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.ca_file, key)
        super().__init__(target_port)
        self.url = f"https://localhost:{self.port}"

    def _greet(self, client):
        return self._context.wrap_socket(client, server_side=True)


def _close(sock):
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def _pass_on(source, sink):
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
