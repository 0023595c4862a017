"""Browsers: the pages of one cluster's UI, and logins that begin and end on one cluster."""

import pytest

from .harness import wait_for


@pytest.fixture
def parts(lab):
    backends = {"c1": lab.raw_backend("first"), "c2": lab.raw_backend("secnd")}
    return backends, lab.gateway(backends)


def cookie_of(answer):
    """The gateway's cookie, as a browser sends it back."""
    for value in answer.head.all("Set-Cookie"):
        if value.startswith("trino-gateway-backend="):
            return value.split(";")[0]
    return None


def served_by(backends):
    return [key for key, backend in backends.items() if backend.heads]


@pytest.mark.parametrize("path", ["/ui/", "/ui/login.html", "/", "/oauth2/token/initiate/abc"])
def test_a_browser_stays_on_the_cluster_that_answered_first(parts, path):
    backends, gateway = parts
    first = gateway.request("GET", path, [("X-Test", "1")])
    chosen = served_by(backends)
    assert len(chosen) == 1
    assert cookie_of(first) == f"trino-gateway-backend={chosen[0]}"
    for number in range(4):
        gateway.request("GET", f"/ui/{number}", [("X-Test", "1"), ("Cookie", cookie_of(first))])
    assert served_by(backends) == chosen


def test_the_gateways_cookie_cannot_be_read_by_scripts(parts):
    _, gateway = parts
    answer = gateway.request("GET", "/ui/", [("X-Test", "1")])
    assert "HttpOnly" in answer.get("Set-Cookie")


def test_a_login_form_reaches_its_cluster(parts):
    backends, gateway = parts
    fields = [("X-Test", "1"), ("Cookie", "trino-gateway-backend=c2"),
              ("Content-Type", "application/x-www-form-urlencoded")]
    answer = gateway.request("POST", "/ui/login", fields, b"username=a&password=b")
    assert answer.status == 200
    assert served_by(backends) == ["c2"]


def test_a_tagged_page_of_the_ui_leads_to_the_page_itself_on_that_cluster(parts):
    """The UI's own cookies are for /ui, so its pages must not stay below the tag."""
    _, gateway = parts
    query = "/ui/query.html?20260101_000000_00000_secnd"
    answer = gateway.request("GET", "/~c2" + query, [("X-Test", "1")])
    assert (answer.status, answer.get("Location")) == (303, query)
    assert cookie_of(answer) == "trino-gateway-backend=c2"


@pytest.mark.parametrize("target", ["/~c2//evil.example/ui/", "/~c2/%2f%2fevil.example/ui/",
                                    "/~c2/\\evil.example/ui/"])
def test_no_tagged_page_redirects_to_another_site(parts, target):
    _, gateway = parts
    location = gateway.request("GET", target).get("Location") or "/"
    assert location.startswith("/") and not location.startswith(("//", "/\\"))


def test_a_browser_whose_cluster_is_down_is_shown_another_one(parts):
    backends, gateway = parts
    gateway.kill()
    gateway.config["monitor"] = {"interval": "100ms"}
    gateway.start()
    backends["c2"].close()
    wait_for(lambda: gateway.metric('trino_gateway_backend_healthy{backend="c2"}') == 0,
             "c2 to be found away")
    kept = [("X-Test", "1"), ("Cookie", "trino-gateway-backend=c2")]
    # Workers learn of it a moment later.
    answer = wait_for(lambda: (page := gateway.request("GET", "/ui/", kept)).status == 200 and page,
                      "the page of another cluster")
    assert cookie_of(answer) == "trino-gateway-backend=c1"
