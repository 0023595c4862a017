#include "base/process_descriptors.h"

#include <cstdlib>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gateway {
namespace {

bool IsNullDevice(int descriptor) {
  struct stat found{};
  struct stat null{};
  return ::fstat(descriptor, &found) == 0 && ::stat("/dev/null", &null) == 0 &&
         found.st_rdev == null.st_rdev;
}

TEST(ProcessDescriptors, OpenTheNullDeviceForStandardOnesThatAreClosed) {
  EXPECT_EXIT(
      {
        ::close(STDIN_FILENO);
        ::close(STDOUT_FILENO);
        OpenStandardDescriptors();
        std::_Exit(IsNullDevice(STDIN_FILENO) && IsNullDevice(STDOUT_FILENO) ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ProcessDescriptors, LeaveStandardOnesAlone) {
  EXPECT_EXIT(
      {
        int ends[2];
        if (::pipe(ends) != 0 || ::dup2(ends[1], STDOUT_FILENO) < 0) std::_Exit(2);
        OpenStandardDescriptors();
        std::_Exit(IsNullDevice(STDOUT_FILENO) ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ProcessDescriptors, RaiseTheLimitToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(RaiseDescriptorLimit(), before.rlim_max);
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace gateway
