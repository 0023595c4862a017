"""One gateway for each database, and a client for each transport."""

import contextlib
from types import SimpleNamespace

import pytest
from databases import servers
from faults.conftest import lab, programs  # noqa: F401  fixtures
from faults.harness import Lab, free_port
from .clients import GrpcClient, RestClient, TwirpClient

TOKEN = "test-token-that-opens-nothing"
# Longer than a busy machine stands still.
PATIENT = {"acquire_timeout": "30s", "connect_timeout": "30s", "statement_timeout": "30s"}
DATABASES = ("sqlite", "postgresql", "mariadb")
TRANSPORTS = ("grpc", "rest", "twirp", "twirp-seed")


@contextlib.contextmanager
def running_database(kind, directory):
    """Has a `url`; those of servers can be killed and started again."""
    if kind == "sqlite":
        yield SimpleNamespace(url=f"sqlite:{directory}/gateway.db")
        return
    with getattr(servers, kind)() as server:
        yield server


@pytest.fixture(scope="session", params=DATABASES)
def gateway(request, tmp_path_factory):
    """A gateway with the backend f1 and the group all from its file; the rest is in the database."""
    directory = tmp_path_factory.mktemp(request.param)
    lab = Lab(directory)
    with running_database(request.param, directory) as database:
        backend = lab.fake_trino("ctrl1")
        yield lab.gateway({"f1": backend}, store={"url": database.url, **PATIENT}, admin={
            "grpc_address": f"127.0.0.1:{free_port()}", "token": TOKEN},
            # The records of tests are of a fixed time.
            history={"retention_days": 3650}, monitor={"timeout": "30s"})
        lab.close()


@pytest.fixture(scope="session", params=TRANSPORTS)
def api(request, gateway):
    client = make_client(gateway, request.param)
    yield client
    client.close()


@pytest.fixture
def recorder(gateway):
    client = make_client(gateway, "twirp")
    yield client
    client.close()


def make_client(gateway, transport, token=TOKEN):
    url = f"http://127.0.0.1:{gateway.admin_port}"
    if transport == "grpc":
        return GrpcClient(gateway.config["admin"]["grpc_address"], token)
    if transport == "rest":
        return RestClient(url, token, GrpcClient(gateway.config["admin"]["grpc_address"],
                                                 token).schema)
    if transport == "twirp":
        return TwirpClient(url, token)
    return TwirpClient(url, token, "razorpay.gateway")
