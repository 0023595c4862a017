// Reading a small file as a whole, with a bound on its size.
//
// Threads: pure function of the disk; blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace gateway::app {

enum class FileKind : std::uint8_t {
  kRegular,  // only what cannot block or be endless; symbolic links are followed
  kAny,      // pipes, too: --config /dev/stdin
};

// kNotFound: there is none. kTooLarge: over `limit_bytes`. kUnavailable: not readable, or not the
// kind that is asked for. The message does not repeat the path.
Expected<std::string> ReadFile(const std::string& path, std::size_t limit_bytes, FileKind kind);

}  // namespace gateway::app
