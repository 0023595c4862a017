#include "http/chunked.h"

#include <algorithm>

#include <fmt/format.h>

namespace gateway::http {
namespace {

constexpr std::size_t kMaxOverhead = 8 * 1024;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

}  // namespace

std::unexpected<Error> ChunkedReader::Malformed(const char* what) const {
  return Fail(ErrorCode::kProtocol, fmt::format("chunked body: {}", what), origin_);
}

Expected<void> ChunkedReader::CountOverhead() {
  if (++overhead_ > kMaxOverhead) return Malformed("extension or trailers too long");
  return {};
}

Expected<void> ChunkedReader::StepSize(char c) {
  if (const int digit = HexDigit(c); digit >= 0) {
    if (remaining_ >> 58) return Malformed("chunk size too large");
    remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
    state_ = State::kSize;
    return {};
  }
  if (state_ == State::kSizeFirst) return Malformed("no chunk size");
  if (c == '\r') {
    state_ = State::kSizeLf;
  } else if (c == ';') {
    state_ = State::kExtension;
  } else {
    return Malformed("no chunk size");
  }
  return {};
}

Expected<void> ChunkedReader::StepTrailer(char c) {
  switch (state_) {
    case State::kTrailerFirst:
      if (c == '\r') {
        state_ = State::kEndLf;
        return {};
      }
      state_ = State::kTrailer;
      // A line that begins with a blank would continue the one before.
      return IsText(c) && c != ' ' && c != '\t' ? Expected<void>() : Malformed("bad trailer");
    case State::kTrailer:
      if (c == '\r') state_ = State::kTrailerLf;
      return IsText(c) || c == '\r' ? Expected<void>() : Malformed("bad trailer");
    case State::kTrailerLf:
      state_ = State::kTrailerFirst;
      return c == '\n' ? Expected<void>() : Malformed("bare CR in a trailer");
    default:
      state_ = State::kDone;
      return c == '\n' ? Expected<void>() : Malformed("bare CR after the last chunk");
  }
}

// One byte outside of content.
Expected<void> ChunkedReader::Step(char c) {
  if (auto counted = CountOverhead(); !counted) return counted;
  switch (state_) {
    case State::kSizeFirst:
    case State::kSize:
      return StepSize(c);
    case State::kExtension:
      if (c == '\r') state_ = State::kSizeLf;
      return IsText(c) || c == '\r' ? Expected<void>() : Malformed("bad chunk extension");
    case State::kSizeLf:
      overhead_ = 0;
      state_ = remaining_ > 0 ? State::kData : State::kTrailerFirst;
      return c == '\n' ? Expected<void>() : Malformed("bare CR after a chunk size");
    case State::kDataCr:
      state_ = State::kDataLf;
      return c == '\r' ? Expected<void>() : Malformed("no CRLF after a chunk");
    case State::kDataLf:
      overhead_ = 0;
      state_ = State::kSizeFirst;
      return c == '\n' ? Expected<void>() : Malformed("no CRLF after a chunk");
    default:
      return StepTrailer(c);
  }
}

Expected<ChunkedReader::Piece> ChunkedReader::Next(std::string_view input) {
  Piece piece;
  while (piece.consumed < input.size() && !done()) {
    if (state_ == State::kData) {
      const auto size = std::min<std::uint64_t>(remaining_, input.size() - piece.consumed);
      piece.payload = input.substr(piece.consumed, size);
      piece.consumed += size;
      remaining_ -= size;
      payload_bytes_ += size;
      if (remaining_ == 0) state_ = State::kDataCr;
      return piece;
    }
    if (auto stepped = Step(input[piece.consumed]); !stepped) {
      return std::unexpected(stepped.error());
    }
    ++piece.consumed;
  }
  return piece;
}

Expected<std::size_t> ChunkedReader::Skip(std::string_view input) {
  std::size_t consumed = 0;
  while (consumed < input.size() && !done()) {
    const auto piece = Next(input.substr(consumed));
    if (!piece) return std::unexpected(piece.error());
    consumed += piece->consumed;
  }
  return consumed;
}

}  // namespace gateway::http
