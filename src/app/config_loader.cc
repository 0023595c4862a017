#include "app/config_loader.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "app/config_values.h"
#include "app/declared_reader.h"
#include "app/file_content.h"
#include "app/identity_reader.h"
#include "app/monitor_reader.h"
#include "app/rules_reader.h"
#include "app/yaml_document.h"
#include "app/yaml_reader.h"

namespace gateway::app {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

auto DurationFrom(milliseconds minimum) {
  return [minimum](std::string_view text) { return ParseDuration(text, minimum); };
}

auto SizeBetween(std::size_t minimum, std::size_t maximum) {
  return [=](std::string_view text) { return ParseSize(text, minimum, maximum); };
}

auto CountBetween(std::uint64_t minimum, std::uint64_t maximum) {
  return [=](std::string_view text) { return ParseCount(text, minimum, maximum); };
}

std::string PortsOf(const std::vector<proxy::ListenerOptions>& listeners) {
  std::vector<std::uint16_t> ports;
  ports.reserve(listeners.size());
  for (const auto& listener : listeners) ports.push_back(listener.port);
  return fmt::format("{}", fmt::join(ports, ", "));
}

// Reads one file. The sections know nothing of each other but for the addresses, which must differ.
class ConfigReader {
 public:
  ConfigReader(Problems& problems, const SubstitutionSources& sources)
      : reader_(problems, sources), declared_(reader_), rules_(reader_, sources) {}

  AppConfig Read(const YAML::Node& root);

 private:
  void ReadSettings(MapReader& top);
  void ReadDeclared(MapReader& top);
  void ReadListeners(const Value& section);
  void ReadListener(const Value& value);
  std::vector<AddressBlock> ReadTrustedProxies(MapReader& map);
  void ReadAdmin(const Value& section);
  void ReadStore(const Value& section);
  void ReadHistory(const Value& section);
  void ReadAudit(const Value& section);
  void ReadMonitorOf(const Value& section);
  void ReadRouting(const Value& section);
  void ReadAuth(const Value& section);
  void CheckAuth();
  void ReadTimeouts(const Value& section);
  void ReadLimits(const Value& section);
  void ReadLog(const Value& section);
  std::optional<Address> ReadNewAddress(const std::optional<Value>& value);

  YamlReader reader_;
  DeclaredReader declared_;
  RulesReader rules_;
  AppConfig config_;
  std::vector<Value> needs_provider_;       // settings and policies that delegate authentication
  std::map<std::string, Value> addresses_;  // in use, but for those with port 0
};

AppConfig ConfigReader::Read(const YAML::Node& root) {
  MapReader top(reader_, {root, "", {}});
  if (const auto section = top.Require("listeners")) ReadListeners(*section);
  ReadSettings(top);
  ReadDeclared(top);
  CheckAuth();
  auto rules = std::move(config_.declared.rules);  // from the section routing
  config_.declared = declared_.Finish();
  config_.declared.rules = std::move(rules);
  config_.backend_probes = declared_.TakeBackendProbes();
  return std::move(config_);
}

void ConfigReader::ReadSettings(MapReader& top) {
  if (const auto section = top.Take("admin")) ReadAdmin(*section);
  if (const auto section = top.Take("store")) ReadStore(*section);
  if (const auto section = top.Take("history")) ReadHistory(*section);
  if (const auto section = top.Take("audit")) ReadAudit(*section);
  if (const auto section = top.Take("routing")) ReadRouting(*section);
  if (const auto section = top.Take("auth")) ReadAuth(*section);
  if (const auto section = top.Take("monitor")) ReadMonitorOf(*section);
  if (const auto section = top.Take("timeouts")) ReadTimeouts(*section);
  if (const auto section = top.Take("limits")) ReadLimits(*section);
  top.Read("workers", config_.proxy.workers, CountBetween(0, 1024));
  if (const auto section = top.Take("log")) ReadLog(*section);
}

void ConfigReader::ReadDeclared(MapReader& top) {
  if (const auto section = top.Take("backends")) {
    declared_.ReadBackends(*section, config_.monitor.probe);
  }
  if (const auto section = top.Take("groups")) declared_.ReadGroups(*section);
  if (const auto section = top.Take("policies")) declared_.ReadPolicies(*section);
}

void ConfigReader::ReadListeners(const Value& section) {
  const auto elements = reader_.ReadList(section);
  for (const auto& element : elements) ReadListener(element);
  if (section.node.IsSequence() && elements.empty()) {
    reader_.Report(section, "the list is empty; needed: at least one listener with an address");
  }
}

void ConfigReader::ReadListener(const Value& value) {
  MapReader map(reader_, value);
  proxy::ListenerOptions listener;
  if (const auto address = ReadNewAddress(map.Require("address"))) {
    listener.host = address->host;
    listener.port = address->port;
  }
  map.Read("external_url", listener.external_url, ParseUrl);
  listener.trusted_proxies = ReadTrustedProxies(map);
  if (const auto auth = map.Take("auth")) {
    listener.delegated_auth = reader_.Read(*auth, ParseListenerAuth).value_or(false);
    if (listener.delegated_auth) needs_provider_.push_back(*auth);
  }
  config_.proxy.listeners.push_back(std::move(listener));
}

std::vector<AddressBlock> ConfigReader::ReadTrustedProxies(MapReader& map) {
  std::vector<AddressBlock> proxies;
  const auto list = map.Take("trusted_proxies");
  if (!list) return proxies;
  for (const auto& block : reader_.ReadList(*list)) {
    if (auto parsed = reader_.Read(block, AddressBlock::Parse)) {
      proxies.push_back(*std::move(parsed));
    }
  }
  return proxies;
}

void ConfigReader::ReadAdmin(const Value& section) {
  MapReader map(reader_, section);
  if (const auto address = ReadNewAddress(map.Take("address"))) {
    config_.admin.host = address->host;
    config_.admin.port = address->port;
  }
  config_.admin.grpc = ReadNewAddress(map.Take("grpc_address"));
  map.Read("token", config_.admin.token, ParseToken);
  map.Read("trino_gateway_api", config_.admin.trino_gateway_api, ParseBool);
  config_.admin.trusted_proxies = ReadTrustedProxies(map);
  config_.admin.identity = IdentityReader(reader_).Read(map, config_.admin.token);
}

void ConfigReader::ReadStore(const Value& section) {
  MapReader map(reader_, section);
  if (const auto url = map.Require("url")) {
    if (auto parsed = reader_.Read(*url, ParseStoreUrl)) config_.store.url = *std::move(parsed);
  }
  auto& store = config_.store;
  const auto timeout = DurationFrom(milliseconds(10));
  map.Read("migrate", store.migrate, ParseBool);
  map.Read("connections", store.connections, CountBetween(1, 100));
  map.Read("acquire_timeout", store.acquire_timeout, timeout);
  map.Read("connect_timeout", store.connect_timeout, timeout);
  map.Read("statement_timeout", store.statement_timeout, timeout);
}

void ConfigReader::ReadHistory(const Value& section) {
  MapReader map(reader_, section);
  auto& history = config_.history;
  map.Read("enabled", history.enabled, ParseBool);
  map.Read("retention_days", history.retention_days, CountBetween(1, 3650));
  map.Read("queue", history.capacity, CountBetween(1, 1'000'000));
  map.Read("max_text", history.max_text, SizeBetween(0, 1 * kMiB));
}

void ConfigReader::ReadAudit(const Value& section) {
  MapReader map(reader_, section);
  map.Read("retention_days", config_.audit_retention_days, CountBetween(0, 36'500));
}

void ConfigReader::ReadMonitorOf(const Value& section) {
  config_.monitor = ReadMonitor(reader_, section);
  if (config_.monitor.shared && config_.store.url.starts_with("sqlite:")) {
    reader_.Report(section,
                   "shared needs a database that instances share; allowed in store.url: "
                   "postgresql://..., mysql://...");
  }
}

void ConfigReader::ReadRouting(const Value& section) {
  MapReader map(reader_, section);
  if (const auto value = map.Take("default_group")) {
    if (auto id = reader_.Read(*value, ParseId)) {
      declared_.SetDefaultGroup(*value, *id);
      config_.default_group = *std::move(id);
    }
  }
  map.Read("backend_header", config_.proxy.backend_header, ParseBool);
  map.Read("transactions", config_.proxy.refuse_transactions, ParseTransactions);
  map.Read("session_header", config_.proxy.session_header, ParseHeaderName);
  if (const auto rules = map.Take("rules")) config_.declared.rules = rules_.ReadRules(*rules);
  if (const auto external = map.Take("external")) {
    config_.proxy.external_router = rules_.ReadExternal(*external);
  }
}

void ConfigReader::ReadAuth(const Value& section) {
  MapReader map(reader_, section);
  if (const auto delegated = map.Take("delegated")) {
    config_.proxy.delegated_auth = rules_.ReadDelegatedAuth(*delegated);
  }
}

// A listener that asks for a check which nobody is there to make would let nobody in, and a policy
// for a port that is not there would check nothing.
void ConfigReader::CheckAuth() {
  constexpr auto kNeedsProvider = "needs the section auth.delegated, with the url of the provider";
  const auto& listeners = config_.proxy.listeners;
  for (const auto& [policy, port] : declared_.delegations()) {
    // Port 0 may become any.
    const bool known = std::ranges::any_of(listeners, [&](const auto& listener) {
      return listener.port == port || listener.port == 0;
    });
    if (!known) {
      reader_.Report(policy, fmt::format("auth_delegated is for port {}, but no listener has it; "
                                         "ports of listeners: {}",
                                         port, PortsOf(listeners)));
    }
    needs_provider_.push_back(policy);
  }
  if (config_.proxy.delegated_auth) return;
  for (const auto& setting : needs_provider_) reader_.Report(setting, kNeedsProvider);
}

void ConfigReader::ReadTimeouts(const Value& section) {
  MapReader map(reader_, section);
  auto& timeouts = config_.proxy.timeouts;
  const auto positive = DurationFrom(milliseconds(1));
  map.Read("request_head", timeouts.request_head, positive);
  map.Read("client_idle", timeouts.client_idle, positive);
  map.Read("request_body", timeouts.request_body, positive);
  map.Read("connect", timeouts.connect, positive);
  map.Read("submit_head", timeouts.submit_head, positive);
  map.Read("response_head", timeouts.response_head, positive);
  map.Read("response_body", timeouts.response_body, positive);
  map.Read("half_closed", timeouts.half_closed, positive);
  map.Read("upstream_idle", timeouts.upstream_idle, positive);
  map.Read("shutdown_grace", timeouts.shutdown_grace, DurationFrom(milliseconds(0)));
}

void ConfigReader::ReadLimits(const Value& section) {
  MapReader map(reader_, section);
  auto& limits = config_.proxy.limits;
  map.Read("head_bytes", limits.head_bytes, SizeBetween(1 * kKiB, 1 * kMiB));
  map.Read("header_count", limits.header_count, CountBetween(10, 10'000));
  map.Read("replay_bytes", limits.replay_bytes, SizeBetween(0, 64 * kMiB));
  map.Read("client_connections", limits.client_connections, CountBetween(1, 1'000'000));
  map.Read("upstream_idle_per_backend", limits.upstream_idle_per_backend, CountBetween(0, 10'000));
  map.Read("retry_percent", config_.proxy.retries.percent, CountBetween(0, 1000));
  map.Read("retries_per_second", config_.proxy.retries.min_per_second, CountBetween(0, 10'000));
}

void ConfigReader::ReadLog(const Value& section) {
  MapReader map(reader_, section);
  map.Read("level", config_.log.level, telemetry::ParseLevel);
  map.Read("access", config_.log.access.mode, ParseAccessMode);
  map.Read("access_sample", config_.log.access.sample_every, CountBetween(1, 1'000'000));
}

// An address that nothing in the file uses yet.
std::optional<Address> ConfigReader::ReadNewAddress(const std::optional<Value>& value) {
  if (!value) return std::nullopt;
  auto address = reader_.Read(*value, ParseAddress);
  if (!address || address->port == 0) return address;
  const auto [user, added] = addresses_.emplace(address->ToString(), *value);
  if (!added) {
    reader_.Report(
        *value,
        fmt::format("'{}' is used by {} already (line {}); each needs an address "
                    "of its own",
                    value->node.Scalar(), user->second.path, user->second.position.line + 1));
  }
  return address;
}

std::string DirectoryOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

}  // namespace

Expected<AppConfig> ParseConfig(std::string_view text,
                                const std::string& file_name,
                                const SubstitutionSources& sources) {
  Problems problems(file_name);
  if (text.size() > kMaxConfigBytes) {
    problems.Add({}, fmt::format("the file is larger than {} MiB; that much is allowed",
                                 kMaxConfigBytes / kMiB));
    return std::unexpected(problems.ToError());
  }
  const auto root = ParseYaml(text, problems);
  if (!root) return std::unexpected(problems.ToError());
  auto config = ConfigReader(problems, sources).Read(*root);
  if (!problems.empty()) return std::unexpected(problems.ToError());
  return config;
}

Expected<AppConfig> LoadConfig(const std::string& path) {
  const auto text = ReadFile(path, kMaxConfigBytes, FileKind::kAny);
  if (!text) {
    return Fail(text.error().code,
                fmt::format("{}: cannot be read: {}", path, text.error().message));
  }
  return ParseConfig(*text, path, SystemSources(DirectoryOf(path)));
}

}  // namespace gateway::app
