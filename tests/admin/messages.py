"""The gateway's messages and methods, learned by gRPC reflection."""

import google.api.annotations_pb2  # noqa: F401  what the annotations in the descriptors are made of
import google.api.field_behavior_pb2  # noqa: F401
import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)

PACKAGE = "trino.gateway.v1"


class Messages:
    def __init__(self, address, token=None):
        self.channel = grpc.insecure_channel(address)
        self.metadata = [("x-auth-key", token)] if token else []
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def types(self, service, method):
        """Classes of a method's request and response."""
        found = self.pool.FindServiceByName(f"{PACKAGE}.{service}").FindMethodByName(method)
        return tuple(message_factory.GetMessageClass(kind)
                     for kind in (found.input_type, found.output_type))

    def call(self, service, method, metadata=None, **fields):
        """Calls it; grpc.RpcError on a refusal."""
        request, response = self.types(service, method)
        call = self.channel.unary_unary(f"/{PACKAGE}.{service}/{method}",
                                        request_serializer=lambda made: made.SerializeToString(),
                                        response_deserializer=response.FromString)
        return call(request(**fields), timeout=30,
                    metadata=self.metadata if metadata is None else metadata)
