#include "app/problems.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gateway::app {
namespace {

// A hostile file has millions; more than are shown, because they are not found in order.
constexpr std::size_t kKept = 200;

}  // namespace

Problems::Problems(std::string file_name) : file_name_(std::move(file_name)) {}

void Problems::Add(Position position, std::string_view message) {
  if (full()) {
    ++dropped_;
    return;
  }
  std::string line(message);
  std::ranges::replace_if(line, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  problems_.push_back({position, std::move(line)});
}

bool Problems::full() const { return problems_.size() >= kKept; }

Error Problems::ToError() const {
  auto ordered = problems_;
  std::ranges::sort(ordered);
  const auto shown = std::min(ordered.size(), kShown);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [position, message] = ordered[i];
    fmt::format_to(std::back_inserter(text), "{}{}:{}:{}: {}", i == 0 ? "" : "\n", file_name_,
                   position.line + 1, position.column + 1, message);
  }
  if (const auto more = ordered.size() - shown + dropped_; more > 0) {
    fmt::format_to(std::back_inserter(text), "\n{}: and {} more", file_name_, more);
  }
  return {ErrorCode::kInvalidArgument, Origin::kGateway, std::move(text)};
}

}  // namespace gateway::app
