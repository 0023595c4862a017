// Chunked bodies of any bytes: content must not depend on how the input is cut into pieces.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/chunked.h"

namespace {

struct Outcome {
  bool valid = true;
  bool done = false;
  std::string content;
  bool operator==(const Outcome&) const = default;
};

Outcome Decode(std::string_view text, std::size_t step) {
  gateway::http::ChunkedReader reader(gateway::Origin::kClient);
  Outcome outcome;
  std::size_t begin = 0;
  while (begin < text.size() && !reader.done()) {
    const auto piece = reader.Next(text.substr(begin, step));
    if (!piece) return {false, false, {}};
    if (piece->consumed == 0) std::abort();
    outcome.content += piece->payload;
    begin += piece->consumed;
  }
  outcome.done = reader.done();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (Decode(text, 1) != Decode(text, text.size() + 1)) std::abort();
  return 0;
}
