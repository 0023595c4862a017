#include "monitor/probe_settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace gateway::monitor {
namespace {

constexpr std::array kProbeTypes = {
    std::pair<std::string_view, ProbeType>{"info", ProbeType::kInfo},
    std::pair<std::string_view, ProbeType>{"sql", ProbeType::kSql},
    std::pair<std::string_view, ProbeType>{"metrics", ProbeType::kMetrics},
    std::pair<std::string_view, ProbeType>{"jmx", ProbeType::kJmx},
    std::pair<std::string_view, ProbeType>{"ui_api", ProbeType::kUiApi},
};

constexpr std::array kLoadSources = {
    std::pair<std::string_view, LoadSource>{"none", LoadSource::kNone},
    std::pair<std::string_view, LoadSource>{"query_state", LoadSource::kQueryState},
    std::pair<std::string_view, LoadSource>{"sql", LoadSource::kSql},
    std::pair<std::string_view, LoadSource>{"metrics", LoadSource::kMetrics},
    std::pair<std::string_view, LoadSource>{"jmx", LoadSource::kJmx},
    std::pair<std::string_view, LoadSource>{"ui_api", LoadSource::kUiApi},
};

template <typename Table>
auto ParseIn(const Table& table, std::string_view what, std::string_view name)
    -> Expected<decltype(table[0].second)> {
  std::string allowed;
  for (const auto& [known, value] : table) {
    if (known == name) return value;
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", known);
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown {} '{}'; allowed: {}", what, name, allowed), Origin::kClient);
}

}  // namespace

std::string_view NameOf(ProbeType type) {
  return std::ranges::find(kProbeTypes, type, [](const auto& entry) { return entry.second; })
      ->first;
}

std::string_view NameOf(LoadSource source) {
  return std::ranges::find(kLoadSources, source, [](const auto& entry) { return entry.second; })
      ->first;
}

Expected<ProbeType> ParseProbeType(std::string_view name) {
  return ParseIn(kProbeTypes, "probe type", name);
}

Expected<LoadSource> ParseLoadSource(std::string_view name) {
  return ParseIn(kLoadSources, "load source", name);
}

bool CountsWorkers(LoadSource source) {
  return source != LoadSource::kNone && source != LoadSource::kQueryState;
}

}  // namespace gateway::monitor
