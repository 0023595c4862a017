#include "telemetry/logger.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/utf8.h"

namespace gateway::telemetry {
namespace {

constexpr std::size_t kQueueLines = 8192;
constexpr std::array<std::pair<std::string_view, Level>, 4> kLevels = {{
    {"debug", Level::kDebug},
    {"info", Level::kInfo},
    {"warn", Level::kWarn},
    {"error", Level::kError},
}};

struct ValueWriter {
  std::string& out;
  void operator()(std::string_view text) const { AppendJsonString(out, text); }
  void operator()(std::int64_t number) const {
    fmt::format_to(std::back_inserter(out), "{}", number);
  }
  void operator()(double number) const {
    // JSON has neither infinity nor NaN.
    if (number != number || number - number != 0) {
      out += "null";
    } else {
      fmt::format_to(std::back_inserter(out), "{:.6g}", number);
    }
  }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
};

std::string TimeText(std::chrono::system_clock::time_point now) {
  using namespace std::chrono;
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(floor<milliseconds>(now - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace

Expected<Level> ParseLevel(std::string_view name) {
  for (const auto& [known, level] : kLevels) {
    if (known == name) return level;
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown level '{}'; allowed: debug, info, warn, error", name));
}

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    const auto length = Utf8Length(text);
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  out += '"';
}

struct Logger::Sink {
  std::shared_ptr<spdlog::details::thread_pool> pool =
      std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  std::shared_ptr<spdlog::async_logger> lines =
      std::make_shared<spdlog::async_logger>("gateway",
                                             std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                             pool,
                                             spdlog::async_overflow_policy::overrun_oldest);
};

Logger::Logger(Level threshold) : threshold_(threshold), sink_(std::make_unique<Sink>()) {
  sink_->lines->set_pattern("%v");
  sink_->lines->set_level(spdlog::level::trace);
}

// The pool's thread writes what is queued before it ends.
Logger::~Logger() = default;

void Logger::Event(Level level, std::string_view event, std::span<const Field> fields) {
  if (!Enabled(level)) return;
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":)",
                                 TimeText(std::chrono::system_clock::now()),
                                 kLevels[static_cast<std::size_t>(level)].first);
  AppendJsonString(line, event);
  for (const auto& field : fields) {
    line += ',';
    AppendJsonString(line, field.key);
    line += ':';
    std::visit(ValueWriter{line}, field.value);
  }
  line += '}';
  sink_->lines->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

std::uint64_t Logger::dropped() const { return sink_->pool->overrun_counter(); }

}  // namespace gateway::telemetry
