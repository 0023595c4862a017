#include "store/changes.h"

#include <stdexcept>
#include <string>

#include "base/random.h"

namespace gateway::store {
namespace {

std::uint64_t Read(soci::session& sql, const std::string& statement) {
  unsigned long long counter = 0;
  sql << statement, soci::into(counter);
  if (!sql.got_data()) throw std::runtime_error("table changes is empty");
  return counter;
}

// Millions of millions of changes fit into the column.
constexpr std::uint64_t kLongestStep = 1'000'000;

constexpr const char* kSelect = "SELECT counter FROM changes WHERE id = 1";

}  // namespace

std::uint64_t ReadCounter(soci::session& sql) { return Read(sql, kSelect); }

std::uint64_t LockCounter(soci::session& sql, Engine engine) {
  return Read(sql, kSelect + std::string(ForUpdate(engine)));
}

std::uint64_t NextCounter(std::uint64_t counter) {
  SystemRandom random;
  return counter + 1 + random.Below(kLongestStep);
}

void MoveCounter(soci::session& sql, Engine engine, std::uint64_t next) {
  const unsigned long long counter = next;
  sql << "UPDATE changes SET counter = :counter WHERE id = 1", soci::use(counter);
  if (engine == Engine::kPostgresql) sql << "NOTIFY " << kChangeChannel;
}

}  // namespace gateway::store
