// Collects what is wrong in a file, so that its author sees everything at once.
//
// Threads: not synchronised.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gateway::app {

// Both count from 0.
struct Position {
  int line = 0;
  int column = 0;

  auto operator<=>(const Position&) const = default;
};

class Problems {
 public:
  static constexpr std::size_t kShown = 20;

  explicit Problems(std::string file_name);

  // Control characters in `message` become blanks: one problem is one line.
  void Add(Position position, std::string_view message);

  bool empty() const { return problems_.empty(); }

  // What is added from now on is counted only, so its message need not be good.
  bool full() const;

  // kInvalidArgument: `file:line:column: message` lines in the order of the file.
  Error ToError() const;

 private:
  struct Problem {
    Position position;
    std::string message;

    auto operator<=>(const Problem&) const = default;
  };

  const std::string file_name_;
  std::vector<Problem> problems_;
  std::size_t dropped_ = 0;
};

}  // namespace gateway::app
