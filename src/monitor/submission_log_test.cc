#include "monitor/submission_log.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

TEST(SubmissionLog, TellsWhatWasNotedLastBeforeATime) {
  FakeClock clock;
  SubmissionLog log;
  EXPECT_EQ(log.At(clock.Now()), 0u);
  const auto begin = clock.Now();
  log.Note(begin, 5);
  log.Note(begin + 1s, 5);
  log.Note(begin + 2s, 8);
  log.Note(begin + 3s, 9);
  EXPECT_EQ(log.At(begin - 1s), 5u);
  EXPECT_EQ(log.At(begin), 5u);
  EXPECT_EQ(log.At(begin + 1999ms), 5u);
  EXPECT_EQ(log.At(begin + 2s), 8u);
  EXPECT_EQ(log.At(begin + 1h), 9u);
}

TEST(SubmissionLog, ForgetsTheOldestNotes) {
  FakeClock clock;
  SubmissionLog log;
  const auto begin = clock.Now();
  for (std::size_t i = 0; i <= SubmissionLog::kMaxNotes; ++i) {
    log.Note(begin + std::chrono::seconds(i), i);
  }
  EXPECT_EQ(log.At(begin), 1u);
  EXPECT_EQ(log.At(begin + 2s), 2u);
}

}  // namespace
}  // namespace gateway::monitor
