#include "monitor/findings.h"

#include <array>
#include <charconv>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace gateway::monitor {
namespace {

namespace json = boost::json;

std::optional<json::value> Parse(std::string_view text) {
  boost::system::error_code ec;
  auto value = json::parse(json::string_view(text.data(), text.size()), ec);
  if (ec) return std::nullopt;
  return value;
}

const json::value* Member(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object ? object->if_contains(json::string_view(name.data(), name.size())) : nullptr;
}

std::string TextOf(const json::value* value) {
  if (!value || !value->is_string()) return {};
  return std::string(value->get_string());
}

// "http://host:port/path?query" without what is before the path: a probe always talks to the
// address it was told.
std::string TargetOf(std::string_view uri) {
  const auto scheme = uri.find("://");
  const auto path = uri.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  return path == std::string_view::npos ? "/" : std::string(uri.substr(path));
}

}  // namespace

std::optional<double> ParseDuration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 7> kUnits = {{
      {"ns", 1e-9},
      {"us", 1e-6},
      {"ms", 1e-3},
      {"s", 1},
      {"m", 60},
      {"h", 3600},
      {"d", 86400},
  }};
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  for (const auto& [name, seconds] : kUnits) {
    if (name == unit) return number * seconds;
  }
  return std::nullopt;
}

Expected<Info> ParseInfo(std::string_view text) {
  const auto value = Parse(text);
  const auto* starting = value ? Member(*value, "starting") : nullptr;
  if (!starting || !starting->is_bool()) {
    return Fail(ErrorCode::kProtocol, "/v1/info is not a Trino coordinator's", Origin::kBackend);
  }
  Info info;
  info.starting = starting->get_bool();
  if (const auto* version = Member(*value, "nodeVersion")) {
    info.version = TextOf(Member(*version, "version"));
  }
  info.uptime = ParseDuration(TextOf(Member(*value, "uptime")));
  return info;
}

std::optional<double> ParseQueryCount(std::string_view text) {
  const auto value = Parse(text);
  if (!value || !value->is_array()) return std::nullopt;
  return static_cast<double>(value->get_array().size());
}

Expected<QueryPage> ParseQueryPage(std::string_view text) {
  const auto value = Parse(text);
  if (!value || !value->is_object()) {
    return Fail(ErrorCode::kProtocol, "the answer is not JSON", Origin::kBackend);
  }
  QueryPage page;
  page.id = TextOf(Member(*value, "id"));
  if (const auto uri = TextOf(Member(*value, "nextUri")); !uri.empty()) page.target = TargetOf(uri);
  const auto* error = Member(*value, "error");
  if (error && !error->is_null()) {
    page.error = TextOf(Member(*error, "message"));
    if (page.error.empty()) page.error = "no message";
  }
  return page;
}

std::vector<std::pair<std::string, std::string>> UserFields(std::string_view version,
                                                            std::string_view user) {
  constexpr int kFirstTrino = 351;
  int number = 0;
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), number);
  const bool readable = error == std::errc();
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [dialect, known] : {std::pair("Trino", !readable || number >= kFirstTrino),
                                       std::pair("Presto", !readable || number < kFirstTrino)}) {
    if (!known) continue;
    fields.emplace_back(fmt::format("X-{}-User", dialect), user);
    fields.emplace_back(fmt::format("X-{}-Source", dialect), "trino-gateway-monitor");
  }
  return fields;
}

bool Memory::Restarted(const Info& info) const {
  return uptime && info.uptime && *info.uptime < *uptime;
}

bool Memory::NeedsQuery(const Info& info) const {
  return status.health != model::Health::kHealthy || Restarted(info);
}

bool Memory::BeyondDoubt() const {
  return status.health == model::Health::kHealthy && failures == 0;
}

Memory Digest(const Memory& before, const Findings& findings, int fall) {
  using model::Health;
  auto after = before;
  auto& status = after.status;
  if (findings.process_forwarded) status.process_forwarded = *findings.process_forwarded;
  if (!findings.info.version.empty()) status.version = findings.info.version;
  if (!findings.coordinator_suffix.empty()) {
    status.coordinator_suffix = findings.coordinator_suffix;
  }
  if (findings.info.uptime) after.uptime = findings.info.uptime;
  status.load = findings.load;
  switch (findings.outcome) {
    case Findings::Outcome::kOk:
      after.failures = 0;
      status.health = Health::kHealthy;
      status.reason.clear();
      return after;
    case Findings::Outcome::kStarting:
      after.failures = 0;
      status.health = Health::kStarting;
      break;
    case Findings::Outcome::kFailed:
      ++after.failures;
      // One slow answer of a busy coordinator is no outage; one that never was healthy has no
      // credit, and one that was restarted has lost it.
      if (status.health == Health::kHealthy && after.failures < fall &&
          findings.failure_class != "probe_query") {
        return after;
      }
      status.health = Health::kUnhealthy;
      break;
  }
  status.reason = findings.reason;
  return after;
}

}  // namespace gateway::monitor
