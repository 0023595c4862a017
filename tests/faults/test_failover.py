"""A submission goes to another backend when that is safe; everything else stays where it is.

Trino registers a query at its POST and starts it at the first GET, so a POST whose answer was lost
may be repeated elsewhere. Both backends are scripted; `first` fails in the way of the test.
"""

import json

import pytest

from .harness import wait_for
from .queries import AS_ALICE, submit
from .raw_backend import sends, statement_answer
from .wire import request_text, response_text

TEST = [("X-Test", "1")]
JSON = [("Content-Type", "application/json")]


def accept(suffix):
    """A script that takes a statement, as Trino does."""

    def script(exchange):
        exchange.body()
        answer = statement_answer(f"20260101_000000_00007_{suffix}")
        exchange.reply(200, JSON, json.dumps(answer).encode())

    return script


@pytest.fixture(scope="module")
def pair(shared_lab):
    first, second = shared_lab.raw_backend("first"), shared_lab.raw_backend("secnd")
    # One test after the other makes `first` fail, which must not put it out for those that follow.
    gateway = shared_lab.gateway({"c1": first, "c2": second}, monitor={"errors": {"enabled": False}})
    return gateway, first, second


@pytest.fixture
def parts(pair):
    gateway, first, second = pair
    first.reset(accept("first"))
    second.reset(accept("secnd"))
    return gateway, first, second


def submit_twice(gateway):
    """Round robin: one of the two meets the failing backend first."""
    return [submit(gateway, "SELECT 1", TEST) for _ in range(2)]


FAILURES = {
    "502": sends(response_text(502, body=b"no"), "keep"),
    "503": sends(response_text(503, body=b"starting"), "keep"),
    "504": sends(response_text(504), "keep"),
    "429": sends(response_text(429), "keep"),
    "503 with a long page": sends(response_text(503, body=b"x" * 300_000), "keep"),
    "a reset before the head": sends(b"", "reset"),
    "an end before the head": sends(b"", "close"),
    "half a head": sends(b"HTTP/1.1 200 OK\r\nContent-"),
    "garbage": sends(b"garbage\r\n\r\n"),
    "a head that is too large": sends(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"),
    "half an answer": sends(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":"),
    "an answer that is no JSON": sends(response_text(200, JSON, b"{\"id\": <html>"), "keep"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_submission_that_failed_is_sent_to_the_other_backend(parts, failure):
    gateway, first, second = parts
    first.script = failure
    answers = submit_twice(gateway)
    assert [answer.status for answer in answers] == [200, 200]
    assert {answer.get("X-Trino-Gateway-Backend") for answer in answers} == {"c2"}
    assert len(first.heads) >= 1
    assert len(second.heads) == 2


def test_the_repeated_submission_is_the_same_to_the_byte(parts):
    gateway, first, second = parts
    bodies = {"first": [], "second": []}

    def refuse(exchange):
        bodies["first"].append(exchange.body())
        exchange.reply(503)

    def take(exchange):
        bodies["second"].append(exchange.body())
        answer = statement_answer("20260101_000000_00007_secnd")
        exchange.reply(200, JSON, json.dumps(answer).encode())

    first.script, second.script = refuse, take
    statement = ("SELECT '" + "\u00e4\0\r\n" * 20_000 + "'").encode()
    for _ in range(2):
        answer = gateway.request("POST", "/v1/statement", [*AS_ALICE, *TEST], statement)
        assert answer.status == 200
    assert len(bodies["first"]) >= 1
    assert bodies["second"] == [statement] * 2
    assert set(bodies["first"]) == {statement}


def test_a_submission_to_a_backend_that_refuses_connections_is_sent_to_the_other(lab):
    first, second = lab.raw_backend("first"), lab.raw_backend("secnd")
    second.script = accept("secnd")
    gateway = lab.gateway({"c1": first, "c2": second})
    first.close()
    answers = [submit(gateway, "SELECT 1", TEST) for _ in range(4)]
    assert [answer.status for answer in answers] == [200] * 4
    assert {answer.get("X-Trino-Gateway-Backend") for answer in answers} == {"c2"}


def test_a_submission_that_no_backend_answers_in_time_goes_to_the_other(lab):
    first, second = lab.raw_backend("first"), lab.raw_backend("secnd")
    first.script, second.script = lambda exchange: exchange.wire.fill(), accept("secnd")
    gateway = lab.gateway({"c1": first, "c2": second}, timeouts={"submit_head": "5s"})
    assert [answer.status for answer in submit_twice(gateway)] == [200, 200]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_when_all_fail_the_client_is_told_to_come_again(parts, failure):
    gateway, first, second = parts
    first.script = second.script = failure
    answer = submit(gateway, "SELECT 1", TEST)
    assert answer.status == 503
    assert int(answer.get("Retry-After")) >= 1
    assert answer.body, "an explanation is missing"
    assert first.heads and second.heads


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 409, 410, 500, 501])
def test_any_other_answer_to_a_submission_is_relayed_as_it_is(parts, status):
    gateway, first, second = parts
    answered = sends(response_text(status, [("X-From", "trino")], b"because"), "keep")
    first.script = second.script = answered
    answer = submit(gateway, "SELECT 1", TEST)
    assert (answer.status, answer.body, answer.get("X-From")) == (status, b"because", "trino")
    if status != 406:  # which is asked once more, without X-Forwarded-*
        assert len(first.heads) + len(second.heads) == 1


def test_a_failed_query_is_relayed_and_not_repeated(parts):
    gateway, first, second = parts
    error = {"message": "line 1:1: mismatched input", "errorCode": 1, "errorName": "SYNTAX_ERROR"}
    body = json.dumps(statement_answer("20260101_000000_00009_third", error=error)).encode()
    first.script = second.script = sends(response_text(200, JSON, body), "keep")
    answer = submit(gateway, "SELEC", TEST)
    assert (answer.status, answer.body) == (200, body)
    assert len(first.heads) + len(second.heads) == 1


POLL = "/v1/statement/executing/20260101_000000_00007_first/yabc/1"


@pytest.mark.parametrize("failure", [
    sends(response_text(503), "keep"), sends(response_text(502), "keep"), sends(b"", "reset"),
    sends(b"", "close"), sends(b"garbage\r\n\r\n"),
], ids=["503", "502", "reset", "close", "garbage"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_poll_is_never_sent_to_another_backend(parts, failure, method):
    gateway, first, second = parts
    assert gateway.request("GET", POLL, TEST).status == 200
    first.script = failure
    answer = gateway.request(method, POLL, TEST)
    assert answer.status in (502, 503, 504)
    assert not second.saw(POLL.encode())


def test_a_poll_that_failed_may_be_asked_again(parts):
    gateway, first, _ = parts
    first.script = sends(b"", "reset")
    assert gateway.request("GET", POLL, TEST).status in (502, 503)
    first.script = accept("first")
    assert gateway.request("GET", POLL, TEST).status == 200


def test_a_statement_too_large_to_be_kept_is_tried_once(parts):
    """It cannot be sent again, so the client is asked to."""
    gateway, first, second = parts
    first.script = second.script = sends(response_text(503), "keep")
    statement = b"SELECT '" + b"x" * 400_000 + b"'"
    answer = gateway.request("POST", "/v1/statement", [*AS_ALICE, *TEST], statement)
    assert answer.status == 503
    assert len(first.heads) + len(second.heads) == 1


def chunked(body, size):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("size, attempts", [(256 * 1024, 2), (256 * 1024 + 1, 1)])
@pytest.mark.parametrize("chunk", [None, 1, 100_000])
def test_its_size_alone_decides_whether_a_statement_can_be_sent_again(parts, size, attempts, chunk):
    gateway, first, second = parts
    first.script = second.script = sends(response_text(503), "keep")
    body = b"x" * size
    framing = ("Content-Length", str(size)) if chunk is None else ("Transfer-Encoding", "chunked")
    fields = [*AS_ALICE, *TEST, framing]
    wire = gateway.connect()
    wire.send(request_text("GET", "/v1/statement", gateway.host, fields).replace(b"GET", b"POST", 1))
    wire.send(body if chunk is None else chunked(body, chunk))
    assert wire.read_response().status == 503
    assert len(first.heads) + len(second.heads) == attempts


def test_a_statement_too_large_to_be_kept_arrives_whole(parts):
    gateway, first, second = parts
    sizes = []

    def measure(exchange):
        sizes.append(len(exchange.body()))
        body = json.dumps(statement_answer("20260101_000000_00007_third")).encode()
        exchange.reply(200, JSON, body)

    first.script = second.script = measure
    answer = gateway.request("POST", "/v1/statement", [*AS_ALICE, *TEST], b"x" * 2_000_000)
    assert (answer.status, sizes) == (200, [2_000_000])


def test_a_client_that_leaves_during_a_submission_starts_no_second_one(lab):
    first, second = lab.raw_backend("first"), lab.raw_backend("secnd")
    # The answer is waited for without the client, because it tells what is to be cancelled.
    gateway = lab.gateway({"c1": first, "c2": second}, timeouts={"submit_head": "10s"})
    came = []

    def hang(exchange):
        exchange.body()
        came.append(True)
        exchange.wire.fill()

    first.script = second.script = hang
    wire = gateway.connect()
    wire.send(request_text("POST", "/v1/statement", gateway.host, [*AS_ALICE, *TEST], b"SELECT 1"))
    wait_for(lambda: came, "the submission to arrive")
    wire.reset()
    wait_for(lambda: gateway.metric('trino_gateway_client_connections') == 0, "the session's end")
    assert len(first.heads) + len(second.heads) == 1
