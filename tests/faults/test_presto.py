"""PrestoDB: its own spelling of the headers, and a nextUri that carries the slug in its query."""

import json

from .raw_backend import statement_answer

TEST = [("X-Test", "1")]
QUERY_ID = "20260101_000000_00003_prst1"
NEXT = f"/v1/statement/queued/{QUERY_ID}/1?slug=x5f0e%2Bab&other=%20"


def test_a_presto_query_is_followed_to_the_byte(lab):
    presto, other = lab.raw_backend("prst1"), lab.raw_backend("othr1")
    gateway = lab.gateway({"presto": presto, "other": other},
                          groups=[{"id": "all", "backends": ["presto"]}])

    def script(exchange):
        exchange.body()
        more = {"nextUri": f"http://{gateway.host}{NEXT}"} if exchange.head.method == "POST" else {}
        exchange.reply(200, [("Content-Type", "application/json"), ("X-Presto-Set-Schema", "s")],
                       json.dumps(statement_answer(QUERY_ID, **more)).encode())

    presto.script = script
    fields = [*TEST, ("X-Presto-User", "alice"), ("X-Presto-Catalog", "tpch")]
    answer = gateway.request("POST", "/v1/statement", fields, b"SELECT 1")
    assert (answer.status, answer.get("X-Presto-Set-Schema")) == (200, "s")
    assert json.loads(answer.body)["nextUri"].endswith(NEXT)
    assert gateway.request("GET", NEXT, TEST).status == 200
    assert gateway.request("DELETE", NEXT, TEST).status == 200
    assert [(head.method, head.target) for head in presto.heads] == [
        ("POST", "/v1/statement"), ("GET", NEXT), ("DELETE", NEXT)]
    assert presto.heads[0].get("X-Presto-User") == "alice"
    assert presto.heads[0].get("X-Presto-Catalog") == "tpch"
    assert not other.heads


def test_what_a_policy_changes_it_changes_in_either_dialect(lab):
    presto = lab.raw_backend("prst1")
    gateway = lab.gateway(
        {"presto": presto}, routing={"default_group": "all"},
        policies=[{"id": "all", "group": "all", "conditions": [{"type": "user", "value": "alice"}],
                   "headers": [{"name": "X-Trino-Extra-Credential", "remove": True},
                               {"name": "X-Trino-Client-Tags", "value": "vip"}]}])
    fields = [*TEST, ("X-Presto-User", "alice"), ("X-Presto-Extra-Credential", "key=secret"),
              ("X-Presto-Client-Tags", "a")]
    gateway.request("POST", "/v1/statement", fields, b"SELECT 1")
    assert len(presto.heads) == 1
    assert presto.heads[0].get("X-Presto-Extra-Credential") is None
    assert presto.heads[0].get("X-Presto-Client-Tags") == "vip"
    assert presto.heads[0].get("X-Trino-Client-Tags") is None
