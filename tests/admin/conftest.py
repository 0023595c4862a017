"""A gateway whose admin API is tested from outside, with two clusters behind it (fake ones)."""

import hashlib
import sys
from pathlib import Path

import pytest
import requests

# The folder of the tests: what starts a gateway and a fake Trino is shared.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults.conftest import programs  # noqa: E402, F401  builds the fake Trino
from faults.harness import Lab, free_port  # noqa: E402

TOKENS = {role: f"{role}-token-of-the-tests" for role in ("viewer", "operator", "admin")}


def token_settings():
    return [{"name": role, "role": role,
             "token": "sha256:" + hashlib.sha256(token.encode()).hexdigest()}
            for role, token in TOKENS.items()]


class Api(requests.Session):
    """Speaks to one gateway with the token of a role."""

    def __init__(self, gateway, role="admin"):
        super().__init__()
        self.url = f"http://127.0.0.1:{gateway.admin_port}"
        if role:
            self.headers["X-Auth-Key"] = TOKENS[role]

    def request(self, method, url, **options):
        options.setdefault("timeout", 30)
        return super().request(method, self.url + url, **options)

    def twirp(self, name, message=None, package="razorpay.gateway"):
        return self.post(f"/twirp/{package}.{name}", json=message or {})


def start(lab, **admin):
    """A gateway with nothing declared but the tokens; `gateway.grpc` is the address of gRPC."""
    grpc = f"127.0.0.1:{free_port()}"
    admin = {"grpc_address": grpc, "tokens": token_settings(), **admin}
    gateway = lab.gateway({}, groups=[], routing={"default_group": "adhoc"}, admin=admin)
    gateway.grpc = grpc
    return gateway


@pytest.fixture(scope="module")
def module_lab(tmp_path_factory):
    made = Lab(tmp_path_factory.mktemp("admin"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def clusters(module_lab):
    return [module_lab.fake_trino(name) for name in ("adm01", "adm02")]


@pytest.fixture(scope="module")
def gateway(module_lab):
    """Shared by the tests of a file: each makes its own objects."""
    return start(module_lab, trino_gateway_api=True)


@pytest.fixture
def api(gateway):
    with Api(gateway) as session:
        yield session
