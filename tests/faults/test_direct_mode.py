"""Direct mode: the gateway places a submission, and the client goes on at the backend itself."""

import gzip
import json
from functools import partial

import pytest

from .harness import wait_for
from .queries import follow, run_query, submit
from .raw_backend import statement_answer
from .wire import connect

SQL = "SELECT * FROM t /* pages=3 queued=2 */"
UUID = "2a4fd2ef-5ba1-4d9c-8e0e-0d4b8e3a1c11"
URIS = ("nextUri", "infoUri", "partialCancelUri")
TEST = [("X-Test", "1")]


class Coordinator:
    """A backend as its own clients see it."""

    def __init__(self, fake):
        self.host = f"127.0.0.1:{fake.port}"
        self.connect = partial(connect, fake.port)


def direct(backends, **group):
    return [{"id": "all", "backends": list(backends), "strategy": "round_robin", "mode": "direct",
             **group}]


def uris_of(answer):
    page = json.loads(answer.body)
    return {name: page[name] for name in URIS if name in page}


def origins_of(answer):
    return {uri[:uri.index("/", len("https://"))] for uri in uris_of(answer).values()}


@pytest.fixture(scope="module")
def parts(shared_lab):
    fakes = {"c1": shared_lab.fake_trino("aaaaa"),
             "c2": shared_lab.fake_trino("bbbbb", "-forwarded", "reject")}
    return fakes, shared_lab.gateway(fakes, groups=direct(fakes))


def test_a_client_reads_all_pages_at_the_backend_itself(parts):
    fakes, gateway = parts
    for _ in range(2):
        answer = submit(gateway, SQL)
        fake = fakes[answer.get("X-Trino-Gateway-Backend")]
        assert origins_of(answer) == {fake.url}
        query = follow(Coordinator(fake), answer)
        assert (query.error, len(query.pages), set(query.statuses)) == (None, 3, {200})
    assert 'endpoint="poll"' not in gateway.metrics()


def test_a_backend_does_not_hear_of_the_gateways_address(parts):
    fakes, gateway = parts
    for number in range(2):
        submit(gateway, f"SELECT 1 /* tag=head{number} */", [("X-Forwarded-Host", "evil.example")])
    for fake in fakes.values():
        head = [head for head in fake.heads() if "alice" in head][-1]
        assert f"Host: {fake.url.removeprefix('http://')}\r\n" in head
        assert "forwarded" not in head.lower() and "evil" not in head


def test_spooled_results_may_be_asked_for_since_segments_come_from_the_backend_too(parts):
    fakes, gateway = parts
    for _ in range(2):
        submit(gateway, "SELECT 1", [("X-Trino-Query-Data-Encoding", "json+zstd")])
    assert all(any("json+zstd" in head for head in fake.heads()) for fake in fakes.values())


def test_what_comes_to_the_gateway_all_the_same_reaches_its_backend(parts):
    fakes, gateway = parts
    page = json.loads(submit(gateway, SQL).body)
    fake = next(fake for fake in fakes.values() if page["nextUri"].startswith(fake.url))
    target = page["nextUri"].removeprefix(fake.url)
    answer = gateway.request("GET", target, [("X-Trino-User", "alice")])
    assert answer.status == 200
    # It is a request to the gateway, so it is answered with the gateway's addresses.
    assert json.loads(answer.body)["nextUri"].startswith(f"http://{gateway.host}/")


def test_a_transaction_starts_and_goes_on_through_the_gateway(parts):
    fakes, gateway = parts
    start = f"START TRANSACTION /* pages=1 header=X-Trino-Started-Transaction-Id:{UUID} */"
    for _ in range(2):
        query = run_query(gateway, start)  # follows no URI that is not the gateway's
        assert query.error is None
        answer = submit(gateway, SQL, [("X-Trino-Transaction-Id", f"{UUID}~{query.backend}")])
        assert answer.get("X-Trino-Gateway-Backend") == query.backend
        assert origins_of(answer) == {f"http://{gateway.host}"}
        assert f"X-Trino-Transaction-Id: {UUID}\r\n" in fakes[query.backend].heads()[-1]


@pytest.mark.parametrize("external_url, base", [
    ("https://trino-1.example", "https://trino-1.example/"),
    ("http://trino-1.example:8443/", "http://trino-1.example:8443/"),
])
def test_uris_begin_with_the_external_url_of_the_backend(lab, external_url, base):
    fake = lab.fake_trino("aaaaa")
    gateway = lab.gateway({"c1": fake}, groups=direct(["c1"]),
                          of_backends={"c1": {"external_url": external_url}})
    uris = uris_of(submit(gateway, SQL))
    assert set(uris) >= {"nextUri", "infoUri"}
    assert all(uri.startswith(base) for uri in uris.values()), uris
    target = uris["nextUri"].removeprefix(base.rstrip("/"))
    assert gateway.request("GET", target, [("X-Trino-User", "alice")]).status == 200


def test_a_policy_decides_before_its_group(lab):
    fake = lab.fake_trino("aaaaa")
    tags = {"to-direct": ("proxied", "direct"), "to-proxy": ("open", "proxy")}
    gateway = lab.gateway(
        {"c1": fake},
        groups=[{"id": "all", "backends": ["c1"]}, {"id": "proxied", "backends": ["c1"]},
                {"id": "open", "backends": ["c1"], "mode": "direct"}],
        policies=[{"id": tag, "rule": {"type": "header_client_tags", "value": tag}, "group": group,
                   "mode": mode} for tag, (group, mode) in tags.items()])

    def origin(tag):
        return origins_of(submit(gateway, SQL, [("X-Trino-Client-Tags", tag)])).pop()

    assert origin("to-direct") == fake.url
    assert origin("to-proxy") == origin("other") == f"http://{gateway.host}"


def test_a_submission_goes_to_another_backend_when_one_is_dead(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes, groups=direct(fakes))
    fakes["c1"].kill()
    for _ in range(2):
        answer = submit(gateway, SQL)
        assert (answer.status, origins_of(answer)) == (200, {fakes["c2"].url})


def test_the_mode_is_that_of_the_group_that_takes_the_query(lab):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(
        fakes, monitor={"interval": "100ms"},
        groups=direct(["c1"], fallback_groups=["spare"]) + [{"id": "spare", "backends": ["c2"]}])
    assert origins_of(submit(gateway, SQL)) == {fakes["c1"].url}
    fakes["c1"].kill()
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c1"}') == 0,
             "c1 to be found dead")
    assert origins_of(submit(gateway, SQL)) == {f"http://{gateway.host}"}


def test_a_kill_reaches_the_owner_of_a_query_that_runs_elsewhere(parts):
    _, gateway = parts
    for _ in range(2):
        answer = submit(gateway, SQL)
        query_id = json.loads(answer.body)["id"]
        kill = submit(gateway, f"CALL system.runtime.kill_query('{query_id}', 'enough')")
        assert (kill.get("X-Trino-Gateway-Backend")
                == answer.get("X-Trino-Gateway-Backend"))


def test_a_presto_query_goes_on_at_its_coordinator(lab):
    presto = lab.raw_backend("prst1")
    query_id = "20260101_000000_00003_prst1"
    path = f"/v1/statement/queued/{query_id}/1?slug=x5f0e%2Bab"

    def script(exchange):
        exchange.body()
        base = f"http://{exchange.head.get('Host')}"
        exchange.reply(200, [("Content-Type", "application/json")], json.dumps(statement_answer(
            query_id, nextUri=base + path, partialCancelUri=base + path)).encode())

    presto.script = script
    gateway = lab.gateway({"c1": presto}, groups=direct(["c1"]),
                          of_backends={"c1": {"external_url": "http://presto.example"}})
    fields = [*TEST, ("X-Presto-User", "alice"), ("X-Presto-Catalog", "tpch")]
    answer = gateway.request("POST", "/v1/statement", fields, b"SELECT 1")
    assert uris_of(answer) == {
        "nextUri": "http://presto.example" + path, "partialCancelUri": "http://presto.example" + path,
        "infoUri": f"http://presto.example/ui/query.html?{query_id}"}
    head = presto.heads[0]
    assert (head.get("X-Presto-User"), head.get("Host")) == ("alice", f"127.0.0.1:{presto.port}")


def test_answers_are_not_asked_for_in_an_encoding_that_hides_their_uris(lab):
    backend = lab.raw_backend()
    gateway = lab.gateway({"c1": backend}, groups=direct(["c1"]))
    fields = [*TEST, ("Accept-Encoding", "gzip")]
    query_id = "20260101_000000_00003_rawb1"
    page = json.dumps(statement_answer(query_id, nextUri=f"{backend.url}/v1/statement/x")).encode()
    backend.script = lambda exchange: exchange.body() is None or exchange.reply(
        200, [("Content-Type", "application/json")], page)
    assert submit(gateway, "SELECT 1", fields).status == 200
    assert backend.heads[0].get("Accept-Encoding") is None

    # One that packs it nevertheless would send the client to where it cannot go.
    backend.script = lambda exchange: exchange.body() is None or exchange.reply(
        200, [("Content-Type", "application/json"), ("Content-Encoding", "gzip")], gzip.compress(page))
    answer = submit(gateway, "SELECT 1", fields)
    assert answer.status == 503
    wait_for(lambda: any("Content-Encoding 'gzip'" in line.get("reason", "")
                         for line in gateway.events()), "the log to tell")
