"""A drain that begins while a statement is still on its way to a decision holds for that one, too."""

import pytest

from .harness import wait_for
from .queries import AS_ALICE, begin_statement

SQL = b"SELECT 1"


@pytest.mark.parametrize("drained, other", [("c1", "c2"), ("c2", "c1")])
def test_a_statement_whose_body_is_late_goes_to_no_backend_that_is_drained_by_then(lab, drained, other):
    fakes = {"c1": lab.fake_trino("aaaaa"), "c2": lab.fake_trino("bbbbb")}
    gateway = lab.gateway(fakes)
    begun = [begin_statement(gateway, SQL) for _ in range(4)]
    next(b for b in gateway.config["backends"] if b["id"] == drained)["draining"] = True
    gateway.write_config()
    wait_for(lambda: gateway.events("config.reloaded"), "the reload")
    for wire in begun:
        wire.send(SQL)
    assert {wire.read_response("POST").get("X-Trino-Gateway-Backend") for wire in begun} == {other}


def test_a_statement_is_not_sent_on_to_a_backend_that_is_drained_while_another_was_tried(lab):
    backends = {"c1": lab.raw_backend("first"), "c2": lab.raw_backend("secnd")}
    gateway = lab.gateway(backends)

    def drains_the_other_and_fails(exchange):
        exchange.body()
        asked = next(key for key, backend in backends.items() if backend.heads)
        for backend in gateway.config["backends"]:
            backend["draining"] = backend["id"] != asked
        gateway.write_config()
        wait_for(lambda: gateway.events("config.reloaded"), "the reload")
        exchange.reply(503)

    for backend in backends.values():
        backend.script = drains_the_other_and_fails
    answer = gateway.request("POST", "/v1/statement", [*AS_ALICE, ("X-Test", "1")], SQL)
    assert answer.status == 503
    assert sorted(len(backend.heads) for backend in backends.values()) == [0, 1]
