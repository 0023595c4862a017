// Structured logs: one JSON object a line on stderr, written by a background thread.
//
// {"time":"2026-11-24T08:00:00.123Z","level":"warn","event":"backend.unhealthy","backend":"c1",...}
// error = somebody must act; warn = degraded and counted; info = state changed; debug = the rest.
// Callers never pass credentials, tokens or SQL text.
// Threads: all calls from any thread; never blocks: when the queue is full the oldest line is
// dropped and counted.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace gateway::telemetry {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };

// kInvalidArgument: the message lists the allowed names.
Expected<Level> ParseLevel(std::string_view name);

// A member of the line; the value's text is copied before Event() returns.
struct Field {
  std::string_view key;  // lower case
  std::variant<std::string_view, std::int64_t, double, bool> value;

  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(std::string_view(text)) {}
  Field(std::string_view name, const std::string& text)
      : key(name), value(std::string_view(text)) {}
  Field(std::string_view name, bool flag) : key(name), value(flag) {}
  Field(std::string_view name, double number) : key(name), value(number) {}
  template <std::integral Integer>
  Field(std::string_view name, Integer number)
      : key(name), value(static_cast<std::int64_t>(number)) {}
};

class Logger {
 public:
  // Logs to stderr.
  explicit Logger(Level threshold);
  // Flushes what is queued.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool Enabled(Level level) const { return level >= threshold_; }

  // `event` is the name people search for: "backend.unhealthy". Fields come in the given order.
  void Event(Level level, std::string_view event, std::initializer_list<Field> fields = {}) {
    Event(level, event, std::span(fields.begin(), fields.size()));
  }
  void Event(Level level, std::string_view event, std::span<const Field> fields);

  // Lines lost to a full queue since the start.
  std::uint64_t dropped() const;

 private:
  struct Sink;
  const Level threshold_;
  std::unique_ptr<Sink> sink_;
};

// Appends `text` to `out` as a JSON string with its quotes; bytes that are not UTF-8 and control
// characters are escaped, so a line is always one valid JSON object.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace gateway::telemetry
