"""An HTTP service that the gateway asks: an external router, or a provider of authentication."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ports import free_port


@dataclass
class Call:
    path: str
    headers: dict  # names in lower case
    body: dict


class HttpService:
    """`answer(call)` gives status and body (an object, or bytes); a test may replace it."""

    def __init__(self, answer):
        self.answer = answer
        self.calls = []
        self.release = threading.Event()  # for answers that hang
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self.path, headers, json.loads(body))
                service.calls.append(call)
                status, content = service.answer(call)
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # the gateway gave up, which some tests want

        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def hang(self, _call):
        """An answer that does not come before the end of the test."""
        self.release.wait(60)
        return 200, {}

    def slowly(self, seconds, answer):
        """The same answers, later."""
        def later(call):
            time.sleep(seconds)
            return answer(call)
        return later

    def close(self):
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
