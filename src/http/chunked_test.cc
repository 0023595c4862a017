#include "http/chunked.h"

#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::http {
namespace {

// Content of `text`, fed in pieces of `step` bytes.
Expected<std::string> Decode(const std::string& text, std::size_t step) {
  ChunkedReader reader(Origin::kClient);
  std::string content;
  std::size_t begin = 0;
  while (begin < text.size() && !reader.done()) {
    const auto piece = reader.Next(std::string_view(text).substr(begin, step));
    if (!piece) return std::unexpected(piece.error());
    content += piece->payload;
    begin += piece->consumed;
  }
  if (!reader.done()) return Fail(ErrorCode::kClosed, "incomplete");
  return content;
}

TEST(ChunkedReader, DecodesTheSameInPiecesOfAnySize) {
  const std::string text =
      "4\r\nWiki\r\n6;name=\"value\";x\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n000\r\nTrailer: "
      "a\r\n\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    SCOPED_TRACE(step);
    EXPECT_EQ(Decode(text, step), "Wikipedia in \r\n\r\nchunks.");
  }
}

TEST(ChunkedReader, StopsAtTheEndOfTheMessage) {
  ChunkedReader reader(Origin::kClient);
  const std::string message = "1\r\na\r\n0\r\n\r\n";
  EXPECT_EQ(reader.Skip(message + "GET / HTTP/1.1\r\n"), message.size());
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.payload_bytes(), 1u);
}

TEST(ChunkedReader, RefusesEverythingOutOfForm) {
  for (const auto text :
       {"\r\n", "g\r\n", " 1\r\na\r\n", "1 \r\na\r\n", "-1\r\n", "0x1\r\na\r\n", "1\na\r\n",
        "1\r\nab\r\n", "1\r\na\n", "1\r\na0\r\n", "1;\x01\r\na\r\n", "1\r\r\n", "0\r\n\n",
        "0\r\n x: folded\r\n\r\n", "0\r\na\rb\r\n\r\n", "0\r\nX: a\nY: b\r\n\r\n",
        "fffffffffffffffff\r\n", "1;ext\nx\r\na\r\n"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(Decode(text, 64)), ErrorCode::kProtocol);
  }
}

TEST(ChunkedReader, BoundsExtensionsAndTrailers) {
  const std::string long_text(10'000, 'x');
  EXPECT_EQ(CodeOf(Decode("1;" + long_text, 64)), ErrorCode::kProtocol);
  EXPECT_EQ(CodeOf(Decode("0\r\nX: " + long_text, 64)), ErrorCode::kProtocol);
}

}  // namespace
}  // namespace gateway::http
