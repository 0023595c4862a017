"""gRPC with a client that knows nothing beforehand: reflection, calls, codes, health, shutdown."""

import contextlib
import re
import signal
import socket
import threading
from pathlib import Path

import grpc
import pytest
from faults.harness import wait_for
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from .conftest import TOKENS, start
from .messages import PACKAGE, Messages


@pytest.fixture(scope="module")
def messages(gateway):
    with Messages(gateway.grpc, TOKENS["admin"]) as made:
        yield made


def code_of(call):
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value.code(), error.value.details()


def test_reflection_lists_all_services(messages):
    services = set(messages.database.get_services())
    assert {f"{PACKAGE}.{name}" for name in (
        "HealthCheckAPI", "BackendApi", "GroupApi", "PolicyApi", "QueryApi", "AuditApi",
        "StatusApi")} <= services
    assert "grpc.health.v1.Health" in services
    backend = messages.pool.FindMessageTypeByName(f"{PACKAGE}.Backend")
    assert backend.fields_by_name["url"].number == 100


def test_calls_do_what_they_say(messages):
    created = messages.call("BackendApi", "CreateBackend",
                            backend={"id": "gr1", "url": "http://127.0.0.1:1"})
    assert (created.id, created.is_enabled) == ("gr1", True) and created.etag
    messages.call("BackendApi", "DisableBackend", id="gr1")
    patched = messages.call("BackendApi", "PatchBackend",
                            backend={"id": "gr1", "load_limit": 4}, update_mask={
                                "paths": ["load_limit"]})
    assert (patched.load_limit, patched.is_enabled) == (4, False)
    assert "gr1" in [item.id for item in messages.call("BackendApi", "ListAllBackends").items]
    messages.call("BackendApi", "DeleteBackend", id="gr1")
    assert messages.call("HealthCheckAPI", "Check", metadata=[]).serving_status == 2


def test_refusals_have_their_codes(messages):
    code = grpc.StatusCode
    cases = [
        (code.NOT_FOUND, "BackendApi", "GetBackend", {"id": "nope"}),
        (code.INVALID_ARGUMENT, "BackendApi", "PutBackend", {"backend": {"id": "x", "url": "ftp:"}}),
        (code.INVALID_ARGUMENT, "GroupApi", "PutGroup", {"group": {"id": "x", "backends": ["no"]}}),
    ]
    for expected, service, method, fields in cases:
        got, details = code_of(lambda: messages.call(service, method, **fields))
        assert got == expected and details
    messages.call("BackendApi", "PutBackend", backend={"id": "gr2", "url": "http://x"})
    messages.call("GroupApi", "PutGroup", group={"id": "gr2", "backends": ["gr2"]})
    assert code_of(lambda: messages.call("BackendApi", "DeleteBackend", id="gr2"))[0] == \
        code.FAILED_PRECONDITION
    assert code_of(lambda: messages.call("BackendApi", "CreateBackend", backend={
        "id": "gr2", "url": "http://x"}))[0] == code.ALREADY_EXISTS
    assert code_of(lambda: messages.call("BackendApi", "PutBackend", backend={
        "id": "gr2", "url": "http://x", "etag": "99"}))[0] == code.ABORTED


@pytest.mark.parametrize("metadata, expected", [
    ([], grpc.StatusCode.UNAUTHENTICATED),
    ([("x-auth-key", "wrong")], grpc.StatusCode.UNAUTHENTICATED),
    ([("authorization", f"Bearer {TOKENS['viewer']}")], grpc.StatusCode.PERMISSION_DENIED),
    ([("authorization", f"Bearer {TOKENS['operator']}")], None),
])
def test_metadata_says_who_calls(messages, metadata, expected):
    messages.call("BackendApi", "PutBackend", backend={"id": "gr3", "url": "http://x"})

    def call():
        return messages.call("BackendApi", "EnableBackend", metadata=metadata, id="gr3")

    if expected is None:
        call()
    else:
        assert code_of(call)[0] == expected


def raw_call(address, method, body, token=TOKENS["admin"]):
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(method, request_serializer=None, response_deserializer=None)
        return call(body, timeout=30, metadata=[("x-auth-key", token)])


def test_hostile_bytes_are_refused(gateway, messages):
    path = f"/{PACKAGE}.BackendApi/GetBackend"
    assert code_of(lambda: raw_call(gateway.grpc, path, b"\xff\xff\xff"))[0] == \
        grpc.StatusCode.INVALID_ARGUMENT
    assert code_of(lambda: raw_call(gateway.grpc, path, b"\x0a\x02\xff\xff"))[0] == \
        grpc.StatusCode.INVALID_ARGUMENT
    assert code_of(lambda: raw_call(gateway.grpc, path, bytes(2 * 1024 * 1024)))[0] == \
        grpc.StatusCode.RESOURCE_EXHAUSTED
    assert code_of(lambda: raw_call(gateway.grpc, f"/{PACKAGE}.BackendApi/Nope", b""))[0] == \
        grpc.StatusCode.UNIMPLEMENTED
    host, port = gateway.grpc.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert messages.call("BackendApi", "ListAllBackends") is not None


def test_fields_of_a_newer_client_are_refused(gateway, messages):
    messages.call("BackendApi", "PutBackend", backend={"id": "gr4", "url": "http://x"})
    request, _ = messages.types("BackendApi", "DeleteBackend")
    only_if_it_rains = b"\xf8\x7f\x01"  # field 2047
    code, details = code_of(lambda: raw_call(
        gateway.grpc, f"/{PACKAGE}.BackendApi/DeleteBackend",
        request(id="gr4").SerializeToString() + only_if_it_rains))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and "2047" in details
    assert messages.call("BackendApi", "GetBackend", id="gr4").backend.id == "gr4"


def test_many_callers_at_once(messages):
    messages.call("BackendApi", "PutBackend", backend={"id": "gr4", "url": "http://x"})
    messages.types("BackendApi", "PatchBackend")
    failures = []

    def work(number):
        try:
            for _ in range(10):
                messages.call("BackendApi", "PatchBackend",
                              backend={"id": "gr4", "load_limit": number + 1},
                              update_mask={"paths": ["load_limit"]})
                messages.call("BackendApi", "GetBackend", id="gr4")
        except grpc.RpcError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def threads_of(gateway):
    status = Path(f"/proc/{gateway.pid}/status").read_text()
    return int(re.search(r"^Threads:\s+(\d+)", status, re.M)[1])


class IdleStream:
    """A stream of the reflection service that has had one answer, or was refused, and stays open."""

    def __init__(self, channel):
        self.go = threading.Event()
        self.answers = ServerReflectionStub(channel).ServerReflectionInfo(self.requests(), timeout=120)
        try:
            next(self.answers)
            self.refusal = None
        except grpc.RpcError as error:
            self.refusal = error.code()

    def requests(self):
        yield ServerReflectionRequest(list_services="")
        self.go.wait()

    def close(self):
        self.go.set()
        self.answers.cancel()


def test_streams_of_reflection_take_a_bounded_number_of_threads(module_lab):
    gateway = start(module_lab)
    with Messages(gateway.grpc, TOKENS["admin"]) as messages, contextlib.ExitStack() as opened:
        messages.call("BackendApi", "PutBackend", backend={"id": "gr5", "url": "http://x"})
        messages.types("HealthCheckAPI", "Check")  # learned by reflection, as are those above
        messages.types("BackendApi", "GetBackend")
        before = threads_of(gateway)
        streams = []
        for _ in range(4):
            # Without an own pool of subchannels, equal channels share one connection.
            channel = opened.enter_context(grpc.insecure_channel(
                gateway.grpc, options=[("grpc.use_local_subchannel_pool", 1)]))
            for _ in range(30):
                streams.append(IdleStream(channel))
                opened.callback(streams[-1].close)
        refused = {stream.refusal for stream in streams} - {None}
        assert refused == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert 10 < sum(stream.refusal is None for stream in streams) <= 16
        assert threads_of(gateway) < before + 32
        assert messages.call("BackendApi", "GetBackend", id="gr5").backend.id == "gr5"
        assert messages.call("HealthCheckAPI", "Check", metadata=[]).serving_status == 2
        health = messages.channel.unary_unary("/grpc.health.v1.Health/Check",
                                              request_serializer=None, response_deserializer=None)
        assert health(b"", timeout=30) == b"\x08\x01"  # SERVING
    with Messages(gateway.grpc) as messages:
        def reflects():
            try:
                return messages.database.get_services()
            except grpc.RpcError:
                return None

        wait_for(reflects, "reflection to be there again")


def test_the_health_service_follows_the_gateway_and_calls_end_with_it(module_lab):
    gateway = start(module_lab)
    with Messages(gateway.grpc, TOKENS["admin"]) as messages:
        health = messages.channel.unary_unary("/grpc.health.v1.Health/Check",
                                              request_serializer=None, response_deserializer=None)
        assert health(b"", timeout=30) == b"\x08\x01"  # SERVING
        messages.call("BackendApi", "PutBackend", backend={"id": "d", "url": "http://x"})
        # Waits until the gateway ends: there is a backend to drain that never was in use, so one that
        # is empty; the call returns at once.
        assert messages.call("BackendApi", "DrainBackend", id="d", timeout_seconds=60).drained
        gateway.signal(signal.SIGTERM)
        assert gateway.wait() == 0
