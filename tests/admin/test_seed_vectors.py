"""The recorded requests and answers of the system that users come from, replayed in their order.

Equal means: the same status, and every field of the recorded answer with the same value; ours has more
fields. Where that system was wrong, DIFFERENCES says what we answer instead, and why. The recorded
host names are those of two clusters that are really there, as health is measured here.
"""

import json
from pathlib import Path

import pytest
import requests

from .conftest import start

VECTORS = [json.loads(line)
           for line in (Path(__file__).parent / "seed-admin-api.jsonl").read_text().splitlines()]

NOT_FOUND = "a group that was refused before is not there: 404, not 500"
FALLBACK_OPTIONAL = "fallback_group is optional; the missing one was a database error there"
REFERENCES = "a reference to what does not exist is the caller's error: 400, and nothing is changed"
ALL_REPLACED = "an update replaces all fields alike; there an empty list kept the old one"
NOTHING_ELIGIBLE = "no eligible backend is 503, for clients that try again"
HOST_RULES = "rules by host work; there the update said 200 and changed nothing"
CURSOR = "what a strategy remembers is not set by a configuration: the turn goes on"

# Number of the vector -> status, part of the answer, reason.
DIFFERENCES = {
    3: (503, {"code": "unavailable"}, NOTHING_ELIGIBLE),
    5: (200, {}, FALLBACK_OPTIONAL),
    6: (400, {"code": "invalid_argument"}, "a policy needs a group: 400, not a database error"),
    8: (400, {"code": "invalid_argument"}, REFERENCES + "; there the answer was 200"),
    11: (200, {"policy": {"rule": {"type": "header_host", "value": "x"},
                          "set_request_source": ""}}, HOST_RULES),
    12: (400, {"code": "invalid_argument"}, "an unknown strategy is refused, not taken for LEAST_LOAD"),
    13: (404, {"code": "not_found"}, NOT_FOUND),
    15: (200, {"group": {"strategy": "ROUND_ROBIN"}},
         "names of strategies in lower case are understood, not taken for LEAST_LOAD"),
    19: (200, {"group": {"backends": []}}, ALL_REPLACED),
    20: (400, {"code": "invalid_argument"}, REFERENCES),
    21: (200, {"group": {"backends": []}}, ALL_REPLACED),
    23: (503, {"code": "unavailable"}, "a default group that is disabled gets no queries"),
    25: (503, {"code": "unavailable"}, NOTHING_ELIGIBLE),
    28: (200, {"set_request_source": ""}, HOST_RULES + ": the rule is not of this port any more"),
    42: (200, {"backend_id": "b2"}, CURSOR),
    43: (200, {"backend_id": "b1"}, CURSOR),
    44: (200, {"backend_id": "b2"}, CURSOR),
}


def contains(answer, expected):
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(
            key in answer and contains(answer[key], value) for key, value in expected.items())
    return answer == expected


@pytest.fixture(scope="module")
def answers(module_lab, clusters):
    """Number of each vector -> our answer."""
    gateway = start(module_lab, tokens=[], token="test123")

    def ours(text):
        for number, cluster in enumerate(clusters, 1):
            text = text.replace(f"trino-{number}.example:8080", f"127.0.0.1:{cluster.port}")
        return text.replace("http://GATEWAY", f"http://127.0.0.1:{gateway.admin_port}")

    replayed = {}
    for vector in VECTORS:
        request = vector["request"]
        # Reads need the token here, as texts of queries are nobody's business.
        headers = {**request["headers"], "X-Auth-Key": "test123"}
        replayed[vector["n"]] = requests.request(request["method"], ours(request["url"]),
                                                 headers=headers, data=ours(request["body"]),
                                                 timeout=30)
        if vector["name"] == "b2":  # health is measured here, which takes a moment
            gateway.wait_healthy(["b1", "b2"])
    return replayed


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['n']}-{vector['name']}")
def test_the_answer_is_equal_or_differs_as_intended(answers, vector):
    answer = answers[vector["n"]]
    recorded = vector["response"]
    status, part, _ = DIFFERENCES.get(
        vector["n"], (recorded["status"], json.loads(recorded["body"]), ""))
    assert answer.status_code == status, answer.text
    assert contains(answer.json(), part), f"{answer.text}\nexpected: {part}"


def test_each_listed_difference_is_one(answers):
    for number, (status, part, _) in DIFFERENCES.items():
        recorded = VECTORS[number - 1]["response"]
        same = recorded["status"] == status and contains(json.loads(recorded["body"]), part)
        assert not same, f"vector {number} is not a difference any more"


def test_reads_need_the_token(module_lab, answers):
    vector = next(vector for vector in VECTORS if vector["name"] == "policy_get")
    url = answers[vector["n"]].request.url
    answer = requests.post(url, json={"id": "p1"}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
