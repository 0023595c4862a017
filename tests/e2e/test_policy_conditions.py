"""Conditions of policies on what Trino's own Python client sends to real clusters.

Each case has a policy of its own, which asks for the case's source besides: what its condition holds
for goes to c2, all else to c1.
"""

from datetime import datetime, timedelta, timezone

import pytest
import trino

from harness import direct
from harness.gateway import Gateway

ROUTING_GROUP = "X-Trino-Routing-Group"
# Whatever the time is while the tests run.
_ELSEWHEN = (datetime.now(timezone.utc) + timedelta(hours=12)).hour
CREATE = "CREATE TABLE IF NOT EXISTS memory.default.made_by_conditions (a bigint)"
TINY = {"catalog": "tpch", "schema": "tiny"}

CONDITIONS = {
    "routing_group": {"type": "routing_group", "value": "big"},
    "schema": {"type": "schema", "value": "tpch.tiny"},
    "query_type": {"type": "query_type", "values": ["ShowSchemas", "Use"]},
    "query_category": {"type": "query_category", "value": "DATA_DEFINITION"},
    "reads": {"type": "read_only", "value": "true"},
    "writes": {"type": "read_only", "value": "false"},
    "now": {"type": "time_window", "value": "* * * * *"},
    "elsewhen": {"type": "time_window", "value": f"* {_ELSEWHEN} * * *"},
    "not_now": {"type": "time_window", "value": f"* {_ELSEWHEN} * * *", "not": True},
}

CASES = [
    ("routing_group", "SELECT 1", {"http_headers": {ROUTING_GROUP: "big"}}, "c2"),
    ("routing_group", "SELECT 1", {"http_headers": {ROUTING_GROUP: "small"}}, "c1"),
    ("routing_group", "SELECT 1", {}, "c1"),
    ("schema", "SELECT count(*) FROM tpch.tiny.nation", {}, "c2"),
    ("schema", "SELECT count(*) FROM TPCH.\"tiny\".nation", {}, "c2"),
    ("schema", "SELECT count(*) FROM nation", TINY, "c2"),
    ("schema", "SELECT 1", TINY, "c2"),
    ("schema", "SELECT count(*) FROM tpch.sf1.nation", TINY, "c1"),
    ("schema", "SELECT 'tpch.tiny.nation'", {}, "c1"),
    ("query_type", "SHOW SCHEMAS FROM tpch", {}, "c2"),
    ("query_type", "SHOW TABLES FROM tpch.tiny", {}, "c1"),
    ("query_type", "SELECT 'SHOW SCHEMAS'", {}, "c1"),
    ("query_category", CREATE, {}, "c2"),
    ("query_category", "SELECT 1", {}, "c1"),
    ("reads", "SELECT count(*) FROM tpch.tiny.region", {}, "c2"),
    ("reads", "EXPLAIN SELECT 1", {}, "c2"),
    ("reads", CREATE, {}, "c1"),
    ("writes", CREATE, {}, "c2"),
    ("writes", "/* CREATE TABLE */ SELECT 1", {}, "c1"),
    ("now", "SELECT 1", {}, "c2"),
    ("elsewhen", "SELECT 1", {}, "c1"),
    ("not_now", "SELECT 1", {}, "c2"),
]


@pytest.fixture(scope="module")
def gateway(c1, c2, tmp_path_factory):
    policies = [{"id": name, "group": "second",
                 "conditions": [{"type": "source", "value": name}, condition]}
                for name, condition in CONDITIONS.items()]
    gateway = Gateway(
        tmp_path_factory.mktemp("conditions"), routing={"default_group": "first"},
        backends=[{"id": server.name, "url": server.url} for server in (c1, c2)],
        groups=[{"id": "first", "backends": ["c1"]}, {"id": "second", "backends": ["c2"]}],
        policies=policies).start()
    try:
        gateway.wait_for_backends("c1")
        yield gateway.wait_for_backends("c2", headers={"X-Trino-Source": "now"})
    finally:
        gateway.stop()


def cluster_of(query_id, servers):
    """The name of the cluster that knows the query."""
    return [server.name for server in servers
            if direct.get(f"{server.url}/v1/query/{query_id}").status_code == 200]


@pytest.mark.parametrize("source, sql, options, cluster", CASES)
def test_a_query_goes_where_the_condition_says(gateway, c1, c2, source, sql, options, cluster):
    connection = trino.dbapi.connect(host="127.0.0.1", port=gateway.port, user="python",
                                     source=source, **options)
    cursor = connection.cursor()
    cursor.execute(sql)
    cursor.fetchall()
    assert cluster_of(cursor.query_id, (c1, c2)) == [cluster]
