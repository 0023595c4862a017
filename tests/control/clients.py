"""The admin API over its three transports, behind one call.

    client.call("BackendApi/GetBackend", {"id": "c1"}) -> the answer as a dict, or ApiError

Everything is learned from the gateway itself: services and messages by gRPC reflection, REST
addresses from the google.api.http annotations that come with them. So the same test says the same
thing three times, and a method that one transport forgot shows.
"""

import json
import re
from urllib.parse import quote, urlencode

import google.api.http_pb2  # noqa: F401  registers what the annotations are made of
import grpc
import requests
from google.api import annotations_pb2
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)

PACKAGE = "trino.gateway.v1"
TIMEOUT = 60


class ApiError(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Schema:
    """What the gateway says of its own API."""

    def __init__(self, channel):
        self.pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))

    def method(self, name):
        service, method = name.split("/")
        return self.pool.FindServiceByName(f"{PACKAGE}.{service}").FindMethodByName(method)

    @staticmethod
    def message(descriptor, value=None):
        made = message_factory.GetMessageClass(descriptor)()
        return json_format.ParseDict(value or {}, made)


class GrpcClient:
    name = "grpc"

    def __init__(self, address, token):
        self.channel = grpc.insecure_channel(address)
        self.metadata = [("x-auth-key", token)] if token else []
        self.schema = Schema(self.channel)

    def call(self, name, message=None):
        method = self.schema.method(name)
        stub = self.channel.unary_unary(
            f"/{PACKAGE}.{name}", request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        try:
            answer = stub(self.schema.message(method.input_type, message), timeout=TIMEOUT,
                          metadata=self.metadata)
        except grpc.RpcError as error:
            raise ApiError(error.code().name.lower(), error.details()) from None
        return to_dict(answer)

    def close(self):
        self.channel.close()


class TwirpClient:
    def __init__(self, url, token, package=PACKAGE):
        self.url, self.package = url, package
        self.name = f"twirp-{package.split('.')[0]}"
        self.session = requests.Session()
        if token:
            self.session.headers["X-Auth-Key"] = token

    def call(self, name, message=None):
        answer = self.session.post(f"{self.url}/twirp/{self.package}.{name}", json=message or {},
                                   timeout=TIMEOUT)
        body = answer.json()
        if answer.status_code != 200:
            raise ApiError(body["code"], body["msg"])
        return body

    def close(self):
        self.session.close()


class RestClient:
    """Turns a call into the request that its annotation describes."""

    name = "rest"

    def __init__(self, url, token, schema):
        self.url, self.schema = url, schema
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, name, message=None):
        rule = self.schema.method(name).GetOptions().Extensions[annotations_pb2.http]
        verb = rule.WhichOneof("pattern")
        assert verb, f"{name} has no address"
        rest = json.loads(json.dumps(message or {}))

        def take(match):
            value = rest
            *parents, field = match[1].split("=")[0].split(".")
            for parent in parents:
                value = value[parent]
            return quote(str(value.pop(field)), safe="")

        path = re.sub(r"\{([^}]+)\}", take, getattr(rule, verb))
        body = None
        if rule.body == "*":
            body, rest = rest, {}
        elif rule.body:
            body = rest.pop(rule.body, {})
        answer = self.session.request(verb, f"{self.url}{path}?{urlencode(flat(rest), doseq=True)}",
                                      json=body, timeout=TIMEOUT)
        result = answer.json() if answer.content else {}
        if answer.status_code >= 400:
            raise ApiError(result["error"]["code"], result["error"]["message"])
        return {rule.response_body: result} if rule.response_body else result

    def close(self):
        self.session.close()


def flat(message, prefix=""):
    """Query parameters: nested fields with dots, lists repeated."""
    items = {}
    for key, value in message.items():
        if isinstance(value, dict):
            items.update(flat(value, f"{prefix}{key}."))
        else:
            items[prefix + key] = str(value).lower() if isinstance(value, bool) else value
    return items


def to_dict(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True,
                                     always_print_fields_with_no_presence=True)
