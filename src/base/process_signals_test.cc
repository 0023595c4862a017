#include "base/process_signals.h"

#include <cerrno>
#include <csignal>

#include <gtest/gtest.h>
#include <unistd.h>

namespace gateway {
namespace {

TEST(ProcessSignals, LetAWriteToAClosedPipeFailInsteadOfEndingTheProcess) {
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  IgnoreSignalsOfFailedWrites();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
  std::signal(SIGPIPE, before);
}

TEST(ProcessSignals, LetAnEarlyReloadPass) {
  const auto before = std::signal(SIGHUP, SIG_DFL);
  IgnoreEarlyReloads();
  EXPECT_EQ(std::raise(SIGHUP), 0);  // the default would end this process
  std::signal(SIGHUP, before);
}

}  // namespace
}  // namespace gateway
