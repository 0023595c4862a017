"""Spooled segments: tokens name no cluster, so the tag in the URI does; bytes pass as they are."""

import pytest

TEST = [("X-Test", "1")]
TOKEN = "q0xFZ2Vuc1VSSS1zYWZlIGJhc2U2NCB0b2tlbi0tLS0="


def segment(content):
    """A script that serves a segment by its token."""

    def script(exchange):
        if content is None:
            exchange.reply(404, body=b"unknown segment")
        else:
            exchange.reply(200, [("Content-Type", "application/octet-stream")], content)

    return script


@pytest.fixture(scope="module")
def pair(shared_lab):
    backends = {"c1": shared_lab.raw_backend("first"), "c2": shared_lab.raw_backend("secnd")}
    return backends, shared_lab.gateway(backends)


@pytest.fixture
def parts(pair):
    for backend in pair[0].values():
        backend.reset()
    return pair


@pytest.mark.parametrize("path", ["download", "ack"])
@pytest.mark.parametrize("owner", ["c1", "c2"])
def test_a_tagged_segment_is_asked_for_at_its_cluster_alone(parts, owner, path):
    backends, gateway = parts
    backends[owner].script = segment(bytes(range(256)) * 100)
    answer = gateway.request("GET", f"/~{owner}/v1/spooled/{path}/{TOKEN}", TEST)
    assert (answer.status, answer.body) == (200, bytes(range(256)) * 100)
    assert {key: [head.target for head in backend.heads] for key, backend in backends.items()} == {
        "c1": [], "c2": [], owner: [f"/v1/spooled/{path}/{TOKEN}"]}


def test_an_untagged_segment_is_found_by_asking(parts):
    backends, gateway = parts
    backends["c1"].script, backends["c2"].script = segment(None), segment(b"here")
    answer = gateway.request("GET", f"/v1/spooled/download/{TOKEN}", TEST)
    assert (answer.status, answer.body) == (200, b"here")


def test_an_unknown_segment_is_not_found(parts):
    backends, gateway = parts
    backends["c1"].script = backends["c2"].script = segment(None)
    assert gateway.request("GET", f"/v1/spooled/ack/{TOKEN}", TEST).status == 404
    assert all(len(backend.heads) == 1 for backend in backends.values())


def test_a_redirect_to_the_store_is_relayed(parts):
    backends, gateway = parts
    store = "https://store.example/segment?X-Amz-Signature=a%2Fb&x=1"
    backends["c1"].script = lambda exchange: exchange.reply(303, [("Location", store)])
    answer = gateway.request("GET", f"/~c1/v1/spooled/download/{TOKEN}", TEST)
    assert (answer.status, answer.get("Location")) == (303, store)


def test_clusters_that_can_tag_their_uris_are_told_which_encodings_the_client_takes(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb", "-forwarded", "reject")}
    gateway = lab.gateway(fakes)
    for _ in range(2):
        gateway.request("POST", "/v1/statement", [("X-Trino-User", "a"),
                                                  ("X-Trino-Query-Data-Encoding", "json+zstd")],
                        b"SELECT 1")
    asked = {key: any("json+zstd" in head for head in fake.heads()) for key, fake in fakes.items()}
    # The second one's segments could not be found again: it is asked for direct results.
    assert asked == {"c1": True, "c2": False}
