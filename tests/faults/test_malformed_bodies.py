"""Bodies whose end is not where one of the two sides may think: the classic ways to smuggle."""

import pytest

from .harness import wait_for
from .test_malformed_heads import SMUGGLED, refused_with


def post(*lines):
    return "\r\n".join(["POST /ui/x HTTP/1.1", "Host: h", "X-Test: 1", *lines, "", ""]).encode(
        "latin-1")


CHUNKED = "Transfer-Encoding: chunked"

LENGTHS = {
    "two different lengths": ["Content-Length: 5", "Content-Length: 6"],
    "two equal lengths": ["Content-Length: 5", "content-length: 5"],
    "a list of lengths": ["Content-Length: 5, 5"],
    "a negative length": ["Content-Length: -5"],
    "a length with a sign": ["Content-Length: +5"],
    "a length in hex": ["Content-Length: 0x5"],
    "a length with a blank": ["Content-Length: 5 0"],
    "a length with a letter": ["Content-Length: 5a"],
    "a length with a fraction": ["Content-Length: 5.0"],
    "an empty length": ["Content-Length:"],
    "a length over 64 bits": ["Content-Length: 18446744073709551621"],
    "a length over 63 bits": ["Content-Length: 9223372036854775813"],
    "a length of many digits": ["Content-Length: " + "9" * 100],
    "a length beside chunks": ["Content-Length: 5", CHUNKED],
    "chunks beside a length": [CHUNKED, "Content-Length: 5"],
}


@pytest.mark.parametrize("lines", LENGTHS.values(), ids=LENGTHS)
def test_a_length_that_is_no_plain_number_is_refused(gateway, backend, lines):
    assert refused_with(gateway, backend, post(*lines), b"0\r\n\r\n" + SMUGGLED) == 400


CODINGS = {
    "gzip": ["Transfer-Encoding: gzip"],
    "identity": ["Transfer-Encoding: identity"],
    "gzip below chunked": ["Transfer-Encoding: gzip, chunked"],
    "chunked below gzip": ["Transfer-Encoding: chunked, gzip"],
    "chunked twice": ["Transfer-Encoding: chunked, chunked"],
    "chunked in two fields": [CHUNKED, CHUNKED],
    "chunked and another field": [CHUNKED, "Transfer-Encoding: x"],
    "chunked with a parameter": ["Transfer-Encoding: chunked;q=1"],
    "a misspelt one": ["Transfer-Encoding: xchunked"],
    "chunked behind a control character": ["Transfer-Encoding: \x0bchunked"],
    "chunked in quotes": ['Transfer-Encoding: "chunked"'],
    "an empty one": ["Transfer-Encoding:"],
}


@pytest.mark.parametrize("lines", CODINGS.values(), ids=CODINGS)
def test_a_transfer_coding_other_than_chunked_is_refused(gateway, backend, lines):
    status = refused_with(gateway, backend, post(*lines), b"0\r\n\r\n" + SMUGGLED)
    assert status in (400, 501)


def test_chunks_in_http_1_0_are_refused(gateway, backend):
    data = post(CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert refused_with(gateway, backend, data, b"0\r\n\r\n" + SMUGGLED) in (400, 501)


BAD_CHUNKS = {
    "a size that is no number": b"x\r\nhello\r\n0\r\n\r\n",
    "an empty size": b"\r\nhello\r\n0\r\n\r\n",
    "a size with a prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a size with a sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "a negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "a blank before the size": b" 5\r\nhello\r\n0\r\n\r\n",
    "a blank behind the size": b"5 5\r\nhello\r\n0\r\n\r\n",
    "a size over 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a size of many digits": b"F" * 40 + b"\r\nhello\r\n0\r\n\r\n",
    "a size line that never ends": b"5;" + b"x" * 20_000,
    "a size line that ends in LF": b"5\nhello\r\n0\r\n\r\n",
    "a size line with a bare CR": b"5\rhello\r\n0\r\n\r\n",
    "a NUL in an extension": b"5;\0\r\nhello\r\n0\r\n\r\n",
    "a LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "no CRLF after a chunk": b"5\r\nhello0\r\n\r\n",
    "a LF after a chunk": b"5\r\nhello\n0\r\n\r\n",
    "a chunk longer than its size": b"5\r\nhello!\r\n0\r\n\r\n",
    "a trailer with a NUL": b"5\r\nhello\r\n0\r\nX: \0\r\n\r\n",
    "a trailer that is folded": b"5\r\nhello\r\n0\r\n X: a\r\n\r\n",
    "a trailer that ends in LF": b"5\r\nhello\r\n0\r\nX: a\n\r\n",
    "trailers without end": b"5\r\nhello\r\n0\r\n" + b"X: abcdefgh\r\n" * 2000,
    "a last chunk that ends in LF": b"5\r\nhello\r\n0\r\n\n",
}


@pytest.mark.parametrize("chunks", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_malformed_chunks_are_refused(gateway, backend, chunks):
    assert refused_with(gateway, backend, post(CHUNKED) + chunks) == 400


def test_a_bad_chunk_late_in_a_large_body_breaks_the_upstream_request(gateway, backend):
    """The backend has the beginning already; it must never take the body for complete."""
    whole = []

    def script(exchange):
        whole.append(None)
        whole[0] = len(exchange.body())  # raises when the body breaks off

    backend.script = script
    wire = gateway.connect()
    wire.send(post(CHUNKED))
    wire.send(b"80000\r\n" + b"x" * 0x80000 + b"\r\n")
    wait_for(lambda: whole, "the backend to get the beginning")
    wire.send(b"zz\r\nhello\r\n0\r\n\r\n" + SMUGGLED)
    try:
        assert wire.read_response().status == 400
    except ConnectionError:
        pass
    assert wire.ended()
    assert whole == [None]
    assert not backend.saw(b"smuggled")
    backend.reset()
    assert gateway.request("GET", "/ui/after", [("X-Test", "1")]).status == 200
