// Everything that administers the gateway, wired together: the store's configuration and history,
// who may do what, and the API over HTTP and gRPC.
//
// Threads: all calls from the control thread, but for Record(), which may come from any.
// Members are declared in the order in which they are needed, so they end in the reverse one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/follower.h"
#include "admin/probe_sharer.h"
#include "admin/publisher.h"
#include "admin/service.h"
#include "app/config.h"
#include "base/clock.h"
#include "explain/explainer.h"
#include "http/asio.h"
#include "identity/identity.h"
#include "model/registry.h"
#include "model/shared_probes.h"
#include "proxy/stickiness.h"
#include "rpc/access.h"
#include "rpc/drain_waiter.h"
#include "rpc/grpc_server.h"
#include "rpc/http_api.h"
#include "rpc/http_server.h"
#include "rpc/login_pages.h"
#include "rpc/method_table.h"
#include "rpc/pages.h"
#include "rpc/trino_gateway_api.h"
#include "rpc/work_pool.h"
#include "rules/rule_book.h"
#include "store/history_writer.h"
#include "store/purger.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::app {

class ControlPlane {
 public:
  // What it needs of the running gateway; everything must outlive the control plane.
  struct Parts {
    const Clock& clock;
    telemetry::Logger& logger;
    model::Registry& registry;
    http::asio::io_context& io;
    rules::RuleBook& rule_book;
    proxy::Stickiness& stickiness;
    rpc::PageCallbacks pages;
    std::function<std::vector<std::string>(std::string_view suffix)> owners;
  };

  // Opens the store and publishes what it holds. A database that is away is no error: what the file
  // declares is served, and the rest is taken over when it is back.
  static Expected<std::unique_ptr<ControlPlane>> Open(const AppConfig& config, Parts parts);
  ~ControlPlane();

  // Opens the addresses of the API and begins to follow other instances.
  Expected<void> Start();
  // No new calls; those being answered get their answer. The HTTP side needs the loop to go on
  // until Stopped().
  void Stop();
  bool Stopped() const { return http_server_->Stopped(); }

  // Says on gRPC's health service whether queries are taken.
  void SetServing(bool serving);

  // Puts a query into the history. Never waits.
  void Record(store::QueryRecord query) { history_.Record(std::move(query)); }
  // How many of them the history lost, since the start.
  std::uint64_t history_dropped() const { return history_.dropped(); }

  store::Store& store() { return *store_; }

  // What instances tell each other about probes; null: each probes for itself.
  model::SharedProbes* shared_probes() { return shared_probes_ ? &*shared_probes_ : nullptr; }

 private:
  ControlPlane(const AppConfig& config, Parts parts, std::unique_ptr<store::Store> store);

  void ShareProbes(const AppConfig& config);
  rpc::AccessHooks MakeHooks();
  void WarnIfNobodyGetsIn();
  Expected<bool> WaitForDeletion(const std::function<bool()>& done, std::chrono::seconds limit);

  const AdminConfig config_;
  const proxy::ProxyOptions proxy_;
  const Parts parts_;
  std::unique_ptr<store::Store> store_;
  store::HistoryWriter history_;
  store::Purger purger_;
  admin::Publisher publisher_;
  const std::string instance_id_;  // empty: no others share the database
  admin::Follower follower_;
  std::optional<model::SharedProbes> shared_probes_;
  std::optional<admin::ProbeSharer> probe_sharer_;
  admin::AdminService service_;
  identity::Identity identity_;
  rpc::DrainWaiter drains_;
  rpc::DrainWaiter deletions_;
  const explain::Explainer explainer_;
  const rpc::MethodTable methods_;
  const rpc::Access access_;
  const rpc::TrinoGatewayApi adapter_;
  const rpc::LoginPages login_pages_;
  const rpc::HttpApi http_api_;
  rpc::WorkPool pool_;
  rpc::WorkPool lists_;
  rpc::WorkPool logins_;  // this and the next hand on to those
  rpc::WorkPool directory_;
  std::optional<rpc::HttpServer> http_server_;
  std::optional<rpc::GrpcServer> grpc_server_;
};

}  // namespace gateway::app
