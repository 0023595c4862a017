#include "identity/password_hash.h"

#include <algorithm>
#include <array>
#include <optional>

#include <argon2.h>
#include <fmt/format.h>

#include "base/strings.h"
#include "identity/digest.h"

namespace gateway::identity {
namespace {

constexpr std::uint32_t kMemoryKib = 19'456;
constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

// A hash is trusted to be no attack, but may be a mistake: one login must not use all memory.
constexpr std::uint64_t kMaxMemoryKib = 256 * 1024;
constexpr std::uint64_t kMaxPasses = 16;
constexpr std::uint64_t kMaxLanes = 8;
constexpr std::size_t kMaxPartBytes = 128;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Takes the text up to `end` off the front of `rest`; nothing when it is not there.
std::optional<std::string_view> TakeUntil(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto part = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return part;
}

// `m=19456` for the name `m`.
std::optional<std::uint32_t> Number(std::optional<std::string_view> part,
                                    std::string_view name,
                                    std::uint64_t minimum,
                                    std::uint64_t maximum) {
  if (!part || !part->starts_with(name)) return std::nullopt;
  const auto number = ParseDecimal(part->substr(name.size()));
  if (!number || *number < minimum || *number > maximum) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

bool IsBase64(std::string_view text, std::size_t minimum) {
  return text.size() >= minimum && text.size() <= kMaxPartBytes &&
         text.find_first_not_of(kBase64) == std::string_view::npos;
}

}  // namespace

Expected<HashCost> ParsePasswordHash(std::string_view encoded) {
  constexpr std::string_view kPrefix = "$argon2id$v=19$";
  const auto refuse = [] {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the value (not shown) is not a usable argon2id hash; allowed: what "
                            "'trino-gateway hash-password' prints, "
                            "$argon2id$v=19$m=...,t=...,p=...$SALT$HASH, with at most m={}, t={}, "
                            "p={}",
                            kMaxMemoryKib, kMaxPasses, kMaxLanes));
  };
  if (!encoded.starts_with(kPrefix)) return refuse();
  auto rest = encoded.substr(kPrefix.size());
  const auto memory = Number(TakeUntil(rest, ','), "m=", 8, kMaxMemoryKib);
  const auto passes = Number(TakeUntil(rest, ','), "t=", 1, kMaxPasses);
  const auto lanes = Number(TakeUntil(rest, '$'), "p=", 1, kMaxLanes);
  const auto salt = TakeUntil(rest, '$');
  if (!memory || !passes || !lanes || !salt) return refuse();
  if (!IsBase64(*salt, 11) || !IsBase64(rest, 22)) return refuse();  // 8 and 16 bytes
  if (*memory < 8 * *lanes) return refuse();
  return HashCost{*memory, *passes, *lanes};
}

Expected<std::string> HashPassword(std::string_view password) {
  if (password.empty() || password.size() > kMaxPasswordBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the password is empty or too long; allowed: 1 to {} bytes",
                            kMaxPasswordBytes));
  }
  const auto salt = RandomBytes(kSaltBytes);
  std::array<char, 256> encoded{};
  const int result =
      argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(),
                            salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (result != ARGON2_OK) {
    return Fail(ErrorCode::kInternal, fmt::format("argon2: {}", argon2_error_message(result)));
  }
  return std::string(encoded.data());
}

Expected<bool> VerifyPassword(const std::string& encoded, std::string_view password) {
  const int result = argon2id_verify(encoded.c_str(), password.data(), password.size());
  if (result == ARGON2_OK) return true;
  if (result == ARGON2_VERIFY_MISMATCH) return false;
  return Fail(ErrorCode::kInternal, fmt::format("argon2: {}", argon2_error_message(result)));
}

}  // namespace gateway::identity
