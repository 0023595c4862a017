"""Each request of a query reaches its cluster: by the tag in its URI, or its id's suffix."""

import json

import pytest

from .queries import AS_ALICE, follow, run_query, submit, target_of

SQL = "SELECT * FROM t /* pages=3 queued=2 */"


@pytest.fixture
def parts(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    return fakes, lab.gateway(fakes)


def strays(fakes):
    """Requests for queries that a cluster does not know."""
    return sum(fake.stats()["notFound"] for fake in fakes.values())


def untagged(gateway, answer):
    target = target_of(gateway, json.loads(answer.body)["nextUri"])
    return "/v1/" + target.split("/v1/", 1)[1]


def test_all_uris_of_an_answer_lead_to_the_gateway(parts):
    _, gateway = parts
    page = json.loads(submit(gateway, SQL).body)
    assert page["nextUri"].startswith(f"http://{gateway.host}/")
    assert page["infoUri"].startswith(f"http://{gateway.host}/")


def test_queries_side_by_side_stay_on_their_clusters(parts):
    fakes, gateway = parts
    begun = [submit(gateway, SQL) for _ in range(6)]
    for answer in reversed(begun):
        query = follow(gateway, answer)
        assert (query.error, len(query.pages)) == (None, 3)
    assert strays(fakes) == 0


def test_a_query_is_found_by_its_suffix_when_the_uri_has_no_tag(parts):
    fakes, gateway = parts
    for _ in range(4):
        answer = submit(gateway, SQL)
        assert gateway.request("GET", untagged(gateway, answer), AS_ALICE).status == 200
    assert strays(fakes) == 0


def test_queries_are_cancelled_where_they_run(parts):
    fakes, gateway = parts
    for _ in range(4):
        answer = submit(gateway, SQL)
        query_id = json.loads(answer.body)["id"]
        assert gateway.request("DELETE", f"/v1/query/{query_id}", AS_ALICE).status == 204
        answer = submit(gateway, SQL)
        assert gateway.request("DELETE", untagged(gateway, answer), AS_ALICE).status == 204
    assert [fake.stats()["cancelled"] for fake in fakes.values()] == [4, 4]
    assert strays(fakes) == 0


def restart(gateway):
    gateway.kill()
    return gateway.start()


def test_a_query_goes_on_after_the_gateway_was_killed_and_started(parts):
    fakes, gateway = parts
    begun = [submit(gateway, SQL) for _ in range(4)]
    restart(gateway)
    for answer in begun:
        assert gateway.request("GET", untagged(gateway, answer), AS_ALICE).status == 200
        query = follow(gateway, answer)
        assert (query.error, len(query.pages)) == (None, 3)
    assert strays(fakes) == 0


def test_another_instance_of_the_gateway_goes_on_with_the_query(lab, parts):
    fakes, gateway = parts
    answer = submit(gateway, SQL)
    other = lab.gateway(fakes)
    assert other.request("GET", untagged(gateway, answer), AS_ALICE).status == 200
    assert strays(fakes) == 0


def test_a_restarted_cluster_is_known_by_its_new_suffix(lab, parts):
    fakes, gateway = parts
    assert run_query(gateway, SQL).error is None
    port = fakes["c1"].port
    fakes["c1"].kill()
    fakes["c1"] = lab.fake_trino("ccccc", port=port)
    ids = set()
    for _ in range(4):
        answer = submit(gateway, SQL)
        ids.add(json.loads(answer.body)["id"].rsplit("_")[-1])
        assert gateway.request("GET", untagged(gateway, answer), AS_ALICE).status == 200
    assert ids == {"bbbbb", "ccccc"}


def test_two_clusters_with_one_suffix_are_told_apart(lab):
    """As when a coordinator moved to another address: both are asked."""
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    twin = lab.fake_trino("aaaaa")
    gateway = lab.gateway({**fakes, "c3": twin})
    for _ in range(6):
        answer = submit(gateway, SQL)
        assert gateway.request("GET", untagged(gateway, answer), AS_ALICE).status == 200


def test_a_query_page_of_the_ui_goes_to_the_clusters_own(parts):
    _, gateway = parts
    for backend, name in (("c1", "aaaaa"), ("c2", "bbbbb")):
        answer = gateway.request("GET", f"/ui/query.html?20260101_000000_00000_{name}")
        assert answer.status == 200 and name.encode() in answer.body
        assert backend in answer.get("Set-Cookie")


def test_a_browser_stays_on_the_cluster_of_its_cookie(parts):
    _, gateway = parts
    first = gateway.request("GET", "/ui/")
    cookie = first.get("Set-Cookie").split(";")[0]
    for _ in range(4):
        again = gateway.request("GET", "/ui/", [("Cookie", f"a=b; {cookie}; c=d")])
        assert again.body == first.body


def test_a_cookie_with_nonsense_is_overlooked(parts):
    _, gateway = parts
    for value in ("c99", "", "../x", '"c1"', "c1,c2"):
        cookie = [("Cookie", f"trino-gateway-backend={value}")]
        assert gateway.request("GET", "/ui/", cookie).status == 200
