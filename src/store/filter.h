// A WHERE clause from what a caller wants to see. Private to this room.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <soci/soci.h>

namespace gateway::store {

class Filter {
 public:
  // The column has exactly this text; an empty one asks for nothing.
  void Equals(std::string_view column, const std::string& text) {
    if (!text.empty()) Add(column, "=", texts_.emplace_back(text));
  }
  // `comparison`: "<", ">=".
  void Compare(std::string_view column, std::string_view comparison, long long number) {
    Add(column, comparison, numbers_.emplace_back(number));
  }

  // Empty, or ` WHERE ...`. The filter must outlive the statement's execution.
  const std::string& where() const { return where_; }

  // Prepares `statement` with this filter's values; columns go where `into` puts them.
  template <typename... Into>
  soci::statement Prepare(soci::session& sql, const std::string& text, Into&&... into) {
    soci::statement statement(sql);
    (statement.exchange(soci::into(into)), ...);
    for (auto& use : uses_) use(statement);
    statement.alloc();
    statement.prepare(text);
    statement.define_and_bind();
    return statement;
  }

 private:
  template <typename Value>
  void Add(std::string_view column, std::string_view comparison, Value& value) {
    where_ += where_.empty() ? " WHERE " : " AND ";
    where_ +=
        std::string(column) + " " + std::string(comparison) + " :p" + std::to_string(uses_.size());
    uses_.push_back([&value](soci::statement& statement) { statement.exchange(soci::use(value)); });
  }

  std::string where_;
  std::deque<std::string> texts_;  // whose elements stay where they are
  std::deque<long long> numbers_;
  std::deque<std::function<void(soci::statement&)>> uses_;
};

// What the expression `bytes` says of each row of `table` that `filter` lets through, in the order
// of `tail`. To be asked before the rows themselves: the drivers hand over a result as a whole, so
// what is too much for a page must not be asked for.
inline std::vector<std::size_t> ReadSizes(soci::session& sql,
                                          Filter& filter,
                                          std::string_view bytes,
                                          std::string_view table,
                                          std::string_view tail) {
  std::vector<std::size_t> sizes;
  long long size = 0;
  auto rows = filter.Prepare(
      sql, fmt::format("SELECT {} FROM {}{}{}", bytes, table, filter.where(), tail), size);
  rows.execute();
  while (rows.fetch()) sizes.push_back(static_cast<std::size_t>(size));
  return sizes;
}

}  // namespace gateway::store
