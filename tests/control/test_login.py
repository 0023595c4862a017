"""Browsers log in with a password, use the API by their cookie, and log out."""

import subprocess

import pytest
import requests
from faults.harness import BINARY

PASSWORD = "correct horse battery staple"


@pytest.fixture
def url(lab):
    hashed = subprocess.run([BINARY, "hash-password"], input=PASSWORD, text=True, check=True,
                            capture_output=True).stdout.strip()
    gateway = lab.gateway({"f1": lab.fake_trino("login")}, admin={
        "session_key": "a key of more than thirty-two characters",
        "users": [{"name": "ada", "role": "operator", "password_hash": hashed}]})
    return f"http://127.0.0.1:{gateway.admin_port}"


def log_in(url, password=PASSWORD, **headers):
    session = requests.Session()
    answer = session.post(f"{url}/auth/password", json={"user": "ada", "password": password},
                          headers=headers, timeout=20)
    return session, answer


def test_a_session_may_do_what_its_user_may(url):
    assert requests.get(f"{url}/api/v1/backends", timeout=20).status_code == 401
    session, answer = log_in(url)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"name": "ada", "role": "operator", "via": "password"}
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert session.get(f"{url}/auth/whoami", timeout=20).json()["name"] == "ada"
    assert session.get(f"{url}/api/v1/backends", timeout=20).status_code == 200
    refused = session.put(f"{url}/api/v1/groups/g", json={"id": "g"}, timeout=20)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "permission_denied"


def test_logging_out_ends_the_session_in_the_browser(url):
    session, _ = log_in(url)
    assert session.post(f"{url}/auth/logout", timeout=20).status_code == 200
    assert session.get(f"{url}/api/v1/backends", timeout=20).status_code == 401


def test_a_wrong_password_begins_no_session(url):
    session, answer = log_in(url, "wrong")
    assert answer.status_code == 401
    assert not session.cookies
    assert PASSWORD not in answer.text


def test_a_tampered_cookie_is_refused(url):
    session, _ = log_in(url)
    name, value = next(iter(session.cookies.items()))
    forged = value.replace(".operator.", ".admin.") if ".operator." in value else value[:-2] + "AA"
    answer = requests.get(f"{url}/api/v1/backends", cookies={name: forged}, timeout=20)
    assert answer.status_code == 401


def test_pages_of_other_sites_neither_log_in_nor_change_anything(url):
    _, answer = log_in(url, Origin="http://evil.example")
    assert answer.status_code == 403
    session, _ = log_in(url)
    answer = session.post(f"{url}/api/v1/backends/f1:disable", timeout=20,
                          headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


def test_what_is_not_there_says_so(url):
    assert requests.get(f"{url}/auth/login", timeout=20).status_code == 404  # no provider
    assert requests.get(f"{url}/auth/password", timeout=20).status_code == 405
    assert requests.post(f"{url}/auth/password", data="x", timeout=20).status_code == 400
