#include "monitor/probe_call.h"

#include <gtest/gtest.h>

#include "base/ranges.h"

namespace gateway::monitor {
namespace {

TEST(UserFields, SpeakTheDialectOfTheVersion) {
  const std::pair<std::string, std::string> trino{"X-Trino-User", "u"};
  const std::pair<std::string, std::string> presto{"X-Presto-User", "u"};
  const struct {
    std::string version;
    bool knows_trino;
    bool knows_presto;
  } cases[] = {
      {"476", true, false},         {"351", true, false}, {"476-e.1", true, false},
      {"476.2", true, false},       {"350", false, true}, {"0.287", false, true},
      {"0.287-1-abc", false, true}, {"", true, true},     {"dev", true, true},
  };
  for (const auto& [version, knows_trino, knows_presto] : cases) {
    SCOPED_TRACE(version);
    const auto fields = UserFields(version, "u");
    EXPECT_EQ(Contains(fields, trino), knows_trino);
    EXPECT_EQ(Contains(fields, presto), knows_presto);
  }
}

}  // namespace
}  // namespace gateway::monitor
