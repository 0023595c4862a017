#include "http/body.h"

#include <algorithm>

#include <fmt/format.h>

namespace gateway::http {

BodyReader::BodyReader(Connection& connection,
                       BodyFraming framing,
                       Origin origin,
                       Deadlines& deadlines,
                       std::chrono::milliseconds stall)
    : connection_(connection),
      framing_(framing),
      deadlines_(deadlines),
      stall_(stall),
      chunks_(origin),
      remaining_(framing.length) {}

bool BodyReader::done() const {
  switch (framing_.kind) {
    case BodyKind::kNone:
      return true;
    case BodyKind::kLength:
      return remaining_ == 0;
    case BodyKind::kChunked:
      return chunks_.done();
    case BodyKind::kUntilClose:
      return ended_;
  }
  return true;
}

std::uint64_t BodyReader::content_bytes() const {
  return framing_.kind == BodyKind::kChunked ? chunks_.payload_bytes() : content_bytes_;
}

// Gives the bytes of the last view back to the connection.
void BodyReader::Settle() {
  connection_.Consume(lent_);
  lent_ = 0;
}

// What has arrived, without waiting; empty when nothing has.
Expected<std::string_view> BodyReader::Take(bool content) {
  const auto arrived = connection_.unread();
  if (framing_.kind != BodyKind::kChunked) {
    const auto size = framing_.kind == BodyKind::kLength
                          ? std::min<std::uint64_t>(arrived.size(), remaining_)
                          : arrived.size();
    remaining_ -= framing_.kind == BodyKind::kLength ? size : 0;
    content_bytes_ += size;
    lent_ = size;
    return arrived.substr(0, size);
  }
  if (!content) {
    const auto consumed = chunks_.Skip(arrived);
    if (!consumed) return std::unexpected(consumed.error());
    lent_ = *consumed;
    return arrived.substr(0, *consumed);
  }
  std::size_t consumed = 0;
  std::string_view payload;
  while (payload.empty() && consumed < arrived.size() && !chunks_.done()) {
    const auto piece = chunks_.Next(arrived.substr(consumed));
    if (!piece) return std::unexpected(piece.error());
    consumed += piece->consumed;
    payload = piece->payload;
  }
  lent_ = consumed;
  return payload;
}

Awaitable<Expected<std::string_view>> BodyReader::Next(bool content) {
  Settle();
  while (!done()) {
    const auto taken = Take(content);
    if (!taken || !taken->empty()) co_return taken;
    Settle();
    if (done()) break;
    connection_.SetDeadline(deadlines_.Now() + stall_);
    auto filled = co_await connection_.Fill();
    connection_.ClearDeadline();
    if (!filled) {
      const bool clean_end = filled.error().code == ErrorCode::kClosed &&
                             framing_.kind == BodyKind::kUntilClose && !connection_.reset();
      if (!clean_end) co_return std::unexpected(std::move(filled).error());
      ended_ = true;
    }
  }
  co_return std::string_view();
}

Awaitable<Expected<std::string_view>> BodyReader::NextRaw() { return Next(false); }

Awaitable<Expected<std::string_view>> BodyReader::NextContent() { return Next(true); }

Expected<std::string_view> BodyReader::TakeArrived() {
  Settle();
  if (done()) return std::string_view();
  return Take(false);
}

namespace {

Awaitable<Expected<void>> WriteBounded(Connection& to,
                                       std::string_view first,
                                       std::string_view second,
                                       Deadlines& deadlines,
                                       std::chrono::milliseconds stall) {
  to.SetDeadline(deadlines.Now() + stall);
  auto written = co_await to.Write(first, second);
  to.ClearDeadline();
  co_return written;
}

}  // namespace

Awaitable<Expected<void>> RelayBody(BodyReader& from,
                                    Connection& to,
                                    OutputFraming framing,
                                    std::string_view pending,
                                    Deadlines& deadlines,
                                    std::chrono::milliseconds stall) {
  std::string before(pending);
  while (true) {
    const auto piece =
        co_await (framing == OutputFraming::kAsIs ? from.NextRaw() : from.NextContent());
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) break;
    if (framing == OutputFraming::kChunked) {
      fmt::format_to(std::back_inserter(before), "{:x}\r\n", piece->size());
    }
    auto written = co_await WriteBounded(to, before, *piece, deadlines, stall);
    if (!written) co_return written;
    before.clear();
    if (framing == OutputFraming::kChunked) before = "\r\n";
  }
  if (framing == OutputFraming::kChunked) before += "0\r\n\r\n";
  if (before.empty()) co_return Expected<void>();
  co_return co_await WriteBounded(to, before, {}, deadlines, stall);
}

}  // namespace gateway::http
