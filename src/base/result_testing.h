// Helpers for tests of functions that return Expected<T>. For *_test.cc only.
#pragma once

#include <optional>

#include "base/error.h"

namespace gateway {

// The error's code, or nothing on success.
template <typename T>
std::optional<ErrorCode> CodeOf(const Expected<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

}  // namespace gateway
