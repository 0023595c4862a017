"""Browsers log in with a password, use the API by their cookie, and log out."""

import subprocess

import pytest
import requests
from faults.harness import BINARY
from identity.provider import SECRET, Browser, Provider

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
                          headers=headers, timeout=60)
    return session, answer


def test_a_session_may_do_what_its_user_may(url):
    assert requests.get(f"{url}/api/v1/backends", timeout=60).status_code == 401
    session, answer = log_in(url)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"name": "ada", "role": "operator", "via": "password"}
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert session.get(f"{url}/auth/whoami", timeout=60).json()["name"] == "ada"
    assert session.get(f"{url}/api/v1/backends", timeout=60).status_code == 200
    refused = session.put(f"{url}/api/v1/groups/g", json={"id": "g"}, timeout=60)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "permission_denied"


def test_logging_out_ends_the_session_in_the_browser(url):
    session, _ = log_in(url)
    assert session.post(f"{url}/auth/logout", timeout=60).status_code == 200
    assert session.get(f"{url}/api/v1/backends", timeout=60).status_code == 401


def test_a_wrong_password_begins_no_session(url):
    session, answer = log_in(url, "wrong")
    assert answer.status_code == 401
    assert not session.cookies
    assert PASSWORD not in answer.text


def test_a_tampered_cookie_is_refused(url):
    session, _ = log_in(url)
    name, value = next(iter(session.cookies.items()))
    forged = value.replace(".operator.", ".admin.") if ".operator." in value else value[:-2] + "AA"
    answer = requests.get(f"{url}/api/v1/backends", cookies={name: forged}, timeout=60)
    assert answer.status_code == 401


def test_pages_of_other_sites_neither_log_in_nor_change_anything(url):
    _, answer = log_in(url, Origin="http://evil.example")
    assert answer.status_code == 403
    session, _ = log_in(url)
    answer = session.post(f"{url}/api/v1/backends/f1:disable", timeout=60,
                          headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


def test_what_is_not_there_says_so(url):
    assert requests.get(f"{url}/auth/login", timeout=60).status_code == 404  # no provider
    assert requests.get(f"{url}/auth/password", timeout=60).status_code == 405
    assert requests.post(f"{url}/auth/password", data="x", timeout=60).status_code == 400


def test_a_user_has_one_name_in_any_spelling(url):
    for user in ("ADA", " Ada ", "a\u00adda", "\uff41da"):
        answer = requests.post(f"{url}/auth/password", json={"user": user, "password": PASSWORD},
                               timeout=60)
        assert answer.status_code == 200 and answer.json()["name"] == "ada", user

    def guess(user):
        return requests.post(f"{url}/auth/password", json={"user": user, "password": "wrong"},
                             timeout=60)

    wrong = [guess(user) for user in ("ada", "Ada", "aDa", "adA", "ADA")]
    assert [answer.status_code for answer in wrong] == [401] * 5
    # The wait is one second, then twice as long each time: a busy machine may miss the first ones.
    refused = next((answer for answer in map(guess, ["aDA"] * 5) if answer.status_code != 401), None)
    assert refused is not None and refused.status_code == 503, refused
    assert int(refused.headers["Retry-After"]) >= 1


EXTERNAL = "https://gateway.example.org"


@pytest.fixture
def provider(tmp_path):
    server = Provider(tmp_path, f"{EXTERNAL}/auth/callback")
    yield server
    server.close()


def test_a_browser_comes_back_from_the_provider_with_a_session(lab, provider):
    options = provider.options(client_id="gateway", client_secret=SECRET)
    gateway = lab.gateway({"f1": lab.fake_trino("login")}, admin={
        "external_url": EXTERNAL, "session_key": "k" * 32, "oidc": options})
    url = f"http://127.0.0.1:{gateway.admin_port}"

    def ask(target, cookies=(), method="GET", **headers):
        answer = requests.request(method, url + target, allow_redirects=False, timeout=60, headers={
            "Cookie": "; ".join(cookies), **headers})
        lines = answer.raw.headers.getlist("Set-Cookie")
        return answer, [line.partition(";")[0] for line in lines]

    begun, attempt = ask("/auth/login?return_to=/api/v1/health")
    assert begun.status_code == 303, begun.text
    query = Browser(provider.verify, f"{EXTERNAL}/auth/callback").log_in(
        begun.headers["Location"], "ann")
    back, cookies = ask(f"/auth/callback?{query}", attempt)
    assert (back.status_code, back.headers["Location"]) == (303, "/api/v1/health"), back.text
    session, ended = cookies
    assert session.startswith("__Host-trino_gateway_session=")
    assert ended == "__Host-trino_gateway_login="
    assert ask("/auth/whoami", [session])[0].json() == {
        "name": "ann", "role": "admin", "via": "session"}
    # Its pages are those of the external URL, whatever host a balancer asks us by.
    for origin, status in ((EXTERNAL, 200), ("https://evil.example", 403)):
        answer, _ = ask("/api/v1/backends/f1:markHealthy", [session], "POST", Origin=origin)
        assert answer.status_code == status, answer.text
