#include "app/gateway.h"

#include <csignal>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "app/config_loader.h"

namespace gateway::app {
namespace {

using telemetry::Level;

constexpr std::chrono::milliseconds kTick{20};
constexpr std::chrono::seconds kFirstProbesWait{2};
constexpr std::chrono::seconds kFileCheckInterval{1};

monitor::MonitorOptions ToMonitorOptions(const AppConfig& all, proxy::Stickiness& stickiness) {
  const auto& config = all.monitor;
  monitor::MonitorOptions options;
  options.interval = config.interval;
  options.hysteresis = {config.fall, config.rise};
  options.stats_valid_for = config.stats_valid_for;
  options.probe = config.probe;
  options.backends = all.backend_probes;
  options.on_suffix = [&stickiness](std::string_view suffix, std::string_view backend_id) {
    stickiness.Learn(suffix, backend_id);
  };
  return options;
}

// An exception here would be a bug of ours: it must not pass silently.
void Rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Gateway::Gateway(AppConfig config, std::string config_path)
    : config_(std::move(config)),
      config_path_(std::move(config_path)),
      logger_(config_.log.level),
      access_log_(logger_, config_.log.access),
      registry_(clock_, config_.default_group),
      signals_(io_.get_executor()),
      file_timer_(io_.get_executor()),
      file_watcher_(config_path_) {}

Gateway::~Gateway() {
  // Nothing may call into rooms that are gone: workers first, then the control loop.
  if (server_) server_->Finish();
}

Expected<std::unique_ptr<Gateway>> Gateway::Create(AppConfig config, std::string config_path) {
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(config), std::move(config_path)));
  if (auto opened = gateway->OpenStore(); !opened) return std::unexpected(opened.error());
  return gateway;
}

Expected<void> Gateway::OpenStore() {
  auto store = store::Store::Open(config_.store_url, clock_);
  if (!store) return std::unexpected(std::move(store).error());
  store_ = std::move(*store);
  auto stored = store_->LoadConfiguration();
  if (!stored) return std::unexpected(std::move(stored).error());
  const auto suffixes = store_->LoadSuffixes();
  if (!suffixes) return std::unexpected(suffixes.error());

  registry_.ReplaceStored(std::move(*stored));
  registry_.ReplaceFile(config_.declared, config_.default_group);
  suffix_keeper_.emplace(*store_, logger_);
  stickiness_.emplace([this](const proxy::Sighting& sighting) { suffix_keeper_->Keep(sighting); });
  for (const auto& sighting : *suffixes) {
    stickiness_->Learn(sighting.suffix, sighting.backend_id);
  }
  return {};
}

Expected<void> Gateway::Start() {
  registry_.SetMarksHold(config_.monitor.marks);
  monitor_.emplace(ToMonitorOptions(config_, *stickiness_), io_, clock_, registry_, logger_,
                   metrics_);
  proxy::ProxySignals signals;
  signals.backend_failed = [this](std::string_view id, std::string_view failure_class) {
    monitor_->ReportFailure(id, failure_class);
  };
  signals.process_forwarded = [this](std::string_view id, bool takes) {
    registry_.ReportProcessForwarded(id, takes);
  };
  server_.emplace(config_.proxy, clock_, logger_, metrics_, access_log_, *stickiness_,
                  std::move(signals), registry_.Current());
  registry_.Subscribe([this](const model::SnapshotPtr& snapshot) { server_->Publish(snapshot); });

  admin_service_.emplace(registry_, *store_, logger_);
  admin_server_.emplace(
      admin::ServerOptions{config_.admin.host, config_.admin.port, config_.admin.token}, io_,
      *admin_service_,
      admin::ServerCallbacks{[this] { return NotReady(); }, [this] { return Scrape(); }}, logger_);
  const auto admin_port = admin_server_->Start();
  if (!admin_port) return std::unexpected(admin_port.error());
  logger_.Event(Level::kInfo, "admin.listening",
                {{"address", config_.admin.host}, {"port", *admin_port}});
  monitor_->Start();
  return {};
}

// Listens once the first probes have ended, so that no query meets a gateway that does not know its
// clusters yet. One that hangs does not hold up the others for long.
http::Awaitable<void> Gateway::StartServing() {
  const auto deadline = clock_.Now() + kFirstProbesWait;
  do {
    co_await Pause(kTick);
  } while (!stopping_ && !monitor_->ProbedAll() && clock_.Now() < deadline);
  if (stopping_) co_return;
  const auto ports = server_->Start();
  if (!ports) {
    failure_ = ports.error();
    stopping_ = true;
    co_return co_await Drain();
  }
  for (std::size_t i = 0; i < ports->size(); ++i) {
    logger_.Event(Level::kInfo, "gateway.listening",
                  {{"address", config_.proxy.listeners[i].host}, {"port", (*ports)[i]}});
  }
  serving_ = true;
}

Expected<void> Gateway::Run() {
  if (auto started = Start(); !started) return started;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
  http::asio::co_spawn(io_, HandleSignals(), Rethrow);
  http::asio::co_spawn(io_, WatchFile(), Rethrow);
  http::asio::co_spawn(io_, StartServing(), Rethrow);
  io_.run();
  if (failure_) return std::unexpected(*failure_);
  logger_.Event(Level::kInfo, "gateway.stopped", {});
  return {};
}

http::Awaitable<void> Gateway::HandleSignals() {
  // Drain() may be over before it returns here: then nobody would cancel another wait.
  while (!drained_) {
    const auto [ec, signal] = co_await signals_.async_wait(http::kTuple);
    if (ec) co_return;
    if (signal == SIGHUP) {
      Reload("SIGHUP");
    } else if (stopping_) {
      impatient_ = true;
    } else {
      stopping_ = true;
      http::asio::co_spawn(io_, Drain(), Rethrow);
    }
  }
}

http::Awaitable<void> Gateway::Drain() {
  logger_.Event(Level::kInfo, "gateway.draining",
                {{"grace_ms", config_.proxy.timeouts.shutdown_grace.count()}});
  server_->BeginStop();
  const auto deadline = clock_.Now() + config_.proxy.timeouts.shutdown_grace;
  while (!server_->Stopped() && !impatient_ && clock_.Now() < deadline) co_await Pause(kTick);
  if (!server_->Stopped()) {
    logger_.Event(Level::kWarn, "gateway.exchanges_cut_off",
                  {{"reason", impatient_ ? "second signal" : "grace time is over"}});
  }
  server_->Finish();
  monitor_->Stop();
  admin_server_->Stop();
  drained_ = true;
  signals_.cancel();
  file_timer_.cancel();
}

http::Awaitable<void> Gateway::WatchFile() {
  while (!stopping_) {
    file_timer_.expires_after(kFileCheckInterval);
    co_await file_timer_.async_wait(http::kTuple);
    if (!stopping_ && file_watcher_.Changed()) Reload("file changed");
  }
}

http::Awaitable<void> Gateway::Pause(std::chrono::milliseconds time) {
  http::Timer timer(io_.get_executor(), time);
  co_await timer.async_wait(http::kTuple);
}

void Gateway::Reload(std::string_view cause) {
  auto next = LoadConfig(config_path_);
  metrics_.ConfigReloaded(next.has_value());
  if (!next) {
    logger_.Event(Level::kError, "config.refused",
                  {{"cause", cause}, {"reason", next.error().message}});
    return;
  }
  for (const auto& setting : ImmutableChanges(config_, *next)) {
    logger_.Event(Level::kWarn, "config.needs_restart", {{"setting", setting}});
  }
  config_.declared = std::move(next->declared);
  config_.default_group = std::move(next->default_group);
  config_.backend_probes = std::move(next->backend_probes);
  monitor_->UseSettings(config_.backend_probes);
  registry_.ReplaceFile(config_.declared, config_.default_group);
  logger_.Event(Level::kInfo, "config.reloaded",
                {{"cause", cause},
                 {"backends", config_.declared.backends.size()},
                 {"groups", config_.declared.groups.size()},
                 {"policies", config_.declared.policies.size()}});
}

std::optional<std::string> Gateway::NotReady() const {
  if (stopping_) return "the gateway is stopping";
  if (!serving_) return "the first health probes are running";
  return std::nullopt;
}

std::string Gateway::Scrape() {
  for (const auto& state : registry_.Current()->backends()) {
    metrics_.BackendInFlight(state->backend.id,
                             state->counters->in_flight.load(std::memory_order_relaxed));
    const auto left = state->Left(clock_.Now());
    metrics_.BackendLeft(state->backend.id, left.queries, left.transactions);
  }
  metrics_.LogLinesDropped(logger_.dropped());
  return metrics_.Expose();
}

}  // namespace gateway::app
