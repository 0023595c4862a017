#include "rpc/grpc_server.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/server_callback.h>

#include "rpc/guarded.h"
#include "rpc/status.h"
#include "rpc/unknown_fields.h"

namespace gateway::rpc {
namespace {

namespace pb = google::protobuf;
using grpc::ByteBuffer;
using grpc::CallbackServerContext;

constexpr int kMaxMessage = 1024 * 1024;      // as the body of an HTTP request
constexpr int kMaxAnswer = 64 * 1024 * 1024;  // 10,000 policies are a few MiB
constexpr std::size_t kMaxMetadata = 16 * 1024;
// Reflection alone is served by threads of grpc++'s own, one for each open stream, and asks for no
// credentials. Who comes when all are taken is refused with RESOURCE_EXHAUSTED. Our methods and the
// health service are called back and take none of these.
constexpr int kMaxReflectionThreads = 16;
constexpr int kMaxStreams = 100;  // of one connection

grpc::Status ToGrpc(const Error& error) {
  return {static_cast<grpc::StatusCode>(StatusOf(error.code).grpc_code),
          std::string(MessageFor(error))};
}

std::string MetadataNamed(const CallbackServerContext& context, const char* name) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string()
                                 : std::string(found->second.data(), found->second.size());
}

// Views into the context.
std::vector<http::HeaderField> ForwardingOf(const CallbackServerContext& context) {
  std::vector<http::HeaderField> found;
  for (const auto name : kForwardingHeaders) {
    const auto [begin, end] = context.client_metadata().equal_range({name.data(), name.size()});
    for (auto entry = begin; entry != end; ++entry) {
      found.push_back({name, {entry->second.data(), entry->second.size()}});
    }
  }
  return found;
}

// "ipv4:127.0.0.1:5000" -> "127.0.0.1"; "ipv6:%5B::1%5D:5000" or "ipv6:[::1]:5000" -> "::1".
std::string AddressOf(std::string peer) {
  const auto scheme = peer.find(':');
  const auto port = peer.rfind(':');
  if (scheme == std::string::npos || port <= scheme) return peer;
  auto host = peer.substr(scheme + 1, port - scheme - 1);
  for (const std::string_view bracket : {"%5B", "%5D", "[", "]"}) {
    if (const auto at = host.find(bracket); at != std::string::npos) host.erase(at, bracket.size());
  }
  return host;
}

bool Parse(const ByteBuffer& bytes, pb::Message& message) {
  ByteBuffer copy(bytes);  // shares the slices; the reader consumes its buffer
  grpc::ProtoBufferReader reader(&copy);
  return reader.status().ok() && message.ParseFromZeroCopyStream(&reader);
}

void Serialize(const pb::Message& message, ByteBuffer& bytes) {
  const auto text = message.SerializeAsString();
  const grpc::Slice slice(text);
  bytes = ByteBuffer(&slice, 1);
}

// All that a call needs.
struct Parts {
  const Access& access;
  Pools pools;
  telemetry::Logger& logger;
  std::vector<AddressBlock> trusted_proxies;
};

class Call {
 public:
  Call(const Parts& parts, const Method& method, const CallbackServerContext& context)
      : parts_(parts),
        method_(method),
        whence_(WhenceOf(AddressOf(context.peer()), parts.trusted_proxies, ForwardingOf(context))) {
    credentials_ = CredentialsOf(MetadataNamed(context, "x-auth-key"),
                                 MetadataNamed(context, "authorization"));
    credentials_.client = whence_.client;
  }

  // On which pool Identify() may wait; null: it does not wait.
  WorkPool* LoginPool() const {
    if (method_.role == identity::Role::kNone) return nullptr;
    const auto waits = parts_.access.WaitsFor(credentials_);
    if (waits == identity::Waits::kForNothing) return nullptr;
    const bool hashes = waits == identity::Waits::kForHashing;
    return hashes ? &parts_.pools.logins : &parts_.pools.directory;
  }
  // On which pool Run() goes on, once it is known who calls; null: on none.
  WorkPool* RunPool() const {
    const bool refused = principal_ && !*principal_;
    if (refused || method_.blocking == Blocking::kNo) return nullptr;
    return method_.blocking == Blocking::kLong ? &parts_.pools.lists : &parts_.pools.waiting;
  }

  // Finds out who calls.
  void Identify() {
    // No web page can speak gRPC, so the name that the caller used does not matter, but from where.
    auto done = Guarded([this] {
      principal_ = parts_.access.Admit(credentials_, {"localhost", whence_.local}, method_.role);
    });
    if (!done) principal_ = std::unexpected(std::move(done).error());
  }

  // Whatever happens: what goes wrong is an answer as well, and logged when it is our fault.
  grpc::Status Run(const ByteBuffer& request, ByteBuffer& response) {
    Expected<void> answered;
    auto done = Guarded([&] { answered = Answer(request, response); });
    if (done) done = std::move(answered);
    if (done) return grpc::Status::OK;
    LogFault(parts_.logger, method_.Title(), done.error());
    return ToGrpc(done.error());
  }

 private:
  Expected<void> Answer(const ByteBuffer& request, ByteBuffer& response) const {
    const auto& principal = *principal_;
    if (!principal) {
      if (principal.error().code != ErrorCode::kInternal) {
        parts_.logger.Event(telemetry::Level::kInfo, "admin.refused",
                            {{"method", method_.Title()},
                             {"client", whence_.client},
                             {"result", NameOf(principal.error().code)}});
      }
      return std::unexpected(principal.error());
    }
    const auto message = method_.NewRequest();
    if (!Parse(request, *message)) {
      return Fail(ErrorCode::kInvalidArgument, "the request is not the method's message");
    }
    if (auto known = CheckFieldsAreKnown(*message); !known) return known;
    const auto answer = method_.NewResponse();
    auto done = Invoke(method_, *message, *answer, {whence_.client, *principal, method_.Title()});
    if (done) Serialize(*answer, response);
    return done;
  }

  const Parts& parts_;
  const Method& method_;
  const Whence whence_;
  identity::Credentials credentials_;
  std::optional<Expected<identity::Principal>> principal_;  // once it was looked for
};

const grpc::Status kNoThread{grpc::StatusCode::UNAVAILABLE, "too many requests wait: try again"};

// One of our services, made as generated code makes its raw callback services.
class TableService final : public grpc::Service {
 public:
  explicit TableService(const Parts& parts) : parts_(parts) {}

  void Add(const Method& method) {
    names_.push_back(std::make_unique<std::string>(
        fmt::format("/{}/{}", method.descriptor->service()->full_name(), method.name())));
    AddMethod(new grpc::internal::RpcServiceMethod(names_.back()->c_str(),
                                                   grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(static_cast<int>(names_.size() - 1),
                          new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
                              [this, &method](CallbackServerContext* context,
                                              const ByteBuffer* request, ByteBuffer* response) {
                                return Begin(method, *context, *request, *response);
                              }));
  }

 private:
  grpc::ServerUnaryReactor* Begin(const Method& method,
                                  CallbackServerContext& context,
                                  const ByteBuffer& request,
                                  ByteBuffer& response) const {
    auto* reactor = context.DefaultReactor();
    const auto call = std::make_shared<Call>(parts_, method, context);
    auto* pool = call->LoginPool();
    if (!pool) {
      call->Identify();  // now, as nobody knows how long that holds
      Go(call, reactor, request, response);
      return reactor;
    }
    // Request and response live until Finish().
    const bool posted = pool->Post([this, call, reactor, &request, &response] {
      call->Identify();
      Go(call, reactor, request, response);
    });
    if (!posted) reactor->Finish(kNoThread);
    return reactor;
  }

  void Go(const std::shared_ptr<Call>& call,
          grpc::ServerUnaryReactor* reactor,
          const ByteBuffer& request,
          ByteBuffer& response) const {
    auto* pool = call->RunPool();
    if (!pool) return reactor->Finish(call->Run(request, response));
    const bool posted = pool->Post(
        [call, reactor, &request, &response] { reactor->Finish(call->Run(request, response)); });
    if (!posted) reactor->Finish(kNoThread);
  }

  const Parts& parts_;
  std::vector<std::unique_ptr<std::string>> names_;  // grpc++ keeps pointers to the texts
};

}  // namespace

struct GrpcServer::Impl {
  GrpcServerOptions options;
  Parts parts;
  std::map<std::string, TableService, std::less<>> services;
  std::unique_ptr<grpc::Server> server;
};

GrpcServer::GrpcServer(const GrpcServerOptions& options,
                       const MethodTable& table,
                       const Access& access,
                       Pools pools,
                       telemetry::Logger& logger)
    : impl_(new Impl{options, Parts{access, pools, logger, options.trusted_proxies}, {}, nullptr}) {
  for (const auto& [name, method] : table.methods()) {
    impl_->services.try_emplace(std::string(method.service()), impl_->parts)
        .first->second.Add(method);
  }
}

GrpcServer::~GrpcServer() { Stop({}); }

Expected<std::uint16_t> GrpcServer::Start() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  const auto& host = impl_->options.host;
  const bool ipv6 = host.find(':') != std::string::npos;
  const auto address =
      fmt::format("{}{}{}:{}", ipv6 ? "[" : "", host, ipv6 ? "]" : "", impl_->options.port);
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  // A port that somebody else listens on is an error, not one to share.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(kMaxMetadata));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder.SetResourceQuota(grpc::ResourceQuota("admin").SetMaxThreads(kMaxReflectionThreads));
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  builder.SetMaxSendMessageSize(kMaxAnswer);
  for (auto& [name, service] : impl_->services) builder.RegisterService(&service);
  impl_->server = builder.BuildAndStart();
  if (!impl_->server || port == 0) {
    return Fail(ErrorCode::kConflict,
                fmt::format("cannot listen on admin gRPC address {}", address));
  }
  SetServing(false);
  return static_cast<std::uint16_t>(port);
}

void GrpcServer::SetServing(bool serving) {
  if (auto* health = impl_->server ? impl_->server->GetHealthCheckService() : nullptr) {
    health->SetServingStatus(serving);
  }
}

void GrpcServer::Stop(std::chrono::milliseconds grace) {
  if (!impl_->server) return;
  impl_->server->Shutdown(std::chrono::system_clock::now() + grace);
  impl_->server->Wait();
  impl_->server.reset();
}

}  // namespace gateway::rpc
