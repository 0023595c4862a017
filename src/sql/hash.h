// A hash of names that a client chooses.
//
// Its start differs from process to process, so that nobody can prepare names that collide and
// make a table of them slow.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway::sql {

// Drawn once for the process.
std::uint64_t HashSeed();

// The hash of `text` after what was hashed to `seed`.
std::size_t HashOf(std::string_view text, std::uint64_t seed = HashSeed());

}  // namespace gateway::sql
