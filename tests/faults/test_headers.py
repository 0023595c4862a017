"""Header fields: what is relayed, what is not, and what the gateway says itself."""

import pytest

from .raw_backend import sends

TEST = [("X-Test", "1")]


def seen_by_backend(gateway, backend, fields, method="GET", body=b""):
    """The head that the backend gets."""
    assert gateway.request(method, "/ui/x", [*TEST, *fields], body).status == 200
    return backend.heads[-1]


def seen_by_client(gateway, backend, lines):
    """The head that the client gets for an answer with these fields."""
    backend.script = sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + lines + "\r\nok", "keep")
    answer = gateway.request("GET", "/ui/x", TEST)
    assert (answer.status, answer.body) == (200, b"ok")
    return answer.head


@pytest.mark.parametrize("name", ["Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
                                  "Proxy-Authorization"])
def test_hop_by_hop_fields_of_a_request_are_not_relayed(gateway, backend, name):
    assert seen_by_backend(gateway, backend, [(name, "value")]).get(name) is None


@pytest.mark.parametrize("name", ["Keep-Alive", "Proxy-Connection", "Trailer", "Upgrade",
                                  "Proxy-Authenticate"])
def test_hop_by_hop_fields_of_an_answer_are_not_relayed(gateway, backend, name):
    assert seen_by_client(gateway, backend, f"{name}: value\r\n").get(name) is None


def test_fields_that_connection_names_are_not_relayed(gateway, backend):
    head = seen_by_backend(gateway, backend, [("Connection", "keep-alive, X-Secret"),
                                              ("X-Secret", "1"), ("x-other", "2"),
                                              ("Connection", "X-OTHER"), ("X-Kept", "3")])
    assert (head.get("X-Secret"), head.get("X-Other"), head.get("X-Kept")) == (None, None, "3")
    head = seen_by_client(gateway, backend,
                          "Connection: x-secret\r\nX-Secret: 1\r\nX-Kept: 3\r\n")
    assert (head.get("X-Secret"), head.get("X-Kept")) == (None, "3")


def test_connection_cannot_take_the_length_of_the_body_away(gateway, backend):
    hidden = b"GET /ui/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    head = seen_by_backend(gateway, backend, [("Connection", "Content-Length, Host")], "POST",
                           hidden)
    assert head.get("Content-Length") == str(len(hidden))
    assert head.get("Host") == gateway.host
    assert all(seen.target != "/ui/smuggled" for seen in backend.heads)


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto",
                                  "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix",
                                  "x-forwarded-host"])
def test_what_a_client_claims_about_itself_is_replaced(gateway, backend, name):
    head = seen_by_backend(gateway, backend, [(name, "evil.example"), (name, "evil.example")])
    assert b"evil.example" not in head.raw
    assert head.all("X-Forwarded-For") == ["127.0.0.1"]
    assert head.all("X-Forwarded-Proto") == ["http"]
    assert head.all("X-Forwarded-Host") == [gateway.host]
    assert head.all("X-Forwarded-Port") == [str(gateway.port)]
    assert head.all("Forwarded") == []


def test_via_is_added_in_both_directions(gateway, backend):
    head = seen_by_backend(gateway, backend, [("Via", "1.0 other")])
    vias = ", ".join(head.all("Via"))
    assert vias.startswith("1.0 other") and "1.1 " in vias
    assert "1.1 " in ", ".join(seen_by_client(gateway, backend, "").all("Via"))


def test_the_host_is_kept(gateway, backend):
    wire = gateway.connect()
    wire.send(b"GET /ui/x HTTP/1.1\r\nHost: gw.example:8443\r\nX-Test: 1\r\n\r\n")
    assert wire.read_response().status == 200
    assert backend.heads[-1].all("Host") == ["gw.example:8443"]
    assert backend.heads[-1].get("X-Forwarded-Host") == "gw.example:8443"


def test_path_and_query_are_relayed_to_the_byte(gateway, backend):
    target = "/ui/a%20b/%C3%A4?x=1&y=%2F&z=a+b?c=[]"
    wire = gateway.connect()
    wire.send(f"GET {target} HTTP/1.1\r\nHost: {gateway.host}\r\nX-Test: 1\r\n\r\n")
    assert wire.read_response().status == 200
    assert backend.heads[-1].target == target


def test_other_fields_keep_their_spelling_order_and_repeats(gateway, backend):
    fields = [("X-Trino-User", "alice"), ("x-LOWER-Upper", "a"), ("X-Twice", "1"), ("X-Twice", "2"),
              ("X-Empty", ""), ("X-Bytes", "caf\xe9"), ("Authorization", "Basic YTpi"),
              ("Cookie", "a=b")]
    head = seen_by_backend(gateway, backend, fields)
    assert [field for field in head.fields if field in fields] == fields
    lines = "X-Twice: 1\r\nX-Twice: 2\r\nSet-Cookie: a=b\r\nX-Empty:\r\nX-Bytes: caf\xe9\r\n"
    head = seen_by_client(gateway, backend, lines)
    assert head.all("X-Twice") == ["1", "2"]
    assert "a=b" in head.all("Set-Cookie")
    assert (head.get("X-Empty"), head.get("X-Bytes")) == ("", "caf\xe9")


def test_a_backend_cannot_say_where_a_query_went(gateway, backend):
    head = seen_by_client(gateway, backend, "X-Trino-Gateway-Backend: c99\r\n")
    assert "c99" not in head.all("X-Trino-Gateway-Backend")


def test_a_target_in_absolute_form_is_relayed_in_origin_form(gateway, backend):
    wire = gateway.connect()
    wire.send(f"GET http://{gateway.host}/ui/x?q=1 HTTP/1.1\r\nHost: {gateway.host}\r\n"
              "X-Test: 1\r\n\r\n")
    assert wire.read_response().status == 200
    assert backend.heads[-1].target == "/ui/x?q=1"
    assert backend.heads[-1].all("Host") == [gateway.host]


AS_BOB = [("X-Test", "1"), ("X-Trino-User", "bob")]


@pytest.mark.parametrize("fields, name", [
    ([("X-Trino-User", "root")], "X-Trino-User"),
    ([("X-Trino-Source", "a"), ("x-trino-source", "b")], "x-trino-source"),
    ([("Authorization", "Basic a"), ("Authorization", "Basic b")], "Authorization"),
    ([("X-Trino-Transaction-Id", "NONE"), ("X-Trino-Transaction-Id", "t~c1")],
     "X-Trino-Transaction-Id"),
    ([("X-Presto-User", "root")], "X-Presto-*"),
])
def test_headers_that_contradict_each_other_are_refused(gateway, backend, fields, name):
    answer = gateway.request("POST", "/v1/statement", [*AS_BOB, *fields], b"SELECT 1")
    assert answer.status == 400 and name.encode() in answer.body
    assert backend.heads == []


def test_equal_headers_are_relayed_and_lists_are_one(gateway, backend):
    fields = [*AS_BOB, ("X-Trino-User", "bob"), ("X-Trino-Client-Tags", "a"),
              ("X-Trino-Client-Tags", "b, c")]
    assert gateway.request("GET", "/v1/info", fields).status == 200
    assert backend.heads[0].all("X-Trino-User") == ["bob", "bob"]
    assert backend.heads[0].all("X-Trino-Client-Tags") == ["a,b, c"]
