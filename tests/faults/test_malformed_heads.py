"""Heads that are not HTTP/1.1, or that two recipients could read in two ways.

Behind each of them comes a second request on the same connection. It must never reach the backend:
whoever could make the two sides disagree about where a request ends could smuggle one in.
"""

import pytest

from .wire import Broken, request_text

SMUGGLED = b"GET /ui/smuggled HTTP/1.1\r\nHost: h\r\nX-Test: 1\r\n\r\n"


def refused_with(gateway, backend, data, smuggled=SMUGGLED):
    """Sends `data` and a request behind it; the status, None for a connection closed silently.

    Also checks what holds for every refusal: one answer only, then the end of the connection,
    nothing at the backend, and the next client is served."""
    wire = gateway.connect()
    try:
        wire.send(data + smuggled)
        answer = wire.read_response()
    except (Broken, ConnectionError):
        answer = None
    if answer:
        assert answer.get("Connection") == "close", answer
        assert answer.body, "an explanation is missing"
        assert wire.ended(), "something came after the refusal"
    assert backend.heads == []
    assert not backend.saw(b"smuggled")
    after = gateway.request("GET", "/ui/after", [("X-Test", "1")])
    assert after.status == 200
    return answer.status if answer else None


GOOD = "Host: h\r\nX-Test: 1\r\n"
REQUEST_LINES = {
    "no version": "GET /ui/x",
    "no target": "GET HTTP/1.1",
    "only a word": "GET",
    "a blank in the target": "GET /ui/x /y HTTP/1.1",
    "two blanks": "GET  /ui/x HTTP/1.1",
    "a tab for a blank": "GET\t/ui/x\tHTTP/1.1",
    "a blank in front": " GET /ui/x HTTP/1.1",
    "a blank behind": "GET /ui/x HTTP/1.1 ",
    "a method that is no token": "G@T /ui/x HTTP/1.1",
    "a method with a colon": "GET: /ui/x HTTP/1.1",
    "a control character in the target": "GET /ui/\x01x HTTP/1.1",
    "a NUL in the target": "GET /ui/\0x HTTP/1.1",
    "a byte above ASCII in the target": "GET /ui/\xe4 HTTP/1.1",
    "a bare CR in the line": "GET /ui/x\rX: y HTTP/1.1",
    "another protocol": "GET /ui/x HTTQ/1.1",
    "a lower-case protocol": "GET /ui/x http/1.1",
    "a version of three digits": "GET /ui/x HTTP/1.11",
    "a version with a letter": "GET /ui/x HTTP/1.x",
    "a version without its point": "GET /ui/x HTTP/11",
    "a target without its slash": "GET ui/x HTTP/1.1",
    "a target of another scheme": "GET ftp://h/ui/x HTTP/1.1",
    "an absolute target without a host": "GET http:///ui/x HTTP/1.1",
    "an absolute target with a user": "GET http://a:b@h/ui/x HTTP/1.1",
}


@pytest.mark.parametrize("line", REQUEST_LINES.values(), ids=REQUEST_LINES)
def test_a_malformed_request_line_is_refused(gateway, backend, line):
    assert refused_with(gateway, backend, f"{line}\r\n{GOOD}\r\n".encode("latin-1")) in (400, 505)


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/1.2"])
def test_another_version_of_http_is_refused(gateway, backend, version):
    data = f"GET /ui/x {version}\r\n{GOOD}\r\n".encode()
    assert refused_with(gateway, backend, data) in (400, 505)


def test_the_preface_of_http_2_is_refused(gateway, backend):
    assert refused_with(gateway, backend, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") in (400, 505)


FIELDS = {
    "a blank before the colon": "X-A : b",
    "a tab before the colon": "X-A\t: b",
    "a line that begins with a blank": "X-A: b\r\n c: d",
    "a line that begins with a tab": "X-A: b\r\n\tc",
    "a folded first line": " X-A: b",
    "no colon": "X-A b",
    "an empty name": ": b",
    "a name with a blank": "X A: b",
    "a name with a bracket": "X(A): b",
    "a name with a byte above ASCII": "X-\xe4: b",
    "a NUL in a value": "X-A: b\0c",
    "a control character in a value": "X-A: b\x01c",
    "a DEL in a value": "X-A: b\x7fc",
    "a bare CR in a value": "X-A: b\rTransfer-Encoding: chunked",
    "a bare LF in a value": "X-A: b\nTransfer-Encoding: chunked",
    "a bare CR at the end of a value": "X-A: b\r",
}


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_malformed_field_is_refused(gateway, backend, field):
    for before, after in (("", GOOD), (GOOD, "")):
        data = f"GET /ui/x HTTP/1.1\r\n{before}{field}\r\n{after}\r\n".encode("latin-1")
        assert refused_with(gateway, backend, data) == 400
        backend.reset()


@pytest.mark.parametrize("data", [
    b"GET /ui/x HTTP/1.1\nHost: h\nX-Test: 1\n\n",
    b"GET /ui/x HTTP/1.1\r\nHost: h\nX-Test: 1\r\n\r\n",
    b"GET /ui/x HTTP/1.1\nHost: h\r\nX-Test: 1\r\n\r\n",
    b"GET /ui/x HTTP/1.1\r\nHost: h\r\nX-Test: 1\r\n\n",
    b"GET /ui/x HTTP/1.1\r\nHost: h\r\nX-Test: 1\n\r\n",
], ids=["everywhere", "after a field", "after the request line", "at the end", "before the end"])
def test_lines_that_end_in_a_bare_lf_are_refused(gateway, backend, data):
    assert refused_with(gateway, backend, data) == 400


HOSTS = {
    "no Host": "",
    "two Hosts": "Host: h\r\nHost: h\r\n",
    "two Hosts in different case": "Host: h\r\nhost: i\r\n",
    "an empty Host": "Host:\r\n",
    "a Host with a blank": "Host: a b\r\n",
    "a Host with a path": "Host: a/b\r\n",
    "a Host with a user": "Host: u@h\r\n",
    "a list of Hosts": "Host: a, b\r\n",
}


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_a_host_that_is_missing_or_ambiguous_is_refused(gateway, backend, host):
    data = f"GET /ui/x HTTP/1.1\r\n{host}X-Test: 1\r\n\r\n".encode()
    assert refused_with(gateway, backend, data) == 400


@pytest.mark.parametrize("authority", ["a:b@h", "h,i", "h\"x", "h\\x", "h;x", ""])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_an_absolute_target_with_a_strange_host_is_refused(gateway, backend, authority, version):
    host = "Host: h\r\n" if version == "1.1" else ""
    data = f"GET http://{authority}/ui/x HTTP/{version}\r\n{host}X-Test: 1\r\n\r\n".encode()
    assert refused_with(gateway, backend, data) == 400


@pytest.mark.parametrize("line", ["CONNECT h:443 HTTP/1.1", "OPTIONS * HTTP/1.1", "GET * HTTP/1.1",
                                  "CONNECT /ui/x HTTP/1.1"])
def test_targets_for_other_kinds_of_proxies_are_refused(gateway, backend, line):
    wire = gateway.connect()
    wire.send(f"{line}\r\n{GOOD}\r\n")
    assert wire.read_response().status in (400, 404, 405, 501)
    assert backend.heads == []


@pytest.mark.parametrize("target", ["/ui/../v1/task", "/ui/%2e%2e/v1/task", "/v1/statement/../task",
                                    "/ui/./x", "/ui/..%2fx", "/ui/x%5c..%5cy", "//v1/task"])
def test_paths_that_may_be_read_as_others_are_not_relayed(gateway, backend, target):
    answer = gateway.request("GET", target, [("X-Test", "1")])
    assert answer.status in (400, 404)
    assert backend.heads == []


def test_a_head_that_is_too_large_is_refused(gateway, backend):
    data = f"GET /ui/x HTTP/1.1\r\n{GOOD}X-Big: {'x' * 17000}\r\n\r\n".encode()
    assert refused_with(gateway, backend, data) == 431


def test_a_target_that_is_too_long_is_refused(gateway, backend):
    data = f"GET /ui/{'x' * 17000} HTTP/1.1\r\n{GOOD}\r\n".encode()
    assert refused_with(gateway, backend, data) in (414, 431)


def test_a_head_that_never_ends_is_refused_once_it_is_too_large(gateway, backend):
    data = b"GET /ui/x HTTP/1.1\r\nHost: h\r\n" + b"X-Line: abcdefgh\r\n" * 1500
    assert refused_with(gateway, backend, data, b"") == 431


def test_too_many_fields_are_refused(gateway, backend):
    many = "".join(f"X-{number}: y\r\n" for number in range(60))
    assert refused_with(gateway, backend,
                        f"GET /ui/x HTTP/1.1\r\n{GOOD}{many}\r\n".encode()) == 431


def test_as_many_fields_and_bytes_as_allowed_pass(gateway, backend):
    many = [(f"X-{number}", "y") for number in range(45)]
    big = [("X-Test", "1"), ("X-Big", "x" * 14000)]
    assert gateway.request("GET", "/ui/x", [("X-Test", "1"), *many]).status == 200
    assert gateway.request("GET", "/ui/x", big).status == 200


def test_tls_on_the_plain_port_is_refused_at_once(gateway, backend):
    hello = bytes.fromhex("160301002f0100002b0303") + bytes(32) + bytes.fromhex("0000021301010000")
    assert refused_with(gateway, backend, hello, b"") in (None, 400)


@pytest.mark.parametrize("data", [b"\0" * 100, b"SSH-2.0-client\r\n\r\n", bytes(range(256)) * 4,
                                  b"\r\n" * 10_000])
def test_bytes_that_are_no_http_are_refused(gateway, backend, data):
    assert refused_with(gateway, backend, data) in (None, 400, 431, 505)


def test_a_request_before_the_malformed_one_is_answered(gateway, backend):
    wire = gateway.connect()
    wire.send(request_text("GET", "/ui/good", gateway.host, [("X-Test", "1")])
              + b"GET /ui/bad HTTP/1.1\r\nX-A : b\r\n\r\n" + SMUGGLED)
    assert wire.read_response().status == 200
    assert wire.read_response().status == 400
    assert wire.ended()
    assert [head.target for head in backend.heads] == ["/ui/good"]
