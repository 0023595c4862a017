#include "rpc/convert.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway::rpc {
namespace {

using Existence = admin::Precondition::Existence;

// Length of the UTF-8 sequence at the beginning of `bytes`; 0: none (RFC 3629 §4).
std::size_t SequenceLength(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && at(1) < 0xA0) || (lead == 0xF0 && at(1) < 0x90);
  const bool surrogate = lead == 0xED && at(1) >= 0xA0;
  const bool beyond = lead == 0xF4 && at(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

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

std::string ToText(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = SequenceLength(bytes);
    text += length == 0 ? std::string_view("\xEF\xBF\xBD") : bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

std::string EtagOf(std::uint64_t version) { return version == 0 ? "" : std::to_string(version); }

Expected<admin::Precondition> PreconditionOf(std::string_view etag, Existence existence) {
  admin::Precondition precondition{existence, std::nullopt};
  if (etag.empty()) return precondition;
  if (etag == "*") {
    if (existence == Existence::kAny) precondition.existence = Existence::kMustExist;
    return precondition;
  }
  const auto version = ParseDecimal(etag);
  if (!version) return InvalidField("etag", "send one that this API gave out, or *");
  if (existence == Existence::kAny) precondition.existence = Existence::kMustExist;
  precondition.version = *version;
  return precondition;
}

}  // namespace gateway::rpc
