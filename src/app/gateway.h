// The running gateway: all rooms wired together, from start to SIGTERM.
//
// The thread that calls Run() is the control thread: probes, admin API, signals and reloads happen
// there; workers have threads of their own, and so has the store.
// Members are declared in the order in which they are needed, so they end in the reverse one.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/basic_signal_set.hpp>

#include "app/config.h"
#include "app/control_plane.h"
#include "app/file_watcher.h"
#include "app/suffix_keeper.h"
#include "base/clock.h"
#include "http/asio.h"
#include "model/registry.h"
#include "monitor/monitor.h"
#include "proxy/server.h"
#include "proxy/stickiness.h"
#include "rules/rule_book.h"
#include "telemetry/access_log.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"
#include "telemetry/scrape_cache.h"

namespace gateway::app {

class Gateway {
 public:
  // Opens the control plane and loads what it holds. Errors are for the operator and say what to
  // do.
  static Expected<std::unique_ptr<Gateway>> Create(AppConfig config, std::string config_path);
  ~Gateway();

  // Serves until SIGTERM or SIGINT and until exchanges in progress have ended, or the grace time
  // is over. A second signal ends the waiting. Errors: a listener's address cannot be used.
  Expected<void> Run();

 private:
  using SignalSet = boost::asio::basic_signal_set<http::Executor>;

  Gateway(AppConfig config, std::string config_path);

  Expected<void> OpenControlPlane();
  proxy::ProxySignals MakeSignals();
  void RecordQuery(const proxy::ProxySignals::Submission& submission);
  std::vector<std::string> OwnersOf(std::string_view suffix) const;
  Expected<void> Start();
  void RaiseLimits();
  http::Awaitable<void> StartServing();
  http::Awaitable<void> HandleSignals();
  http::Awaitable<void> WatchFiles();
  bool FilesChanged();
  Expected<void> TakeRules(const AppConfig& config);
  void WatchScripts();
  http::Awaitable<void> Drain();
  http::Awaitable<void> Pause(std::chrono::milliseconds time);
  void Reload(std::string_view cause);
  std::optional<std::string> NotReady() const;
  std::string Scrape();

  AppConfig config_;
  const std::string config_path_;
  const SystemClock clock_;
  telemetry::Logger logger_;
  telemetry::Metrics metrics_;
  telemetry::ScrapeCache scrapes_{clock_, [this] { return Scrape(); }};
  telemetry::AccessLog access_log_;
  model::Registry registry_;
  rules::RuleBook rule_book_;
  http::asio::io_context io_{1};
  SignalSet signals_;  // outlives the rooms, whose end may take a while: a SIGHUP then does no harm
  proxy::Stickiness stickiness_;
  std::unique_ptr<ControlPlane> control_plane_;
  std::optional<SuffixKeeper> suffix_keeper_;
  std::optional<monitor::Monitor> monitor_;
  std::optional<proxy::Server> server_;
  http::Timer file_timer_;
  FileWatcher file_watcher_;
  std::vector<FileWatcher> script_watchers_;  // of routing.rules
  std::optional<Error> failure_;
  bool serving_ = false;
  bool stopping_ = false;
  bool drained_ = false;
  bool impatient_ = false;  // a second signal came
};

}  // namespace gateway::app
