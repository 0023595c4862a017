"""Clusters that send clients to the store for segments (COORDINATOR_STORAGE_REDIRECT)."""

import pytest

TOKEN = "q0xFZ2Vuc1VSSS1zYWZlIGJhc2U2NCB0b2tlbi0tLS0="
STORE = "https://store.example/segment?X-Amz-Signature=a%2Fb&x=1"


@pytest.mark.parametrize("status", [303, 307])
@pytest.mark.parametrize("owner, other", [("c1", "c2"), ("c2", "c1")])
def test_an_untagged_segment_is_found_where_the_answer_is_the_way_to_the_store(lab, owner, other, status):
    backends = {"c1": lab.raw_backend("first"), "c2": lab.raw_backend("secnd")}
    gateway = lab.gateway(backends)
    backends[owner].script = lambda exchange: exchange.reply(status, [("Location", STORE)])
    backends[other].script = lambda exchange: exchange.reply(404, body=b"unknown segment")
    answer = gateway.request("GET", f"/v1/spooled/download/{TOKEN}", [("X-Test", "1")])
    assert (answer.status, answer.get("Location")) == (status, STORE)
