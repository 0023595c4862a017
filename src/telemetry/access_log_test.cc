#include "telemetry/access_log.h"

#include <gtest/gtest.h>

#include "telemetry/captured_lines.h"

namespace gateway::telemetry {
namespace {

using namespace std::chrono_literals;
using Mode = AccessLogOptions::Mode;

ExchangeRecord Served() {
  ExchangeRecord record;
  record.endpoint = "poll";
  record.method = "GET";
  record.status = 200;
  return record;
}

// The lines of `count` equal exchanges.
std::size_t LinesFor(AccessLogOptions options, const ExchangeRecord& record, int count) {
  return CaptureLines([&] {
           Logger logger(Level::kInfo);
           AccessLog log(logger, options);
           for (int i = 0; i < count; ++i) log.Record(record);
         })
      .size();
}

TEST(AccessLog, TellsAllThatIsKnownOfAnExchange) {
  const auto lines = CaptureLines([] {
    Logger logger(Level::kInfo);
    AccessLog log(logger, {Mode::kAll, 1});
    ExchangeRecord record;
    record.endpoint = "statement";
    record.method = "POST";
    record.client_address = "127.0.0.1:50112";
    record.user = "alice";
    record.source = "tests";
    record.query_id = "20261123_212752_00000_eif54";
    record.group = "adhoc";
    record.backend = "c1";
    record.error = "client_closed";
    record.status = 200;
    record.attempts = 2;
    record.bytes_in = 8;
    record.bytes_out = 900;
    record.total = 1500us;
    record.upstream_wait = 1250us;
    log.Record(record);
  });
  ASSERT_EQ(lines.size(), 1U);
  const auto& line = lines.front();
  EXPECT_EQ(line.at("event").as_string(), "access");
  EXPECT_EQ(line.at("endpoint").as_string(), "statement");
  EXPECT_EQ(line.at("method").as_string(), "POST");
  EXPECT_EQ(line.at("client").as_string(), "127.0.0.1:50112");
  EXPECT_EQ(line.at("user").as_string(), "alice");
  EXPECT_EQ(line.at("source").as_string(), "tests");
  EXPECT_EQ(line.at("query_id").as_string(), "20261123_212752_00000_eif54");
  EXPECT_EQ(line.at("group").as_string(), "adhoc");
  EXPECT_EQ(line.at("backend").as_string(), "c1");
  EXPECT_EQ(line.at("error").as_string(), "client_closed");
  EXPECT_EQ(line.at("status").as_int64(), 200);
  EXPECT_EQ(line.at("attempts").as_int64(), 2);
  EXPECT_EQ(line.at("bytes_in").as_int64(), 8);
  EXPECT_EQ(line.at("bytes_out").as_int64(), 900);
  EXPECT_EQ(line.at("total_ms").as_double(), 1.5);
  EXPECT_EQ(line.at("upstream_wait_ms").as_double(), 1.25);
}

TEST(AccessLog, LeavesOutMembersWithoutAValue) {
  const auto lines = CaptureLines([] {
    Logger logger(Level::kInfo);
    AccessLog(logger, {Mode::kAll, 1}).Record(Served());
  });
  ASSERT_EQ(lines.size(), 1U);
  for (const auto* name : {"client", "user", "source", "query_id", "group", "backend", "error"}) {
    SCOPED_TRACE(name);
    EXPECT_FALSE(lines.front().contains(name));
  }
  EXPECT_EQ(lines.front().at("endpoint").as_string(), "poll");
  EXPECT_EQ(lines.front().at("bytes_in").as_int64(), 0);
}

TEST(AccessLog, WritesAsManyLinesAsItsModeSays) {
  EXPECT_EQ(LinesFor({Mode::kOff, 1}, Served(), 20), 0U);
  EXPECT_EQ(LinesFor({Mode::kAll, 10}, Served(), 20), 20U);
  EXPECT_EQ(LinesFor({Mode::kSampled, 10}, Served(), 20), 2U);
  EXPECT_EQ(LinesFor({Mode::kSampled, 0}, Served(), 20), 20U);
}

TEST(AccessLog, SamplesNoExchangeThatFailedAway) {
  auto answered_503 = Served();
  answered_503.status = 503;
  EXPECT_EQ(LinesFor({Mode::kSampled, 10}, answered_503, 20), 20U);
  auto left_by_client = Served();
  left_by_client.error = "client_closed";
  EXPECT_EQ(LinesFor({Mode::kSampled, 10}, left_by_client, 20), 20U);
  auto not_found = Served();
  not_found.status = 404;
  EXPECT_EQ(LinesFor({Mode::kSampled, 10}, not_found, 20), 2U);
}

}  // namespace
}  // namespace gateway::telemetry
