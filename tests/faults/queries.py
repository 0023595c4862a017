"""A Trino client in small: submits a statement and follows its nextUri to the end."""

import json
import time
from dataclasses import dataclass, field

from .wire import Broken, connect, request_text

AS_ALICE = [("X-Trino-User", "alice")]
TRANSIENT = (429, 502, 503, 504)


@dataclass
class Query:
    """What a client saw of a query."""

    id: str = ""
    backend: str | None = None  # as the gateway says
    pages: list = field(default_factory=list)
    error: dict | None = None
    statuses: list[int] = field(default_factory=list)  # of all answers
    broken: int = 0  # answers that broke off
    uris: list[str] = field(default_factory=list)


def submit(gateway, sql, fields=(), port=None):
    """The answer to a statement. Fields of PrestoDB's dialect say themselves who asks."""
    presto = any(name.lower().startswith("x-presto-") for name, _ in fields)
    user = [] if presto else AS_ALICE
    return gateway.request("POST", "/v1/statement", [*user, *fields], sql.encode(), port)


def begin_statement(gateway, sql, port=None):
    """A submission whose head the gateway has read, and whose body it waits for."""
    wire = connect(port or gateway.port)
    wire.send(request_text("POST", "/v1/statement", gateway.host,
                           [*AS_ALICE, ("Expect", "100-continue")], sql).removesuffix(sql))
    assert "100" in wire.read_head().line
    return wire


def explain(gateway, **request):
    """Where a described query would go, as the admin API says."""
    answer = gateway.request("POST", "/api/v1/routing:explain", body=json.dumps(request).encode(),
                             port=gateway.admin_port)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def target_of(gateway, uri):
    """Path and query of a URI, which must be on the gateway."""
    base = f"http://{gateway.host}"
    assert uri.startswith(base + "/"), f"{uri} is not on {base}"
    return uri[len(base):]


def run_query(gateway, sql, fields=(), repeats=0):
    """Runs a query to its end. As Trino's clients do, it repeats a request up to `repeats` times
    when the answer is transient or breaks off."""
    fields = [*AS_ALICE, *fields]
    message = request_text("POST", "/v1/statement", gateway.host, fields, sql.encode())
    return _Client(gateway, repeats).run(message)


def follow(gateway, answer, repeats=0):
    """Goes on with a query whose first answer is there."""
    client = _Client(gateway, repeats)
    message = client.take(answer)
    return client.run(message) if message else client.query


class _Client:
    def __init__(self, gateway, repeats):
        self.gateway = gateway
        self.repeats = repeats
        self.query = Query()
        self.wire = gateway.connect()

    def run(self, message):
        """Sends `message` and whatever has to follow it."""
        while message:
            answer = self._ask(message)
            if answer and answer.status not in TRANSIENT:
                message = self.take(answer)
                continue
            if self.repeats == 0:
                break
            self.repeats -= 1
            time.sleep(0.05)
        self.wire.close()
        return self.query

    def _ask(self, message):
        answer = None
        try:
            self.wire.send(message)
            answer = self.wire.read_response()
            self.query.statuses.append(answer.status)
        except (Broken, ConnectionError):
            self.query.broken += 1
        if answer is None or answer.get("Connection") == "close":
            self.wire.close()
            self.wire = self.gateway.connect()
        return answer

    def take(self, answer):
        """Notes what an answer says; the next request, or None at the end of the query."""
        query = self.query
        if answer.status != 200:
            return None
        page = json.loads(answer.body)
        assert query.id in ("", page["id"]), f"query {query.id} became {page['id']}"
        query.id = page["id"]
        query.backend = query.backend or answer.get("X-Trino-Gateway-Backend")
        query.error = page.get("error")
        if "data" in page:
            query.pages.append(page["data"])
        if "nextUri" not in page:
            return None
        query.uris.append(page["nextUri"])
        target = target_of(self.gateway, page["nextUri"])
        return request_text("GET", target, self.gateway.host, AS_ALICE)


def backend_of(gateway, fields=(), port=None, sql="SELECT 1"):
    """Which backend a new statement goes to."""
    answer = submit(gateway, sql, fields, port)
    assert answer.status == 200, answer
    return answer.get("X-Trino-Gateway-Backend")
