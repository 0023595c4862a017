"""What else Trino's clients and users ask for, besides statements and their pages."""

import pytest
import requests

from harness import direct
from harness.waiting import wait_until


@pytest.fixture
def both(gateway, c1, c2):
    """The gateway, when it uses both clusters."""
    return gateway.wait_for_backends("c1", "c2")


def test_head_of_the_statement_path_is_answered(gateway):
    answer = requests.head(f"{gateway.url}/v1/statement", headers=direct.USER, timeout=60)
    assert (answer.status_code, answer.content) == (200, b"")


def test_info_and_status_come_from_a_cluster(gateway):
    assert direct.get(f"{gateway.url}/v1/info").json()["nodeVersion"] == {"version": "476"}
    assert direct.get(f"{gateway.url}/v1/status").json()["coordinator"] is True


def test_a_query_is_described_and_cancelled_by_its_id_at_its_owner(both, c1, c2):
    for owner in (c1, c2):
        query = direct.submit(owner.url, "SELECT count(*) FROM tpch.sf1000.lineitem").json()
        direct.get(query["nextUri"])  # dispatches it: only then has it a description
        uri = f"{both.url}/v1/query/{query['id']}"
        wait_until(lambda: direct.get(uri).json()["queryId"] == query["id"], 30, "it is described")
        assert requests.delete(uri, headers=direct.USER, timeout=60).status_code == 204
        wait_until(lambda: direct.get(uri).json()["state"] == "FAILED", 60, "the query ends")


def test_an_unknown_query_gets_trinos_own_404(gateway):
    slug = "y" + "0" * 40
    answer = direct.get(f"{gateway.url}/v1/statement/queued/20200101_000000_00000_zzzzz/{slug}/1")
    assert (answer.status_code, "Query not found" in answer.text) == (404, True)


@pytest.mark.parametrize("path", ["/nope", "/v1/statementx", "/v1/memory", "/v1/../v1/info"])
def test_an_unknown_path_is_answered_404(gateway, path):
    # A prepared request: requests would resolve the dots itself.
    request = requests.Request("GET", gateway.url, headers=direct.USER).prepare()
    request.url = gateway.url + path
    assert requests.Session().send(request, timeout=60).status_code == 404


def test_a_statement_without_a_user_gets_trinos_own_401(gateway):
    answer = requests.post(f"{gateway.url}/v1/statement", data=b"SELECT 1", timeout=60)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="Trino"')


def test_an_old_page_gets_trinos_own_410(gateway):
    # Several pages: Trino repeats the current and the previous one.
    query = direct.submit(gateway.url, "SELECT * FROM tpch.tiny.lineitem").json()
    uris = [page["nextUri"] for page in direct.follow(query) if "nextUri" in page]
    executing = [uri for uri in uris if "/executing/" in uri]
    assert len(executing) > 3
    assert direct.get(executing[0]).status_code == 410


def test_redirects_of_the_ui_stay_at_the_gateway(gateway):
    for path in ("/", "/ui", "/ui/"):
        answer = direct.get(gateway.url + path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(f"{gateway.url}/")


def test_a_user_of_the_ui_stays_at_the_cluster_of_the_login(both):
    user = log_in(both.url)
    # Each cluster knows only its own logins: any other would answer 401.
    assert [stats_status(both.url, user) for _ in range(10)] == [200] * 10


def test_users_of_the_ui_are_spread_over_the_clusters(both, c1, c2):
    # A login goes to a cluster at random: forty would all go to one of two once in 2^39 runs.
    known_to = set()
    for _ in range(40):
        user = log_in(both.url)
        known_to.update(s.name for s in (c1, c2) if stats_status(s.url, user) == 200)
        if len(known_to) == 2:
            break
    assert known_to == {"c1", "c2"}


def test_the_page_of_a_query_comes_from_its_owner(both, c1, c2):
    for owner, other in ((c1, c2), (c2, c1)):
        query = direct.submit(owner.url, "SELECT 1").json()
        list(direct.follow(query))
        page = f"{both.url}/ui/query.html?{query['id']}"
        assert direct.get(page, cookies=login_cookie(owner)).status_code == 200
        # The owner does not know the other's login, so that this shows who answered.
        assert direct.get(page, cookies=login_cookie(other)).status_code == 303


def log_in(url):
    """A browser that has logged in to the UI."""
    browser = requests.Session()
    assert "login" in browser.get(f"{url}/ui/", timeout=60).url
    browser.post(f"{url}/ui/login", data={"username": "test", "password": ""}, timeout=60)
    return browser


def stats_status(url, browser):
    return browser.get(f"{url}/ui/api/stats", timeout=60, allow_redirects=False).status_code


def login_cookie(server):
    """What proves a login at the cluster itself."""
    return {"Trino-UI-Token": log_in(server.url).cookies["Trino-UI-Token"]}
