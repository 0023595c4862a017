#include "store/mark_rows.h"

#include <array>
#include <optional>
#include <string_view>

#include "store/timestamps.h"

namespace gateway::store {
namespace {

using namespace std::string_view_literals;

template <typename T>
soci::indicator IndicatorOf(const std::optional<T>& value) {
  return value ? soci::i_ok : soci::i_null;
}

}  // namespace

std::vector<BackendMark> ReadMarks(soci::session& sql) {
  std::vector<BackendMark> marks;
  BackendMark row;
  int healthy = 0;
  int load_value = 0;
  soci::indicator has_health{};
  soci::indicator has_load{};
  long long at = 0;
  soci::statement rows =
      (sql.prepare << "SELECT backend_id, healthy, load_value, marked_at FROM backend_marks "
                      "ORDER BY backend_id",
       soci::into(row.backend_id), soci::into(healthy, has_health),
       soci::into(load_value, has_load), soci::into(at));
  rows.execute();
  while (rows.fetch()) {
    row.healthy = has_health == soci::i_ok ? std::optional(healthy != 0) : std::nullopt;
    row.load = has_load == soci::i_ok ? std::optional<std::int32_t>(load_value) : std::nullopt;
    row.at = FromMillis(at);
    marks.push_back(row);
  }
  return marks;
}

void WriteMark(soci::session& sql, Engine engine, const BackendMark& mark) {
  const int healthy = mark.healthy.value_or(false) ? 1 : 0;
  const int load = mark.load.value_or(0);
  auto has_health = IndicatorOf(mark.healthy);
  auto has_load = IndicatorOf(mark.load);
  const auto at = ToMillis(mark.at);
  sql << Upsert(engine, "backend_marks", std::array{"backend_id"sv},
                std::array{"healthy"sv, "load_value"sv, "marked_at"sv}),
      soci::use(mark.backend_id), soci::use(healthy, has_health), soci::use(load, has_load),
      soci::use(at);
}

}  // namespace gateway::store
