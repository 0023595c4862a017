"""Tokens and users of the file, from the commands that hash them to the session of a login."""

import re
import subprocess

import pytest

from .harness import GATEWAY, ROOT

KEY = {"session_key": "k" * 32}


def hashed(command, secret):
    """What `trino-gateway COMMAND` prints for a secret on its standard input."""
    done = subprocess.run([GATEWAY, command], input=secret + "\n", text=True, check=True,
                          capture_output=True, timeout=30)
    assert secret not in done.stdout + done.stderr
    return done.stdout.removesuffix("\n")


def cookie_value(header):
    return re.match(r"[^=]+=([^;]*);", header)[1]


def test_hashed_tokens_work_beside_those_from_outside(probe):
    made = probe({"token": "${env:OLD}", "tokens": [
        {"name": "ci", "role": "operator", "token": hashed("hash-token", "first-token")},
        {"name": "ci", "role": "operator", "token": "${env:CI_TOKEN}"},
    ]}, env={"OLD": "old-token", "CI_TOKEN": "second-token"})
    assert made.principal(token="old-token") == ("token", "admin", "token")
    assert made.principal(token="first-token") == ("ci", "operator", "token")
    assert made.principal(token="second-token") == ("ci", "operator", "token")
    assert made.refusal(token="third-token") == "unauthenticated"
    assert made.refusal() == "unauthenticated"


def test_a_user_logs_in_and_his_session_is_good_on_another_instance(probe):
    users = {"users": [{"name": "ann", "role": "admin",
                        "password_hash": hashed("hash-password", "correct horse")}]}
    made = probe(users | KEY)
    answer = made.ask(user="ann", password="correct horse", client="10.0.0.1")
    assert answer["principal"] == {"name": "ann", "role": "admin", "via": "password"}
    session = cookie_value(answer["cookie"])
    assert probe(users | KEY).principal(session=session) == ("ann", "admin", "session")
    # Another key, another signature, no such user any more.
    assert probe(users | {"session_key": "x" * 32}).refusal(session=session) == "unauthenticated"
    assert made.refusal(session=session[:-1] + "x") == "unauthenticated"
    assert probe({"token": "t"} | KEY).refusal(session=session) == "unauthenticated"


def test_guessing_slows_the_guesser_down_and_nobody_else(probe):
    made = probe(KEY | {"users": [{"name": "ann", "role": "viewer",
                                   "password_hash": hashed("hash-password", "pear")}]})

    def guess():
        """Five wrong passwords, then what is said to the right one."""
        for _ in range(5):
            assert made.refusal(user="ann", password="apple", client="10.0.0.1") == "unauthenticated"
        return made.ask(user="ann", password="pear", client="10.0.0.1")

    # The wait is one second: a busy machine may take that long, and then the right one begins anew.
    answer = next((told for told in (guess() for _ in range(5)) if "error" in told), None)
    assert answer and answer["error"]["code"] == "unavailable", answer
    assert made.principal(user="ann", password="pear", client="10.0.0.2")[0] == "ann"
    made.close()  # then its log is complete
    assert "identity.throttled" in made.log()


@pytest.mark.parametrize("command", ["hash-password", "hash-token"])
def test_there_is_no_hash_of_nothing(command):
    done = subprocess.run([GATEWAY, command], input="\n", text=True, capture_output=True,
                          timeout=30, check=False)
    assert done.returncode == 2
    assert "is missing" in done.stderr and not done.stdout


def test_the_examples_of_the_documentation_are_good_configurations(tmp_path):
    text = (ROOT / "docs/security.md").read_text()
    examples = re.findall(r"(?:^    .*\n)+(?:\n(?:    .*\n)+)*", text, re.MULTILINE)
    blocks = [block for example in examples
              for block in re.split(r"\n\n(?=    admin:)", example) if "    admin:" in block]
    assert len(blocks) >= 6
    digest, password_hash = "0" * 64, hashed("hash-password", "pear")
    for number, block in enumerate(blocks):
        admin = block[block.index("    admin:"):]
        admin = (admin.replace("sha256:9f86d0…", f"sha256:{digest}")
                 .replace("$argon2id$v=19$m=19456,t=2,p=1$…", password_hash)
                 .replace("/run/secrets", str(tmp_path)))
        config = tmp_path / f"{number}.yaml"
        config.write_text("    listeners: [{address: '127.0.0.1:0'}]\n" + admin)
        for name in ("grafana-token", "ldap-password"):
            (tmp_path / name).write_text("some-secret\n")
        done = subprocess.run([GATEWAY, "check", "--config", config], text=True, timeout=30,
                              capture_output=True, check=False,
                              env={"GATEWAY_SESSION_KEY": "k" * 32, "GATEWAY_OIDC_SECRET": "s"})
        assert done.returncode == 0, f"{admin}\n{done.stderr}"
