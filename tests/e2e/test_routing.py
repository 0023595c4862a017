"""Which cluster a query goes to, and how that shows."""

from collections import Counter

from harness import direct

BACKEND = "X-Trino-Gateway-Backend"


def test_round_robin_shares_the_queries_exactly(gateway, c1, c2, marker):
    gateway.wait_for_backends("c1", "c2")
    answers = [direct.submit(gateway.url, f"SELECT 1 AS {marker}") for _ in range(20)]
    assert Counter(answer.headers[BACKEND] for answer in answers) == {"c1": 10, "c2": 10}
    for answer in answers:
        assert [page["error"] for page in direct.follow(answer.json()) if "error" in page] == []
    assert (len(c1.queries(marker)), len(c2.queries(marker))) == (10, 10)


def test_a_client_tag_leads_to_the_group_of_its_policy(gateway):
    tags = {"X-Trino-Client-Tags": "nightly,etl"}
    answers = [direct.submit(gateway.url, "SELECT 1", tags) for _ in range(5)]
    assert [answer.headers[BACKEND] for answer in answers] == ["c2"] * 5


def test_the_cli_reaches_the_group_by_its_client_tags(gateway, clients, c2, marker):
    rows = clients["cli"].run(gateway.url, f"SELECT 7 AS {marker}", options=["--client-tags=etl"])
    assert rows == "7\n"
    assert len(c2.queries(marker)) == 1


def test_every_uri_of_an_answer_stays_at_the_gateway(gateway):
    for page in direct.follow(direct.submit(gateway.url, "SELECT 1").json()):
        for name in ("nextUri", "infoUri", "partialCancelUri"):
            assert page.get(name, gateway.url).startswith(gateway.url), name


def test_a_client_cannot_choose_the_host_of_the_uris(gateway):
    for headers in ({"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"},
                    {"X-Forwarded-Prefix": "/elsewhere"}, {"X-Forwarded-Proto": "https"}):
        answer = direct.submit(gateway.url, "SELECT 1", headers).json()
        assert answer["nextUri"].startswith(f"{gateway.url}/"), headers
        assert "elsewhere" not in answer["nextUri"]


def test_a_client_cannot_choose_the_address_that_trino_sees(gateway):
    forged = {"X-Forwarded-For": "203.0.113.7"}
    query = direct.submit(gateway.url, "SELECT 1", forged).json()
    list(direct.follow(query))
    info = direct.get(f"{gateway.url}/v1/query/{query['id']}").json()
    assert info["session"]["remoteUserAddress"] == "127.0.0.1"
