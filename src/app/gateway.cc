#include "app/gateway.h"

#include <csignal>
#include <filesystem>
#include <ranges>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "app/config_loader.h"
#include "base/process_descriptors.h"

namespace gateway::app {
namespace {

using telemetry::Level;

constexpr std::chrono::milliseconds kTick{20};
constexpr std::chrono::seconds kFirstProbesWait{2};
constexpr std::chrono::seconds kFileCheckInterval{1};
// Besides those of exchanges: the admin API, unused connections to backends, probes, the store.
constexpr std::size_t kOtherDescriptors = 512;

monitor::MonitorOptions ToMonitorOptions(const AppConfig& all,
                                         model::SharedProbes* shared,
                                         proxy::Stickiness& stickiness) {
  const auto& config = all.monitor;
  monitor::MonitorOptions options;
  options.interval = config.interval;
  options.hysteresis = {config.fall, config.rise};
  options.stats_valid_for = config.stats_valid_for;
  options.probe = config.probe;
  options.backends = all.backend_probes;
  options.shared = shared;
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
      rule_book_(clock_),
      signals_(io_.get_executor()),
      // Nothing is learned before the keeper is there.
      stickiness_([this](const proxy::Sighting& sighting) { suffix_keeper_->Keep(sighting); }),
      file_timer_(io_.get_executor()),
      file_watcher_(config_path_) {}

Gateway::~Gateway() {
  // Nothing may call into rooms that are gone: workers first, then the control loop.
  if (server_) server_->Finish();
}

Expected<std::unique_ptr<Gateway>> Gateway::Create(AppConfig config, std::string config_path) {
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(config), std::move(config_path)));
  if (auto opened = gateway->OpenControlPlane(); !opened) return std::unexpected(opened.error());
  if (auto taken = gateway->TakeRules(gateway->config_); !taken) {
    return std::unexpected(taken.error());
  }
  gateway->WatchScripts();
  return gateway;
}

Expected<void> Gateway::OpenControlPlane() {
  registry_.SetMarksHold(config_.monitor.marks);  // stored ones are taken over by Open()
  registry_.ReplaceFile(config_.declared, config_.default_group);
  auto opened = ControlPlane::Open(
      config_,
      {clock_, logger_, registry_, io_, rule_book_, stickiness_,
       rpc::PageCallbacks{[this] { return NotReady(); }, [this] { return scrapes_.Text(); }},
       [this](std::string_view suffix) { return OwnersOf(suffix); }});
  if (!opened) return std::unexpected(std::move(opened).error());
  control_plane_ = *std::move(opened);

  suffix_keeper_.emplace(control_plane_->store(), logger_);
  const auto suffixes = control_plane_->store().LoadSuffixes();
  // Without the database they are learned from answers and probes.
  if (!suffixes && suffixes.error().code != ErrorCode::kUnavailable) {
    return std::unexpected(suffixes.error());
  }
  if (!suffixes) return {};
  for (const auto& sighting : *suffixes) {
    stickiness_.Learn(sighting.suffix, sighting.backend_id);
  }
  return {};
}

proxy::ProxySignals Gateway::MakeSignals() {
  proxy::ProxySignals signals;
  signals.backend_failed = [this](std::string_view id, std::string_view failure_class) {
    monitor_->ReportFailure(id, failure_class);
  };
  signals.backend_doubted = [this](std::string_view id, std::string_view failure_class) {
    monitor_->ReportDoubt(id, failure_class);
  };
  signals.process_forwarded = [this](std::string_view id, bool takes) {
    registry_.ReportProcessForwarded(id, takes);
  };
  if (config_.history.enabled) {
    signals.submitted = [this](const proxy::ProxySignals::Submission& submission) {
      RecordQuery(submission);
    };
  }
  return signals;
}

void Gateway::RecordQuery(const proxy::ProxySignals::Submission& submission) {
  store::QueryRecord query;
  query.id = submission.query_id;
  // More than is kept would only be copied to be cut off.
  if (submission.text) query.text = submission.text->substr(0, config_.history.max_text + 1);
  query.user = submission.user;
  query.source = submission.source;
  query.client = submission.client;
  query.group_id = submission.group_id;
  query.backend_id = submission.backend_id;
  query.server_host = submission.host;
  query.trace = submission.trace;
  query.submitted = clock_.WallNow();
  control_plane_->Record(std::move(query));
}

std::vector<std::string> Gateway::OwnersOf(std::string_view suffix) const {
  std::vector<std::string> owners;
  for (const auto& sighting : *stickiness_.table() | std::views::reverse) {
    if (sighting.suffix == suffix) owners.push_back(sighting.backend_id);
  }
  return owners;
}

void Gateway::RaiseLimits() {
  const auto limit = RaiseDescriptorLimit();
  // A client's connection, and the one to the backend that its request is passed on to.
  const auto needed = 2 * config_.proxy.limits.client_connections + kOtherDescriptors;
  if (limit >= needed) return;
  logger_.Event(
      Level::kWarn, "gateway.few_descriptors",
      {{"limit", limit},
       {"needed", needed},
       {"effect", "connections fail before there are limits.client_connections"},
       {"reason", "raise the hard limit (ulimit -Hn), or lower limits.client_connections"}});
}

Expected<void> Gateway::Start() {
  RaiseLimits();
  monitor_.emplace(ToMonitorOptions(config_, control_plane_->shared_probes(), stickiness_), io_,
                   clock_, registry_, logger_, metrics_);
  server_.emplace(config_.proxy, clock_, logger_, metrics_, access_log_, stickiness_, rule_book_,
                  MakeSignals(), registry_.Current());
  registry_.Subscribe([this](const model::SnapshotPtr& snapshot) { server_->Publish(snapshot); });
  if (auto started = control_plane_->Start(); !started) return started;
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
  control_plane_->SetServing(true);
}

Expected<void> Gateway::Run() {
  if (auto started = Start(); !started) return started;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
  http::asio::co_spawn(io_, HandleSignals(), Rethrow);
  http::asio::co_spawn(io_, WatchFiles(), Rethrow);
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
  control_plane_->SetServing(false);
  server_->BeginStop();
  const auto deadline = clock_.Now() + config_.proxy.timeouts.shutdown_grace;
  while (!server_->Stopped() && !impatient_ && clock_.Now() < deadline) co_await Pause(kTick);
  if (!server_->Stopped()) {
    logger_.Event(Level::kWarn, "gateway.exchanges_cut_off",
                  {{"reason", impatient_ ? "second signal" : "grace time is over"}});
  }
  server_->Finish();
  monitor_->Stop();
  control_plane_->Stop();
  drained_ = true;
  signals_.cancel();
  file_timer_.cancel();
}

http::Awaitable<void> Gateway::WatchFiles() {
  while (!stopping_) {
    file_timer_.expires_after(kFileCheckInterval);
    co_await file_timer_.async_wait(http::kTuple);
    if (!stopping_ && FilesChanged()) Reload("file changed");
  }
}

// Each is asked, so that one reload takes over all changes.
bool Gateway::FilesChanged() {
  bool changed = file_watcher_.Changed();
  for (auto& watcher : script_watchers_) changed = watcher.Changed() || changed;
  return changed;
}

Expected<void> Gateway::TakeRules(const AppConfig& config) {
  return rule_book_.ReplaceFile(rules::RulesOf(config.declared.rules));
}

void Gateway::WatchScripts() {
  script_watchers_.clear();
  const auto directory = std::filesystem::path(config_path_).parent_path();
  for (const auto& rule : config_.declared.rules) {
    script_watchers_.emplace_back((directory / rule.file).string());
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
  if (const auto taken = TakeRules(*next); !taken) {
    logger_.Event(Level::kError, "config.refused",
                  {{"cause", cause}, {"reason", taken.error().message}});
    return;
  }
  for (const auto& setting : ImmutableChanges(config_, *next)) {
    logger_.Event(Level::kWarn, "config.needs_restart", {{"setting", setting}});
  }
  config_.declared = std::move(next->declared);
  config_.default_group = std::move(next->default_group);
  config_.backend_probes = std::move(next->backend_probes);
  monitor_->UseSettings(config_.backend_probes);
  WatchScripts();
  registry_.ReplaceFile(config_.declared, config_.default_group);
  logger_.Event(Level::kInfo, "config.reloaded",
                {{"cause", cause},
                 {"backends", config_.declared.backends.size()},
                 {"groups", config_.declared.groups.size()},
                 {"policies", config_.declared.policies.size()},
                 {"rules", config_.declared.rules.size()}});
}

std::optional<std::string> Gateway::NotReady() const {
  if (stopping_) return "the gateway is stopping";
  if (!serving_) return "the first health probes are running";
  return std::nullopt;
}

std::string Gateway::Scrape() {
  monitor::ShowBackends(*registry_.Current(), clock_.Now(), metrics_);
  metrics_.LogLinesDropped(logger_.dropped());
  metrics_.HistoryRowsDropped(control_plane_->history_dropped());
  metrics_.Scraped();
  return metrics_.Expose();
}

}  // namespace gateway::app
