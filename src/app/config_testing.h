// Reads configurations and expects complaints. For *_test.cc only.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "app/config_loader.h"
#include "base/result_testing.h"

namespace gateway::app {

inline SubstitutionSources FakeSources() {
  SubstitutionSources sources;
  sources.variable = [](std::string_view name) -> std::optional<std::string> {
    if (name == "TOKEN") return "hunter2";
    if (name == "EMPTY") return "";
    if (name == "STRUCTURE") return "}\nworkers: 7 # {[";
    return std::nullopt;
  };
  sources.file = [](std::string_view path) -> Expected<std::string> {
    if (path == "secret") return "hunter2";
    return Fail(ErrorCode::kNotFound, "No such file");
  };
  return sources;
}

inline Expected<AppConfig> Parse(std::string_view text) {
  return ParseConfig(text, "gateway.yaml", FakeSources());
}

// Line 1 of every file that is not about listeners.
inline constexpr std::string_view kListeners = "listeners: [{address: '127.0.0.1:8080'}]\n";

inline Expected<AppConfig> ParseWithListeners(std::string_view text) {
  return Parse(std::string(kListeners) + std::string(text));
}

struct Mistake {
  const char* text;  // follows kListeners, so it begins in line 2
  const char* complaint;
};

inline void ExpectRefused(std::string_view text, std::string_view complaint) {
  SCOPED_TRACE(text);
  const auto config = Parse(text);
  ASSERT_EQ(CodeOf(config), ErrorCode::kInvalidArgument);
  const auto& message = config.error().message;
  EXPECT_TRUE(message.starts_with(complaint)) << message;
  EXPECT_EQ(std::ranges::count(message, '\n'), 0) << message;  // this problem and no other
}

inline void ExpectRefused(std::span<const Mistake> mistakes) {
  for (const auto& [text, complaint] : mistakes) {
    ExpectRefused(std::string(kListeners) + text, complaint);
  }
}

}  // namespace gateway::app
