#include "sql/hash.h"

#include <cstring>
#include <random>

namespace gateway::sql {
namespace {

// The two halves of a product, folded: each bit of the input reaches all bits of the output.
std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t Draw() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

}  // namespace

std::uint64_t HashSeed() {
  static const std::uint64_t seed = Draw();
  return seed;
}

std::size_t HashOf(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = seed ^ text.size();
  while (!text.empty()) {
    std::uint64_t word = 0;
    const auto size = text.size() < sizeof(word) ? text.size() : sizeof(word);
    std::memcpy(&word, text.data(), size);
    hash = Mix(hash ^ word, 0x9E3779B97F4A7C15U ^ HashSeed());
    text.remove_prefix(size);
  }
  return hash;
}

}  // namespace gateway::sql
