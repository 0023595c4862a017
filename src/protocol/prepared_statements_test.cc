#include "protocol/prepared_statements.h"

#include <array>

#include <gtest/gtest.h>
#include <zstd.h>

namespace gateway::protocol {
namespace {

std::optional<std::string> Find(std::string_view value, std::string_view name) {
  return FindPreparedStatement(std::array{value}, name);
}

std::string Base64Url(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4 && i + j <= bytes.size(); ++j) {
      text.push_back(kAlphabet[bits >> (18U - 6U * j) & 63U]);
    }
  }
  return text;
}

std::string Compressed(std::string_view text) {
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), 3));
  return "p=%24zstd%3A" + Base64Url(frame);
}

TEST(FindPreparedStatement, DecodesTheTextOfThatNameOnly) {
  constexpr std::string_view kValue =
      "p1=SELECT+%2A%0AFROM+t, my%20name = SELECT%201 ,P1=SELECT+2,,=x,broken";
  EXPECT_EQ(Find(kValue, "p1"), "SELECT *\nFROM t");
  EXPECT_EQ(Find(kValue, "my name"), "SELECT 1");
  EXPECT_EQ(Find(kValue, "P1"), "SELECT 2");
  for (const auto* absent : {"p", "broken", "SELECT 1", "p1=SELECT"}) {
    SCOPED_TRACE(absent);
    EXPECT_EQ(Find(kValue, absent), std::nullopt);
  }
}

TEST(FindPreparedStatement, LooksThroughAllHeaders) {
  const std::array<std::string_view, 3> values = {"a=1", "", "b=2"};
  EXPECT_EQ(FindPreparedStatement(values, "b"), "2");
  EXPECT_EQ(FindPreparedStatement({}, "b"), std::nullopt);
}

TEST(FindPreparedStatement, DecompressesWhatTrinoCompressed) {
  // Made by Trino's own encoder, version 476.
  const std::string header =
      "p=%24zstd%3AKLUv_SCOjQIAlARTRUxFQ1QgbmFtZSwgJ8OkAScgRlJPTSB0cGNoLnRpbnkubmF0aW9uIFdIRVJFIHJl"
      "Z2lvbmtleSA9ID8gQU5ELS0g5pel5pysAQCAFDqj";
  std::string text = "SELECT name, '\u00e4\x01' FROM tpch.tiny.nation WHERE regionkey = ?";
  for (int i = 0; i < 4; ++i) text += " AND regionkey = ?";
  text += " -- \u65e5\u672c";
  EXPECT_EQ(Find(header, "p"), text);
  EXPECT_EQ(Find(header + "%3D%3D", "p"), text) << "padded";
}

TEST(FindPreparedStatement, DecompressesTextsUpToTheLimitOnly) {
  const std::string at_limit(kMaxPreparedStatementBytes, 'x');
  EXPECT_EQ(Find(Compressed(at_limit), "p"), at_limit);
  EXPECT_EQ(Find(Compressed(at_limit + 'x'), "p"), std::nullopt);
}

TEST(FindPreparedStatement, FindsNothingInWhatIsNoProperEncoding) {
  const std::string whole = Compressed("SELECT 1 FROM a_table_with_a_long_name");
  const std::string bad[] = {
      "p=SELECT%2",     // cut off
      "p=SELECT%zz",    // no hexadecimal digits
      "p=$zstd:",       // no frame
      "p=$zstd:A",      // no whole byte
      "p=$zstd:KLUv*",  // not of the alphabet
      "p=$zstd:AAAA",   // no zstd frame
      whole.substr(0, whole.size() - 8),
      whole + "AAAA",  // something behind the frame
  };
  for (const auto& value : bad) {
    SCOPED_TRACE(value);
    EXPECT_EQ(Find(value, "p"), std::nullopt);
  }
}

}  // namespace
}  // namespace gateway::protocol
