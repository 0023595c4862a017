"""`trino-gateway check`: what is wrong in a configuration file, where, and what is allowed."""

import re
import subprocess
import textwrap

import pytest

from .harness import BINARY

GOOD = textwrap.dedent("""\
    listeners:
      - address: 127.0.0.1:8080
    admin:
      address: 127.0.0.1:8090
      token: ${env:GATEWAY_TEST_TOKEN}
    store:
      url: sqlite:gateway.db
    routing:
      default_group: adhoc
    monitor:
      interval: 10s
    backends:
      - {id: c1, url: http://127.0.0.1:18080}
      - {id: c2, url: http://127.0.0.1:18081}
    groups:
      - {id: adhoc, backends: [c1, c2], strategy: round_robin}
    policies:
      - {id: etl, rule: {type: header_client_tags, value: etl}, group: adhoc}
    """)


def check(path, **environment):
    return subprocess.run([BINARY, "check", "--config", path], capture_output=True, text=True,
                          timeout=20, env={"GATEWAY_TEST_TOKEN": "t", **environment})


def check_text(tmp_path, text, **environment):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    return check(path, **environment)


def test_a_good_file_passes(tmp_path):
    result = check_text(tmp_path, GOOD)
    assert result.returncode == 0, result.stderr


# What is replaced in the good file, by what, where the complaint points to, what it must name.
MISTAKES = {
    "an unknown key at the top": ("monitor:", "monitors:", 10, "monitors"),
    "an unknown key below": ("  interval:", "  intervall:", 11, "intervall"),
    "an unknown key in a list": ("strategy:", "strategie:", 16, "strategie"),
    "a bad duration": ("10s", "10 parsecs", 11, "10 parsecs"),
    "a negative duration": ("10s", "-10s", 11, "-10s"),
    "a bad port": ("127.0.0.1:8080", "127.0.0.1:99999", 2, "99999"),
    "an address without a port": ("127.0.0.1:8080", "127.0.0.1", 2, "127.0.0.1"),
    "a bad URL": ("http://127.0.0.1:18081", "trino", 14, "trino"),
    "an unknown scheme": ("http://127.0.0.1:18081", "ftp://c2", 14, "ftp"),
    "a bad id": ("id: c2", "id: c/2", 14, "c/2"),
    "an id twice": ("id: c2", "id: c1", 14, "c1"),
    "an unknown strategy": ("round_robin", "fastest", 16, "round_robin"),
    "an unknown rule type": ("header_client_tags", "header_tags", 18, "header_client_tags"),
    "a rule without a value": (", value: etl", "", 18, "value"),
    "a group of an unknown backend": ("[c1, c2]", "[c1, c9]", 16, "c9"),
    "a policy to an unknown group": ("group: adhoc}", "group: nowhere}", 18, "nowhere"),
    "an unknown default group": ("default_group: adhoc", "default_group: x1", 9, "x1"),
    "a list where a map belongs": ("routing:\n  default_group: adhoc", "routing: [adhoc]", 8, ""),
    "a word where a list belongs": ("listeners:\n  - address: 127.0.0.1:8080",
                                    "listeners: 127.0.0.1:8080", 1, ""),
    "a key twice": ("  interval: 10s", "  interval: 10s\n  interval: 20s", 12, "interval"),
    "no YAML": ("[c1, c2]", "[c1, c2", 16, ""),
}


@pytest.mark.parametrize("old,new,line,named", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_shown_with_its_place(tmp_path, old, new, line, named):
    assert old in GOOD
    result = check_text(tmp_path, GOOD.replace(old, new, 1))
    assert result.returncode not in (0, None) and result.returncode < 128
    message = result.stderr + result.stdout
    place = re.search(r"bad\.yaml:(\d+):(\d+)", message)
    assert place, message
    # The parser notices a bracket that is missing on a later line.
    assert int(place[1]) == line or (not named and int(place[1]) >= line), message
    assert named in message


def test_a_variable_that_is_not_set_is_shown_with_its_place(tmp_path):
    result = check_text(tmp_path, GOOD.replace("GATEWAY_TEST_TOKEN", "NOT_SET_ANYWHERE"))
    assert result.returncode != 0
    message = result.stderr + result.stdout
    assert re.search(r"bad\.yaml:5:\d+", message) and "NOT_SET_ANYWHERE" in message, message


def test_a_file_that_is_included_by_name_must_exist(tmp_path):
    text = GOOD.replace("${env:GATEWAY_TEST_TOKEN}", f"${{file:{tmp_path}/token}}")
    result = check_text(tmp_path, text)
    assert result.returncode != 0
    assert re.search(r"bad\.yaml:5:\d+", result.stderr + result.stdout)
    (tmp_path / "token").write_text("secret\n")
    assert check_text(tmp_path, text).returncode == 0


def test_a_secret_is_not_shown_in_a_complaint(tmp_path):
    text = GOOD.replace("10s", "${env:GATEWAY_TEST_TOKEN}")
    result = check_text(tmp_path, text, GATEWAY_TEST_TOKEN="hunter2-secret")
    assert result.returncode != 0
    assert "hunter2" not in result.stderr + result.stdout


def test_a_file_that_is_not_there_is_named(tmp_path):
    result = check(tmp_path / "nowhere.yaml")
    assert result.returncode != 0
    assert "nowhere.yaml" in result.stderr + result.stdout


def test_serve_refuses_a_bad_file_in_the_same_words(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("round_robin", "fastest"))
    checked = check(path)
    served = subprocess.run([BINARY, "serve", "--config", path], capture_output=True, text=True,
                            timeout=20, env={"GATEWAY_TEST_TOKEN": "t"})
    assert served.returncode == checked.returncode != 0
    assert checked.stderr.strip() in served.stderr
