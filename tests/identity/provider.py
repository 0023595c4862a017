"""A real OpenID Connect provider (npm oidc-provider), and a browser that logs in there."""

import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from .harness import Server, free_port, make_certificates

HERE = Path(__file__).parent
SECRET = "se:cret %&"  # characters that a careless client encodes wrongly


def node():
    """The one that scripts/install.sh put into the Python environment, else the machine's."""
    installed = Path(sys.executable).parent / "node"
    return str(installed) if installed.exists() else shutil.which("node")


class Provider(Server):
    def __init__(self, directory, redirect_uri, tls=False, auth_method="client_secret_basic",
                 id_token_alg="RS256", access_token_alg="ES256", claims_in_userinfo=True):
        port = free_port()
        self.ca = None
        settings = {"port": port, "redirect_uri": redirect_uri, "tls": None,
                    "auth_method": auth_method, "id_token_alg": id_token_alg,
                    "access_token_alg": access_token_alg,
                    "claims_in_userinfo": claims_in_userinfo}
        if tls:
            self.ca, certificate, key = make_certificates(directory)
            settings["tls"] = {"cert": str(certificate), "key": str(key)}
        self.issuer = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        self.verify = str(self.ca) if self.ca else True
        super().__init__([node(), "provider.mjs", json.dumps(settings)],
                         directory / "provider.log", cwd=HERE)
        self.wait_until_it_accepts(port)

    def options(self, **more):
        """The section admin.oidc for it."""
        roles = [{"value": "gateway-admins", "role": "admin"},
                 {"value": "gateway-operators", "role": "operator"}]
        return {"issuer": self.issuer, "roles": roles, "timeout": "30s",
                **({"ca_file": str(self.ca)} if self.ca else {}), **more}

    def access_token(self):
        """A JWT for the resource, as a program gets it with its own credentials."""
        answer = requests.post(f"{self.issuer}/token", verify=self.verify, timeout=60,
                               auth=("gateway", requests.utils.quote(SECRET, safe="")),
                               data={"grant_type": "client_credentials", "scope": "use",
                                     "resource": "urn:gateway-api"})
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]


class Forms(HTMLParser):
    """The address of the page's form and its hidden fields."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes.get("value", "")


class Browser:
    """Follows redirects and fills in forms, until it is sent to `stop_at`."""

    def __init__(self, verify, stop_at):
        self.session = requests.Session()
        self.verify, self.stop_at = verify, stop_at

    def log_in(self, url, user):
        """The query with which it comes back."""
        answer = self.request("GET", url)
        for _ in range(20):
            if answer.is_redirect:
                target = urljoin(answer.url, answer.headers["Location"])
                if target.startswith(self.stop_at):
                    return urlsplit(target).query
                answer = self.request("GET", target)
                continue
            assert answer.status_code == 200, answer.text
            form = Forms(answer.text)
            assert form.action, answer.text
            filled = form.fields | ({"login": user, "password": "any"}
                                    if form.fields.get("prompt") == "login" else {})
            answer = self.request("POST", urljoin(answer.url, form.action), data=filled)
        raise AssertionError("too many steps")

    def request(self, method, url, **kwargs):
        return self.session.request(method, url, verify=self.verify, timeout=60,
                                    allow_redirects=False, **kwargs)


def cookie_header(cookies):
    """What a browser sends back after these Set-Cookie headers."""
    kept = {}
    for cookie in cookies:
        name, value = cookie.split(";")[0].split("=", 1)
        if re.search(r"Max-Age=0\b", cookie):
            kept.pop(name, None)
        else:
            kept[name] = value
    return "; ".join(f"{name}={value}" for name, value in kept.items())
