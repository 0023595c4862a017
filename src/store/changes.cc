#include "store/changes.h"

#include <stdexcept>
#include <string>

namespace gateway::store {
namespace {

std::uint64_t Read(soci::session& sql, const std::string& statement) {
  unsigned long long counter = 0;
  sql << statement, soci::into(counter);
  if (!sql.got_data()) throw std::runtime_error("table changes is empty");
  return counter;
}

constexpr const char* kSelect = "SELECT counter FROM changes WHERE id = 1";

}  // namespace

std::uint64_t ReadCounter(soci::session& sql) { return Read(sql, kSelect); }

std::uint64_t LockCounter(soci::session& sql, Engine engine) {
  return Read(sql, kSelect + std::string(ForUpdate(engine)));
}

void MoveCounter(soci::session& sql, Engine engine) {
  sql << "UPDATE changes SET counter = counter + 1 WHERE id = 1";
  if (engine == Engine::kPostgresql) sql << "NOTIFY " << kChangeChannel;
}

}  // namespace gateway::store
