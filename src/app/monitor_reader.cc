#include "app/monitor_reader.h"

#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "app/config_values.h"

namespace gateway::app {
namespace {

using monitor::ProbeStep;
using monitor::ProbeType;
using std::chrono::milliseconds;

// Renewing a lease more often would be most of what the database does.
constexpr std::chrono::seconds kLeastSharedInterval{1};

auto DurationFrom(milliseconds minimum) {
  return [minimum](std::string_view text) { return ParseDuration(text, minimum); };
}

auto CountBetween(std::uint64_t minimum, std::uint64_t maximum) {
  return [=](std::string_view text) { return ParseCount(text, minimum, maximum); };
}

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

Expected<double> ParseNumber(std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && std::isfinite(number)) return number;
  return Refuse(fmt::format("'{}' is not allowed; allowed: a number such as 3 or 0.5", text));
}

Expected<model::Registry::MarksHold> ParseMarks(std::string_view text) {
  if (text == "until_probe") return model::Registry::MarksHold::kUntilReport;
  if (text == "until_cleared") return model::Registry::MarksHold::kUntilCleared;
  return Refuse(fmt::format("'{}' is not allowed; allowed: until_probe, until_cleared", text));
}

// What a step has unless it says otherwise.
struct StepDefaults {
  milliseconds timeout;
  std::string sql;
};

void ReadBounds(YamlReader& reader, const Value& value, ProbeStep& step) {
  MapReader map(reader, value);
  monitor::Bounds bounds;
  if (const auto name = map.Require("name")) {
    if (auto text = reader.Read(*name, ParseUser)) bounds.name = *std::move(text);
    if (step.type == ProbeType::kJmx && bounds.name.find('/') == std::string::npos) {
      reader.Report(*name,
                    "it must name an MBean and its attribute, such as "
                    "trino.execution:name=QueryManager/QueuedQueries");
    }
  }
  map.Read("min", bounds.minimum, ParseNumber);
  map.Read("max", bounds.maximum, ParseNumber);
  if (!bounds.minimum && !bounds.maximum) reader.Report(value, "needed: min, max or both");
  step.bounds.push_back(std::move(bounds));
}

ProbeStep ReadStep(YamlReader& reader, const Value& value, const StepDefaults& defaults) {
  MapReader map(reader, value);
  ProbeStep step;
  step.timeout = defaults.timeout;
  step.sql = defaults.sql;
  if (const auto type = map.Require("type")) {
    step.type = reader.Read(*type, monitor::ParseProbeType).value_or(ProbeType::kInfo);
  }
  map.Read("timeout", step.timeout, DurationFrom(milliseconds(10)));
  if (step.type == ProbeType::kSql) {
    map.Read("sql", step.sql, ParseText);
    map.Read("expect", step.expect, ParseText);
    map.Read("always", step.always, ParseBool);
  } else if (step.type != ProbeType::kInfo) {
    const auto bounds = map.Require("bounds");
    if (!bounds) return step;
    for (const auto& element : reader.ReadList(*bounds)) ReadBounds(reader, element, step);
    if (bounds->node.IsSequence() && step.bounds.empty()) {
      reader.Report(*bounds, "the list is empty; needed: at least one value with its bounds");
    }
  }
  return step;
}

void ReadSteps(YamlReader& reader,
               MapReader& map,
               const std::optional<milliseconds>& timeout,
               monitor::ProbeSettings& settings) {
  StepDefaults defaults{timeout.value_or(settings.load_timeout), ProbeStep{}.sql};
  std::optional<std::string> sql;
  map.Read("probe_sql", sql, ParseText);
  if (const auto probes = map.Take("probes")) {
    defaults.sql = sql.value_or(defaults.sql);
    settings.steps.clear();
    for (const auto& element : reader.ReadList(*probes)) {
      settings.steps.push_back(ReadStep(reader, element, defaults));
    }
    return;
  }
  for (auto& step : settings.steps) {
    if (timeout) step.timeout = *timeout;
    if (sql && step.type == ProbeType::kSql) step.sql = *sql;
  }
}

void ReadCredentials(YamlReader& reader,
                     MapReader& map,
                     const Value& section,
                     monitor::Credentials& credentials) {
  map.Read("user", credentials.user, ParseUser);
  const auto password = map.Take("password");
  const auto token = map.Take("token");
  // One kind replaces the other, which may come from the settings for all backends.
  if (password || token) credentials.password = credentials.token = "";
  if (password) credentials.password = reader.Read(*password, ParseSecret).value_or("");
  if (token) credentials.token = reader.Read(*token, ParseToken).value_or("");
  if (password && token) {
    reader.Report(*token, "a password is given already; one of the two must be left out");
  }
  auto& tls = credentials.tls;
  const auto before = tls;
  map.Read("ca_file", tls.ca_file, ParseText);
  map.Read("certificate_file", tls.certificate_file, ParseText);
  map.Read("key_file", tls.key_file, ParseText);
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    reader.Report(section, "certificate_file and key_file must be given together");
  } else if (tls != before) {
    const auto made = http::TlsClient::Create(tls);
    if (!made) reader.Report(section, made.error().message);
  }
}

Expected<double> ParseTimes(std::string_view text) {
  const auto number = ParseNumber(text);
  if (!number || *number > 1) return number;
  return Refuse(fmt::format("'{}' is not allowed; allowed: a number above 1", text));
}

// The section alone switches it on.
void ReadLatency(YamlReader& reader, const Value& section, monitor::LatencyRule& rule) {
  MapReader map(reader, section);
  rule.enabled = true;
  map.Read("enabled", rule.enabled, ParseBool);
  map.Read("at_least", rule.at_least, DurationFrom(milliseconds(1)));
  map.Read("times", rule.times, ParseTimes);
  map.Read("requests", rule.requests, CountBetween(1, 1'000'000));
  map.Read("window", rule.window, DurationFrom(milliseconds(1000)));
  map.Read("eject_for", rule.eject_for, DurationFrom(milliseconds(1000)));
  map.Read("max_ejected_percent", rule.max_ejected_percent, CountBetween(1, 50));
}

void ReadErrors(YamlReader& reader, const Value& section, monitor::ErrorRule& rule) {
  MapReader map(reader, section);
  map.Read("enabled", rule.enabled, ParseBool);
  map.Read("in_row", rule.in_row, CountBetween(1, 1'000'000));
  map.Read("eject_for", rule.eject_for, DurationFrom(milliseconds(1000)));
  map.Read("max_ejected_percent", rule.max_ejected_percent, CountBetween(1, 50));
}

void ReadProbes(YamlReader& reader,
                MapReader& map,
                const Value& section,
                monitor::ProbeSettings& settings) {
  std::optional<milliseconds> timeout;
  map.Read("timeout", timeout, DurationFrom(milliseconds(10)));
  if (timeout) settings.load_timeout = *timeout;
  ReadSteps(reader, map, timeout, settings);
  ReadCredentials(reader, map, section, settings.credentials);
  map.Read("load_source", settings.load_source, monitor::ParseLoadSource);
  map.Read("min_active_workers", settings.min_active_workers, CountBetween(0, 1'000'000));
  if (const auto latency = map.Take("latency")) ReadLatency(reader, *latency, settings.latency);
  if (const auto errors = map.Take("errors")) ReadErrors(reader, *errors, settings.errors);
  if (settings.min_active_workers > 0 && !CountsWorkers(settings.load_source)) {
    reader.Report(section,
                  fmt::format("min_active_workers needs a load_source that counts workers, "
                              "which {} does not; allowed: sql, metrics, jmx, ui_api",
                              NameOf(settings.load_source)));
  }
}

}  // namespace

MonitorConfig ReadMonitor(YamlReader& reader, const Value& section) {
  MapReader map(reader, section);
  MonitorConfig config;
  map.Read("interval", config.interval, DurationFrom(milliseconds(100)));
  map.Read("fall", config.fall, CountBetween(1, 100));
  map.Read("rise", config.rise, CountBetween(1, 100));
  map.Read("stats_valid_for", config.stats_valid_for, DurationFrom(milliseconds(100)));
  map.Read("marks", config.marks, ParseMarks);
  map.Read("shared", config.shared, ParseBool);
  if (config.shared && config.interval < kLeastSharedInterval) {
    reader.Report(section, "shared needs an interval of at least 1s");
  }
  ReadProbes(reader, map, section, config.probe);
  return config;
}

monitor::ProbeSettings ReadProbeSettings(YamlReader& reader,
                                         const Value& section,
                                         const monitor::ProbeSettings& defaults) {
  MapReader map(reader, section);
  auto settings = defaults;
  ReadProbes(reader, map, section, settings);
  return settings;
}

}  // namespace gateway::app
