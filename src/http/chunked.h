// The chunked transfer coding: finds where chunks and the message end.
//
// Incremental: bytes come in pieces of any size. Strict: CRLF only, hexadecimal sizes without
// blanks or sign, no control characters in extensions, bounded extension and trailer lengths.
// Threads: an instance belongs to one message. Source: RFC 9112 §7.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace gateway::http {

class ChunkedReader {
 public:
  // `origin` is whom to blame for malformed bytes.
  explicit ChunkedReader(Origin origin) : origin_(origin) {}

  struct Piece {
    std::size_t consumed = 0;  // bytes of the input that were used; 0 only for empty input or done
    std::string_view payload;  // content among them, a view into the input; may be empty
  };

  // Takes bytes up to the end of a stretch of content, of the input, or of the message.
  // kProtocol: malformed; the connection cannot be used any more.
  Expected<Piece> Next(std::string_view input);

  // Takes all of the input that belongs to the message, content or not, and returns how much that
  // was. kProtocol: as above.
  Expected<std::size_t> Skip(std::string_view input);

  // Was the last chunk with its trailers seen?
  bool done() const { return state_ == State::kDone; }

  // Bytes of content passed so far.
  std::uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  enum class State : std::uint8_t {
    kSizeFirst,
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerFirst,
    kTrailer,
    kTrailerLf,
    kEndLf,
    kDone,
  };
  Expected<void> Step(char c);
  Expected<void> StepSize(char c);
  Expected<void> StepTrailer(char c);
  Expected<void> CountOverhead();
  std::unexpected<Error> Malformed(const char* what) const;

  const Origin origin_;
  State state_ = State::kSizeFirst;
  std::uint64_t remaining_ = 0;  // of the current chunk's content
  std::uint64_t payload_bytes_ = 0;
  std::size_t overhead_ = 0;  // bytes of the current size line, or of all trailers
};

}  // namespace gateway::http
