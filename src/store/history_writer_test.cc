#include "store/history_writer.h"

#include <array>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fake_clock.h"
#include "store/temporary_directory.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

// What the process writes to stderr, as it comes.
class Log {
 public:
  Log() : before_(::dup(STDERR_FILENO)) {
    EXPECT_EQ(::pipe(ends_.data()), 0);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  ~Log() {
    ::dup2(before_, STDERR_FILENO);
    for (const int end : {before_, ends_[0], ends_[1]}) ::close(end);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Returns once there was a line with it; one is found once only.
  void Await(std::string_view text) {
    std::size_t at = 0;
    while ((at = seen_.find(text)) == std::string::npos) {
      std::array<char, 4096> some{};
      const auto count = ::read(ends_[0], some.data(), some.size());
      ASSERT_GT(count, 0);
      seen_.append(some.data(), static_cast<std::size_t>(count));
    }
    seen_.erase(0, at + text.size());
  }

 private:
  const int before_;
  std::array<int, 2> ends_{};
  std::string seen_;
};

// A database that is away until its directory is there.
struct HistoryWriterTest : testing::Test {
  QueryRecord Record(const std::string& id, std::size_t bytes = 0) const {
    return {.id = id, .text = std::string(bytes, 'x'), .submitted = clock.WallNow()};
  }
  void ComesBack() { std::filesystem::create_directory(home); }

  FakeClock clock;
  TemporaryDirectory directory;
  const std::filesystem::path home = directory.File("home");
  std::unique_ptr<Store> store =
      *Store::OpenLazily({.url = "sqlite:" + (home / "gateway.db").string()}, clock);
  Log log;
  telemetry::Logger logger{telemetry::Level::kInfo};
};

TEST_F(HistoryWriterTest, KeepsRowsWhileTheDatabaseIsAway) {
  HistoryWriter writer({}, *store, logger);
  writer.Record(Record("before"));
  log.Await("history.not_saved");
  writer.Record(Record("meanwhile"));
  ComesBack();
  log.Await("history.saved_again");
  writer.Record(Record("after"));
  while (!store->FindQuery("after")) std::this_thread::yield();
  EXPECT_TRUE(store->FindQuery("before"));
  EXPECT_TRUE(store->FindQuery("meanwhile"));
  EXPECT_EQ(writer.dropped(), 0U);
}

TEST_F(HistoryWriterTest, DropsWhatGoesBeyondItsRows) {
  HistoryWriter writer({.capacity = 2}, *store, logger);
  writer.Record(Record("being written"));
  log.Await("history.not_saved");
  for (const auto* id : {"a", "b", "c"}) writer.Record(Record(id));
  EXPECT_EQ(writer.dropped(), 1U);
}

TEST_F(HistoryWriterTest, DropsWhatGoesBeyondItsBytesWithThoseThatAreBeingWritten) {
  HistoryWriter writer({.max_bytes = 100'000}, *store, logger);
  writer.Record(Record("being written", 60'000));
  log.Await("history.not_saved");
  writer.Record(Record("too much", 60'000));
  EXPECT_EQ(writer.dropped(), 1U);
  writer.Record(Record("fits", 20'000));
  EXPECT_EQ(writer.dropped(), 1U);
  ComesBack();
  log.Await("history.saved_again");
  while (!store->FindQuery("fits")) std::this_thread::yield();
  EXPECT_FALSE(store->FindQuery("too much"));
}

TEST_F(HistoryWriterTest, TakesAsManyBytesAgainOnceTheyAreWritten) {
  ComesBack();
  HistoryWriter writer({.max_bytes = 100'000}, *store, logger);
  for (const auto* id : {"a", "b", "c"}) {
    // The bytes of the one before are counted until its writer has seen that it is saved.
    while (!store->FindQuery(id)) writer.Record(Record(id, 60'000));
  }
  EXPECT_EQ(store->ListQueries({})->total, 3U);
}

// Files do not grow beyond that: then writing fails, as on a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : on_signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, on_signal_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*const on_signal_)(int);
};

TEST_F(HistoryWriterTest, GoesOnBehindWhatIsSavedWhenTheDatabaseComesBack) {
  constexpr std::size_t kLong = 1 << 20;
  const HistoryOptions options{.max_text = kLong, .max_bytes = 9 * kLong};
  HistoryWriter writer(options, *store, logger);
  writer.Record(Record("first"));
  log.Await("history.not_saved");
  // One batch: a transaction with 500 rows, and one that is too long for the disk.
  for (int i = 0; i < 500; ++i) writer.Record(Record("short" + std::to_string(i), 2'000));
  for (int i = 0; i < 7; ++i) writer.Record(Record("long" + std::to_string(i), kLong));
  writer.Record(Record("too much", kLong));
  EXPECT_EQ(writer.dropped(), 1U);
  auto full = std::make_unique<FileSizeLimit>(5 * kLong);
  ComesBack();
  log.Await("history.saved_again");
  log.Await("history.not_saved");
  EXPECT_TRUE(store->FindQuery("short499"));
  EXPECT_FALSE(store->FindQuery("long0"));
  writer.Record(Record("fits now", kLong));
  EXPECT_EQ(writer.dropped(), 1U) << "the rows that are saved are held no longer";
  ASSERT_TRUE(store->PurgeQueries(clock.WallNow() + 1s, 1'000));
  full.reset();
  log.Await("history.saved_again");
  EXPECT_TRUE(store->FindQuery("long6"));
  EXPECT_FALSE(store->FindQuery("short0")) << "it was saved before, and is not again";
}

TEST_F(HistoryWriterTest, CutsTextsAtACharacter) {
  ComesBack();
  {
    HistoryWriter writer({.max_text = 4}, *store, logger);
    auto record = Record("cut");
    record.text = "abc\xC3\xA9";
    writer.Record(record);
  }
  EXPECT_EQ(store->FindQuery("cut")->text, "abc\xE2\x80\xA6");
}

}  // namespace
}  // namespace gateway::store
