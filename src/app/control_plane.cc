#include "app/control_plane.h"

#include <random>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include "rpc/methods.h"

namespace gateway::app {
namespace {

using telemetry::Level;

// Each that waits takes a thread: there are 8 for everything else.
constexpr std::size_t kMostDrains = 4;
constexpr std::size_t kMostDeletions =
    64;  // each for some seconds, where instances share a database
constexpr std::size_t kPoolThreads = 8 + kMostDrains + kMostDeletions;
constexpr std::size_t kPoolQueue = 256;
constexpr std::size_t kListThreads = 2;  // nothing there waits: more would only share the CPUs
constexpr std::size_t kListQueue = 64;
constexpr std::size_t kLoginThreads = identity::PasswordUsers::kConcurrent;
constexpr std::size_t kDirectoryThreads = 4;
constexpr std::size_t kLoginQueue = 32;  // a directory that hangs takes seconds for each
constexpr std::chrono::seconds kGrpcGrace{2};

// SQLite is for one instance: telling the others about its load each second would only wear the
// disk.
std::string InstanceId(const store::StoreOptions& options) {
  if (options.url.starts_with("sqlite:")) return {};
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

bool IsLoopback(const std::string& host) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(host, ec);
  return !ec && address.is_loopback();
}

Expected<std::unique_ptr<store::Store>> OpenStore(const AppConfig& config,
                                                  const Clock& clock,
                                                  telemetry::Logger& logger) {
  const auto on_migrated = [&logger](int version, std::string_view name) {
    logger.Event(Level::kInfo, "store.migrated", {{"version", version}, {"name", name}});
  };
  auto store = store::Store::Open(config.store, clock, on_migrated);
  if (store || store.error().code != ErrorCode::kUnavailable) return store;
  logger.Event(
      Level::kError, "store.unavailable",
      {{"reason", store.error().message},
       {"effect", "starting with what the file declares; the rest follows when it is back"}});
  return store::Store::OpenLazily(config.store, clock, on_migrated);
}

}  // namespace

Expected<std::unique_ptr<ControlPlane>> ControlPlane::Open(const AppConfig& config, Parts parts) {
  auto store = OpenStore(config, parts.clock, parts.logger);
  if (!store) return std::unexpected(std::move(store).error());
  std::unique_ptr<ControlPlane> plane(
      new ControlPlane(config, std::move(parts), *std::move(store)));
  const auto taken = plane->follower_.TakeOver();
  if (!taken && taken.error().code != ErrorCode::kUnavailable) {
    return std::unexpected(taken.error());
  }
  plane->ShareProbes(config);
  return plane;
}

ControlPlane::ControlPlane(const AppConfig& config,
                           Parts parts,
                           std::unique_ptr<store::Store> store)
    : config_(config.admin),
      proxy_(config.proxy),
      parts_(std::move(parts)),
      store_(std::move(store)),
      history_(config.history, *store_, parts_.logger),
      purger_({config.history.retention_days, config.audit_retention_days}, *store_, parts_.clock),
      publisher_(parts_.registry, parts_.rule_book, parts_.logger),
      instance_id_(InstanceId(config.store)),
      follower_(instance_id_, parts_.clock, *store_, parts_.registry, publisher_, parts_.logger),
      service_({parts_.clock, parts_.registry, *store_, publisher_, parts_.logger, parts_.owners,
                instance_id_.empty() ? std::chrono::milliseconds(0) : admin::kOthersKnowAfter,
                [this](const std::function<bool()>& done, std::chrono::seconds limit) {
                  return WaitForDeletion(done, limit);
                },
                admin::kWorkersKnowAfter}),
      identity_(config_.identity, IsLoopback(config_.host), parts_.clock, parts_.logger),
      drains_(kMostDrains),
      deletions_(kMostDeletions),
      explainer_({parts_.clock, parts_.registry, parts_.rule_book, proxy_, parts_.stickiness,
                  parts_.logger}),
      methods_(rpc::AllMethods({service_, drains_, explainer_, parts_.pages.not_ready})),
      access_(MakeHooks()),
      adapter_(service_, parts_.pages),
      login_pages_(
          access_, identity_.authenticator(), identity_.sessions(), identity_.login_flow()),
      http_api_({methods_, access_, parts_.pages, config_.trino_gateway_api ? &adapter_ : nullptr,
                 parts_.logger, &login_pages_}),
      pool_(kPoolThreads, kPoolQueue),
      lists_(kListThreads, kListQueue),
      logins_(kLoginThreads, kLoginQueue),
      directory_(kDirectoryThreads, kLoginQueue) {}

ControlPlane::~ControlPlane() {
  drains_.Stop();
  deletions_.Stop();
  follower_.Stop();
  if (probe_sharer_) probe_sharer_->Stop();
}

Expected<bool> ControlPlane::WaitForDeletion(const std::function<bool()>& done,
                                             std::chrono::seconds limit) {
  if (const auto waited = deletions_.Wait(done, limit)) return *waited;
  return Fail(ErrorCode::kUnavailable, "too many deletions wait: try again");
}

void ControlPlane::ShareProbes(const AppConfig& config) {
  if (!config.monitor.shared || instance_id_.empty()) return;
  const auto interval = config.monitor.interval;
  shared_probes_.emplace(parts_.clock, 2 * interval);
  probe_sharer_.emplace(instance_id_, interval, parts_.clock, *store_, *shared_probes_,
                        parts_.logger);
  probe_sharer_->Start();
}

rpc::AccessHooks ControlPlane::MakeHooks() {
  rpc::AccessHooks hooks;
  hooks.authenticate = [this](const identity::Credentials& credentials) {
    return identity_.authenticator().Authenticate(credentials);
  };
  hooks.waits = [this](const identity::Credentials& credentials) {
    return identity_.authenticator().WaitsFor(credentials);
  };
  hooks.anonymous = [this](const identity::Sender& sender, identity::Role needed) {
    return identity_.anonymous().Admit(sender, needed);
  };
  hooks.session_cookie = identity_.sessions().cookie_name();
  hooks.external_url = config_.identity.external_url;
  return hooks;
}

// Said at the start, as otherwise somebody finds out when he needs the API.
void ControlPlane::WarnIfNobodyGetsIn() {
  const bool reachable =
      !IsLoopback(config_.host) || (config_.grpc && !IsLoopback(config_.grpc->host));
  if (!reachable || config_.identity.Configured() || config_.identity.anonymous_role) return;
  parts_.logger.Event(
      Level::kWarn, "admin.closed",
      {{"effect", "callers from other machines see nothing of the API but probes and metrics"},
       {"reason",
        "configure admin.token, tokens, users, ldap or oidc, or let everybody read with "
        "anonymous_role: viewer"}});
}

Expected<void> ControlPlane::Start() {
  WarnIfNobodyGetsIn();
  http_server_.emplace(
      rpc::HttpServerOptions{
          .host = config_.host, .port = config_.port, .trusted_proxies = config_.trusted_proxies},
      parts_.io, http_api_, rpc::Pools{pool_, lists_, logins_, directory_}, parts_.logger);
  const auto port = http_server_->Start();
  if (!port) return std::unexpected(port.error());
  parts_.logger.Event(Level::kInfo, "admin.listening",
                      {{"address", config_.host}, {"port", *port}});
  if (config_.grpc) {
    grpc_server_.emplace(
        rpc::GrpcServerOptions{config_.grpc->host, config_.grpc->port, config_.trusted_proxies},
        methods_, access_, rpc::Pools{pool_, lists_, logins_, directory_}, parts_.logger);
    const auto grpc_port = grpc_server_->Start();
    if (!grpc_port) return std::unexpected(grpc_port.error());
    parts_.logger.Event(Level::kInfo, "admin.grpc_listening",
                        {{"address", config_.grpc->host}, {"port", *grpc_port}});
  }
  follower_.Start();
  return {};
}

void ControlPlane::Stop() {
  drains_.Stop();
  deletions_.Stop();
  if (grpc_server_) grpc_server_->Stop(kGrpcGrace);
  if (http_server_) http_server_->Stop();
  follower_.Stop();
  if (probe_sharer_) probe_sharer_->Stop();
}

void ControlPlane::SetServing(bool serving) {
  if (grpc_server_) grpc_server_->SetServing(serving);
}

}  // namespace gateway::app
