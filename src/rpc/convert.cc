#include "rpc/convert.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <ranges>

#include <fmt/format.h>

#include "base/strings.h"
#include "base/utf8.h"

namespace gateway::rpc {
namespace {

using Existence = admin::Precondition::Existence;

}  // namespace

std::unexpected<Error> InvalidField(std::string_view field, std::string_view problem) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("field '{}': {}", field, problem),
              Origin::kClient);
}

v1::Source ToProto(model::Source source) {
  return source == model::Source::kFile ? v1::file : v1::store;
}

v1::Mode ToProto(model::Mode mode) { return mode == model::Mode::kDirect ? v1::DIRECT : v1::PROXY; }

model::Mode FromProto(v1::Mode mode) {
  return mode == v1::DIRECT ? model::Mode::kDirect : model::Mode::kProxy;
}

std::int64_t ToSeconds(Clock::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

Clock::WallTime FromSeconds(std::int64_t seconds) {
  // Beyond the year 9999 lies nothing; a duration in nanoseconds would overflow.
  constexpr std::int64_t kMax = 9'000'000'000;
  return Clock::WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kMax)));
}

std::int64_t ToMilliseconds(Clock::WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Clock::WallTime FromMilliseconds(std::int64_t milliseconds) {
  constexpr std::int64_t kMax = 9'000'000'000'000;
  return Clock::WallTime(
      std::chrono::milliseconds(std::clamp<std::int64_t>(milliseconds, 0, kMax)));
}

std::string ToText(std::string_view bytes) { return ToUtf8(bytes); }

std::string EtagOf(std::uint64_t version) { return version == 0 ? "" : std::to_string(version); }

Expected<admin::Precondition> PreconditionOf(std::string_view etag, Existence existence) {
  admin::Precondition precondition{existence, {}};
  if (etag.empty()) return precondition;
  if (etag == "*") {
    if (existence == Existence::kAny) precondition.existence = Existence::kMustExist;
    return precondition;
  }
  if (existence == Existence::kAny) precondition.existence = Existence::kMustExist;
  for (const auto part : std::views::split(etag, ',')) {
    const auto version = ParseDecimal(std::string_view(part));
    if (!version) return InvalidField("etag", "send one that this API gave out, or *");
    precondition.versions.push_back(*version);
  }
  return precondition;
}

}  // namespace gateway::rpc
