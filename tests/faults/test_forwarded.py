"""Clusters with and without http-server.process-forwarded: all URIs lead to the gateway."""

import json

from .queries import AS_ALICE, run_query, submit
from .wire import request_text

TEST = [("X-Test", "1")]
SQL = "SELECT * FROM t /* pages=3 queued=2 */"


def statement_heads(fake):
    return [head for head in fake.heads() if "/v1/statement" in head and "alice" in head]


def test_a_cluster_that_takes_forwarded_headers_gets_them_and_a_tag(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake})
    query = run_query(gateway, SQL)
    assert (query.error, len(query.pages)) == (None, 3)
    assert all(uri.startswith(f"http://{gateway.host}/~c1/v1/statement/") for uri in query.uris)
    heads = statement_heads(fake)
    assert all(f"X-Forwarded-Host: {gateway.host}\r\n" in head for head in heads)
    assert not any("GET /~c1" in head for head in heads)


def test_a_cluster_that_refuses_forwarded_headers_gets_none(lab):
    fake = lab.fake_trino("aaaaa", "-forwarded", "reject")
    gateway = lab.gateway({"c1": fake})
    query = run_query(gateway, SQL)
    assert (set(query.statuses), query.error, len(query.pages)) == ({200}, None, 3)
    heads = statement_heads(fake)
    assert len(heads) >= 5
    assert not any("forwarded" in head.lower() for head in heads)


def test_a_client_cannot_sneak_forwarded_headers_to_such_a_cluster(lab):
    fake = lab.fake_trino("aaaaa", "-forwarded", "reject")
    gateway = lab.gateway({"c1": fake})
    claims = [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https"),
              ("Forwarded", "for=1.2.3.4")]
    assert submit(gateway, "SELECT 1", claims).status == 200
    assert not any("1.2.3.4" in head for head in fake.heads())


def test_a_cluster_that_began_to_refuse_is_noticed_without_an_error(lab):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake})
    assert submit(gateway, "SELECT 1").status == 200
    port = fake.port
    fake.kill()
    fake = lab.fake_trino("bbbbb", "-forwarded", "reject", port=port)
    query = run_query(gateway, SQL)
    assert (set(query.statuses), query.error, len(query.pages)) == ({200}, None, 3)
    told = ["X-Forwarded-For" in head for head in statement_heads(fake)]
    assert told == [True] + [False] * (len(told) - 1)


def test_a_client_that_causes_a_406_changes_nothing_for_others(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend})

    def script(exchange):
        exchange.body()
        exchange.reply(406 if exchange.head.get("Accept") == "text/plain" else 200, body=b"{}")

    backend.script = script
    picky = [*TEST, ("Accept", "text/plain")]
    assert gateway.request("GET", "/v1/info", picky).status == 406
    assert gateway.request("GET", "/v1/info", TEST).status == 200
    told = [head.get("X-Forwarded-For") for head in backend.heads]
    assert told == ["127.0.0.1", None, "127.0.0.1"]


def test_behind_a_tls_balancer_uris_begin_with_the_external_url(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"),
             "c2": lab.fake_trino("bbbbb", "-forwarded", "reject")}
    gateway = lab.gateway(fakes)
    gateway.kill()
    gateway.config["listeners"] = [{"address": gateway.host,
                                    "external_url": "https://gw.example"}]
    gateway.start()
    for _ in range(4):
        answer = submit(gateway, SQL)
        page = json.loads(answer.body)
        assert page["nextUri"].startswith("https://gw.example/"), page
        assert page["infoUri"].startswith("https://gw.example/")
        target = page["nextUri"].removeprefix("https://gw.example")
        answer = gateway.request("GET", target, AS_ALICE)
        assert json.loads(answer.body)["nextUri"].startswith("https://gw.example/")


def test_rewritten_pages_of_any_size_stay_valid(lab):
    fake = lab.fake_trino("aaaaa", "-forwarded", "reject")
    gateway = lab.gateway({"c1": fake})
    gateway.kill()
    gateway.config["listeners"] = [{"address": gateway.host,
                                    "external_url": "https://gw.example"}]
    gateway.start()
    wire = gateway.connect()
    for words in ("bytes=0", "bytes=20000", "bytes=500000", "bytes=500000 chunked=1"):
        sql = f"SELECT * FROM t /* pages=2 queued=0 {words} */"
        message = request_text("POST", "/v1/statement", gateway.host, AS_ALICE, sql.encode())
        pages = []
        while message:
            wire.send(message)
            page = json.loads(wire.read_response().body)
            pages += [page["data"]] if "data" in page else []
            target = page.get("nextUri", "").removeprefix("https://gw.example")
            message = target and request_text("GET", target, gateway.host, AS_ALICE)
        assert [page[0][1] for page in pages] == [0, 1]
