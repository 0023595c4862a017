"""Logins and bearer tokens of a real OpenID Connect provider."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from .provider import SECRET, Browser, Provider, cookie_header

EXTERNAL = "https://gateway.example.org"
CALLBACK = f"{EXTERNAL}/auth/callback"
CLIENT = {"client_id": "gateway", "client_secret": SECRET}


def admin(oidc, **more):
    return {"external_url": EXTERNAL, "session_key": "k" * 32, "oidc": oidc, **more}


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    server = Provider(tmp_path_factory.mktemp("provider"), CALLBACK)
    yield server
    server.close()


@pytest.fixture
def another(tmp_path_factory):
    """Makes providers with other settings; they end with the test."""
    made = []

    def make(**settings):
        made.append(Provider(tmp_path_factory.mktemp("provider"), CALLBACK, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


def begin(made, return_to="/"):
    answer = made.ask(begin=return_to)
    assert "location" in answer, answer
    return answer


def log_in(made, server, user, return_to="/"):
    """The probe's answer to the callback."""
    begun = begin(made, return_to)
    query = Browser(server.verify, CALLBACK).log_in(begun["location"], user)
    return made.ask(query=query, cookie=cookie_header(begun["cookies"]))


def principal_of(answer):
    assert "principal" in answer, answer
    found = answer["principal"]
    return found["name"], found["role"], found["via"]


@pytest.mark.parametrize("settings", [
    {}, {"tls": True}, {"id_token_alg": "ES256"}, {"id_token_alg": "PS256"},
    {"auth_method": "client_secret_post"}, {"auth_method": "none"},
    {"claims_in_userinfo": False},
], ids=lambda settings: "-".join(f"{key}={value}" for key, value in settings.items()) or "plain")
def test_a_browser_logs_in_and_gets_a_session(probe, another, settings):
    server = another(**settings)
    client = {"client_id": "gateway"} if settings.get("auth_method") == "none" else CLIENT
    if settings.get("id_token_alg") == "PS256":
        client = client | {"algorithms": ["PS256"]}
    made = probe(admin(server.options(**client)))
    for user, role in (("ann", "admin"), ("bob", "operator"), ("zoe", "none")):
        answer = log_in(made, server, user, "/queries?state=failed")
        assert principal_of(answer) == (user, role, "oidc"), made.log()
        assert answer["location"] == "/queries?state=failed"
        cookies = cookie_header(answer["cookies"])
        assert "login" not in cookies
        session = cookies.removeprefix("__Host-trino_gateway_session=")
        assert made.principal(session=session) == (user, role, "session")


def test_the_request_to_the_provider_is_bound_to_the_browser(probe, provider):
    made = probe(admin(provider.options(**CLIENT)))
    first, second = begin(made), begin(made)
    one, two = (parse_qs(urlsplit(each["location"]).query) for each in (first, second))
    assert one["response_type"] == ["code"]
    assert one["redirect_uri"] == [CALLBACK]
    assert one["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name][0]) == 43
        assert one[name] != two[name]
    cookie = first["cookies"][0]
    assert cookie.startswith("__Host-trino_gateway_login=")
    assert all(part in cookie for part in ("; HttpOnly", "; SameSite=Lax", "; Secure"))


def test_a_login_cannot_be_finished_twice_elsewhere_or_with_another_code(probe, provider):
    made = probe(admin(provider.options(**CLIENT)))
    mine, foreign = begin(made), begin(made)
    query = Browser(True, CALLBACK).log_in(mine["location"], "ann")
    other_query = Browser(True, CALLBACK).log_in(foreign["location"], "bob")
    my_cookie = cookie_header(mine["cookies"])
    # Another browser, none, a code of another login under my state.
    assert made.refusal(query=query, cookie=cookie_header(foreign["cookies"])) == "unauthenticated"
    assert made.refusal(query=query, cookie="") == "unauthenticated"
    assert made.refusal(query=other_query, cookie=my_cookie) == "unauthenticated"
    state, other_code = (parse_qs(each)[name][0] for each, name in
                         ((query, "state"), (other_query, "code")))
    mixed = f"code={other_code}&state={state}"
    assert made.refusal(query=mixed, cookie=my_cookie) == "unauthenticated"
    assert principal_of(made.ask(query=query, cookie=my_cookie))[0] == "ann"
    assert made.refusal(query=query, cookie=my_cookie) == "unauthenticated"


def test_an_answer_with_an_error_or_another_issuer_is_refused(probe, provider):
    made = probe(admin(provider.options(**CLIENT)))
    begun = begin(made)
    cookie = cookie_header(begun["cookies"])
    state = parse_qs(urlsplit(begun["location"]).query)["state"][0]
    refused = made.ask(query=f"error=access_denied&state={state}", cookie=cookie)["error"]
    assert refused["code"] == "unauthenticated" and "access_denied" in refused["message"]
    for query in (f"code=x&state={state}&iss=https%3A%2F%2Fevil.example", f"state={state}", "",
                  f"code=x&state={state}&state={state}", f"code=made-up&state={state}",
                  "code=x&state=" + "A" * 43, "code=" + "x" * 100_000 + f"&state={state}"):
        assert made.refusal(query=query, cookie=cookie) == "unauthenticated"


@pytest.mark.parametrize("return_to", ["//evil.example", "/\\evil.example", "https://evil.example",
                                       "", "evil", "/\r\nSet-Cookie: x=y", "/" + "x" * 1000])
def test_a_login_leads_back_to_our_own_pages_only(probe, provider, return_to):
    made = probe(admin(provider.options(**CLIENT)))
    assert log_in(made, provider, "ann", return_to)["location"] == "/"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_programs_send_bearer_tokens(probe, another, algorithm):
    server = another(access_token_alg=algorithm)
    made = probe({"oidc": server.options(audiences=["gateway-api"], algorithms=[algorithm])})
    token = server.access_token()
    assert made.principal(token=token) == ("gateway", "operator", "oidc"), made.log()


def test_bearer_tokens_that_are_not_for_us_are_refused(probe, provider):
    token = provider.access_token()
    for options in (provider.options(audiences=["another-api"]),
                    provider.options(audiences=["gateway-api"], algorithms=["RS256"])):
        assert probe({"oidc": options}).refusal(token=token) == "unauthenticated"


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_bearer_tokens_that_were_changed_are_refused(probe, provider):
    made = probe({"oidc": provider.options(audiences=["gateway-api"])})
    token = provider.access_token()
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    better = part(claims | {"groups": ["gateway-admins"]})
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    for changed in (f"{header}.{better}.{signature}",
                    f"{part({'alg': 'none'})}.{better}.",
                    f"{part({'alg': 'none'})}.{better}.{signature}",
                    f"{part({'alg': 'HS256', 'kid': kid})}.{better}.{signature}",
                    f"{part({'alg': 'ES256', 'kid': 'rsa'})}.{payload}.{signature}",
                    f"{part({'alg': 'ES256', 'kid': 'unknown'})}.{payload}.{signature}",
                    f"{header}.{payload}.{'A' * 86}", f"{header}.{payload}.",
                    f"{header}..{signature}", "..", token[:-1], token + "x"):
        assert made.refusal(token=changed) == "unauthenticated", changed
    assert made.principal(token=token) == ("gateway", "operator", "oidc")


def test_a_provider_that_is_down_is_not_the_callers_fault(probe, another):
    server = another()
    token = server.access_token()
    made = probe(admin(server.options(**CLIENT, audiences=["gateway-api"])))
    server.close()
    assert made.refusal(token=token) == "unavailable"
    assert made.refusal(begin="/") == "unavailable"
    made.close()  # then its log is complete
    assert "identity.oidc_failed" in made.log()


def test_its_keys_serve_on_while_it_is_down(probe, another):
    server = another()
    token = server.access_token()
    made = probe({"oidc": server.options(audiences=["gateway-api"])})
    assert made.principal(token=token)[0] == "gateway"
    server.close()
    assert made.principal(token=token)[0] == "gateway"


def test_a_provider_with_an_untrusted_certificate_is_not_asked(probe, another):
    server = another(tls=True)
    options = server.options(audiences=["gateway-api"])
    token = server.access_token()
    assert probe({"oidc": options}).principal(token=token)[0] == "gateway"
    del options["ca_file"]
    assert probe({"oidc": options}).refusal(token=token) == "unavailable"
