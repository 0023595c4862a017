"""Users and groups of a real slapd."""

import socket
import time

import pytest

from .slapd import BASE, SERVICE_DN, SERVICE_PASSWORD

ADMINS = f"cn=gateway-admins,ou=groups,{BASE}"
ROLES = [{"group": ADMINS, "role": "admin"}, {"group": "gateway-operators", "role": "operator"}]
DIRECT = {"user_dn": f"uid={{user}},ou=people,{BASE}", "roles": ROLES}
SEARCH = {"bind_dn": SERVICE_DN, "bind_password": SERVICE_PASSWORD, "user_base": BASE,
          "roles": ROLES}
PATIENT = {"timeout": "30s"}  # a busy machine may stand still for seconds
BY_GROUP_SEARCH = {"group_base": f"ou=groups,{BASE}"}


@pytest.fixture(params=["plaintext", "starttls", "ldaps"])
def transport(request, slapd):
    way = {"plaintext": {"url": slapd.url, "allow_plaintext": True},
           "starttls": {"url": slapd.url, "start_tls": True, "ca_file": str(slapd.ca)},
           "ldaps": {"url": slapd.tls_url, "ca_file": str(slapd.ca)}}[request.param]
    return way | PATIENT


@pytest.fixture
def plaintext(slapd):
    return {"url": slapd.url, "allow_plaintext": True} | PATIENT


@pytest.mark.parametrize("users", [DIRECT, SEARCH, DIRECT | BY_GROUP_SEARCH,
                                   SEARCH | BY_GROUP_SEARCH],
                         ids=["direct-memberof", "search-memberof", "direct-groups",
                              "search-groups"])
def test_roles_follow_from_groups_on_every_way(probe, transport, users):
    made = probe({"ldap": transport | users})
    assert made.principal(user="ann", password="pear") == ("ann", "admin", "ldap")
    assert made.principal(user="bob", password="plum") == ("bob", "operator", "ldap")
    # cem is in a group of that name elsewhere: the mapping by DN does not take it for ours.
    assert made.principal(user="cem", password="kiwi") == ("cem", "none", "ldap")
    assert made.refusal(user="ann", password="plum") == "unauthenticated"
    assert made.refusal(user="zoe", password="pear") == "unauthenticated"


def test_everybody_else_gets_the_default_role(probe, plaintext):
    made = probe({"ldap": plaintext | DIRECT | {"default_role": "viewer"}})
    assert made.principal(user="cem", password="kiwi") == ("cem", "viewer", "ldap")
    assert made.principal(user="ann", password="pear") == ("ann", "admin", "ldap")


@pytest.mark.parametrize("users", [DIRECT, SEARCH], ids=["direct", "search"])
def test_an_empty_password_is_no_password(probe, plaintext, users):
    made = probe({"ldap": plaintext | users})
    assert made.refusal(user="ann", password="") == "unauthenticated"


@pytest.mark.parametrize("users", [DIRECT, SEARCH], ids=["direct", "search"])
@pytest.mark.parametrize("name", ["*", "a*", "ann)(uid=*", "*)(objectClass=*", "ann,ou=people",
                                  "ann+cn=ann", "\\61nn", "an n", "ann\x00", "o,brien,x",
                                  f"ann,ou=people,{BASE}"])
def test_a_name_cannot_change_the_question(probe, plaintext, users, name):
    made = probe({"ldap": plaintext | users})
    assert made.refusal(user=name, password="pear") == "unauthenticated"


@pytest.mark.parametrize("users", [DIRECT, SEARCH], ids=["direct", "search"])
def test_names_with_special_characters_work(probe, plaintext, users):
    made = probe({"ldap": plaintext | users})
    assert made.principal(user="o,brien", password="fig") == ("o,brien", "none", "ldap")


def test_cases_of_a_name_are_one_principal(probe, plaintext):
    made = probe({"ldap": plaintext | SEARCH})
    for name in ("ANN", "ann ", " Ann", "\uff41nn", "a\u00adnn"):
        assert made.principal(user=name, password="pear") == ("ann", "admin", "ldap"), name


def test_a_filter_that_fits_two_users_lets_neither_in(probe, plaintext):
    made = probe({"ldap": plaintext | SEARCH | {"user_filter": "(mail={user})"}})
    assert made.principal(user="ann@example.org", password="pear")[1] == "admin"
    assert made.refusal(user="shared@example.org", password="plum") == "unauthenticated"
    assert "identity.ldap_user_is_ambiguous" in close_and_read(made)


def test_a_user_of_the_file_hides_one_of_the_directory(probe, plaintext):
    pear_hash = ("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"
                 "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")  # of "password"
    made = probe({"ldap": plaintext | DIRECT,
                  "users": [{"name": "ann", "role": "viewer", "password_hash": pear_hash}]})
    assert made.refusal(user="ann", password="pear") == "unauthenticated"
    assert made.principal(user="ann", password="password") == ("ann", "viewer", "password")


def test_a_server_without_a_trusted_certificate_gets_no_password(probe, slapd):
    for transport in ({"url": slapd.tls_url}, {"url": slapd.url, "start_tls": True}):
        made = probe({"ldap": transport | DIRECT})
        assert made.refusal(user="ann", password="pear") == "unavailable"


def test_a_wrong_service_account_is_the_operators_trouble(probe, plaintext):
    made = probe({"ldap": plaintext | SEARCH | {"bind_password": "wrong"}})
    answer = made.ask(user="ann", password="pear")["error"]
    assert answer["code"] == "unavailable"
    assert "service" not in answer["message"]
    log = close_and_read(made)
    assert "identity.ldap_failed" in log and "as the service account" in log
    assert "pear" not in log


def test_a_server_that_is_down_or_hangs_is_given_up(probe):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for url, more in ((f"ldap://127.0.0.1:{port}", {"allow_plaintext": True}),
                          (f"ldap://127.0.0.1:{port}", {"start_tls": True}),
                          (f"ldaps://127.0.0.1:{port}", {})):
            made = probe({"ldap": {"url": url, "timeout": "300ms"} | more | DIRECT})
            began = time.monotonic()
            assert made.refusal(user="ann", password="pear") == "unavailable"
            # Far above the limit, far below what a missing one would take.
            assert time.monotonic() - began < 10
    made = probe({"ldap": {"url": f"ldap://127.0.0.1:{port}", "allow_plaintext": True} | DIRECT})
    assert made.refusal(user="ann", password="pear") == "unavailable"


def close_and_read(made):
    """The log, complete."""
    made.close()
    return made.log()
