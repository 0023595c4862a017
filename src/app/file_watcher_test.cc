#include "app/file_watcher.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "app/temporary_directory.h"

namespace gateway::app {
namespace {

namespace fs = std::filesystem;

struct FileWatcherTest : testing::Test {
  TemporaryDirectory directory;
  const std::string path = directory.Write("gateway.yaml", "workers: 1\n");
  FileWatcher watcher{path};

  // A change counts at the second look.
  bool ChangedAtSecondLook() {
    const bool first = watcher.Changed();
    return !first && watcher.Changed();
  }
};

TEST_F(FileWatcherTest, ReportsNothingWhileTheFileStaysTheSame) {
  EXPECT_FALSE(watcher.Changed());
  EXPECT_FALSE(watcher.Changed());
}

TEST_F(FileWatcherTest, ReportsANewContentOnce) {
  directory.Write("gateway.yaml", "workers: 2\n");
  EXPECT_TRUE(ChangedAtSecondLook());
  EXPECT_FALSE(watcher.Changed());
}

TEST_F(FileWatcherTest, WaitsUntilTheContentHoldsStill) {
  directory.Write("gateway.yaml", "work");
  EXPECT_FALSE(watcher.Changed());
  directory.Write("gateway.yaml", "workers: 2\n");
  EXPECT_FALSE(watcher.Changed());
  EXPECT_TRUE(watcher.Changed());
}

TEST_F(FileWatcherTest, ForgetsAChangeThatWasTakenBack) {
  directory.Write("gateway.yaml", "workers: 2\n");
  EXPECT_FALSE(watcher.Changed());
  directory.Write("gateway.yaml", "workers: 1\n");
  EXPECT_FALSE(ChangedAtSecondLook());
}

TEST_F(FileWatcherTest, IgnoresANewTimeStampOnTheSameContent) {
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::hours(1));
  EXPECT_FALSE(ChangedAtSecondLook());
}

TEST_F(FileWatcherTest, NoticesASameSizedContentWithTheOldTimeStamp) {
  const auto written = fs::last_write_time(path);
  directory.Write("gateway.yaml", "workers: 9\n");
  fs::last_write_time(path, written);
  EXPECT_TRUE(ChangedAtSecondLook());
}

TEST_F(FileWatcherTest, NoticesAFileThatWasReplacedByRenaming) {
  fs::rename(directory.Write("part", "workers: 3\n"), path);
  EXPECT_TRUE(ChangedAtSecondLook());
}

TEST_F(FileWatcherTest, KeepsQuietWhileTheFileIsMissingAndSeesTheNextOne) {
  fs::remove(path);
  EXPECT_FALSE(ChangedAtSecondLook());
  directory.Write("gateway.yaml", "workers: 4\n");
  EXPECT_TRUE(ChangedAtSecondLook());
}

TEST_F(FileWatcherTest, KeepsQuietWhenAMissingFileComesBackUnchanged) {
  fs::remove(path);
  EXPECT_FALSE(watcher.Changed());
  directory.Write("gateway.yaml", "workers: 1\n");
  EXPECT_FALSE(ChangedAtSecondLook());
}

TEST_F(FileWatcherTest, DoesNotHangOnAPipe) {
  const auto pipe = directory.File("pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  FileWatcher on_pipe(pipe);
  EXPECT_FALSE(on_pipe.Changed());
}

// The way Kubernetes updates a mounted ConfigMap: gateway.yaml -> ..data/gateway.yaml, and
// ..data -> a directory for each version.
TEST(FileWatcher, FollowsTheSymbolicLinksOfAConfigMap) {
  TemporaryDirectory directory;
  for (const auto* version : {"..v1", "..v2"}) {
    fs::create_directory(directory.File(version));
    directory.Write(std::string(version) + "/gateway.yaml", version);
  }
  fs::create_directory_symlink("..v1", directory.File("..data"));
  fs::create_symlink("..data/gateway.yaml", directory.File("gateway.yaml"));
  FileWatcher watcher(directory.File("gateway.yaml").string());

  fs::create_directory_symlink("..v2", directory.File("..data_tmp"));
  fs::rename(directory.File("..data_tmp"), directory.File("..data"));
  EXPECT_FALSE(watcher.Changed());
  EXPECT_TRUE(watcher.Changed());
}

}  // namespace
}  // namespace gateway::app
