// Randomness as a dependency, so that tests can replay it. Not for secrets.
//
// Threads: an instance belongs to one thread.
#pragma once

#include <cstdint>
#include <random>

namespace gateway {

class Random {
 public:
  virtual ~Random() = default;

  virtual std::uint64_t Next() = 0;

  // Uniform in [0, bound); `bound` must not be 0. The bias of the multiplication is below 2^-32 for
  // every bound that this program uses.
  std::uint64_t Below(std::uint64_t bound) { return ((Next() >> 32) * bound) >> 32; }
};

class SystemRandom final : public Random {
 public:
  SystemRandom() : engine_(std::random_device{}()) {}
  std::uint64_t Next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// Replays the same numbers for the same seed.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t Next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace gateway
