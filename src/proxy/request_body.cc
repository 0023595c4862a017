#include "proxy/request_body.h"

#include <algorithm>

#include "http/chunked.h"

namespace gateway::proxy {

RequestBody::RequestBody(http::Connection& client,
                         http::BodyFraming framing,
                         http::Deadlines& deadlines,
                         std::chrono::milliseconds stall)
    : client_(client),
      chunked_(framing.kind == http::BodyKind::kChunked),
      deadlines_(deadlines),
      stall_(stall),
      reader_(client, framing, Origin::kClient, deadlines, stall),
      whole_(framing.kind == http::BodyKind::kNone) {}

Awaitable<Expected<void>> RequestBody::Keep(std::size_t limit, bool expects_continue) {
  // A chunk of one byte takes six.
  const auto most = 8 * std::max<std::size_t>(limit, 1024);
  while (!reader_.done() && reader_.content_bytes() <= limit && kept_.size() <= most) {
    auto piece = reader_.TakeArrived();
    if (piece && piece->empty() && !reader_.done()) {
      if (expects_continue) {
        expects_continue = false;
        auto written = co_await client_.Write("HTTP/1.1 100 Continue\r\n\r\n");
        if (!written) co_return written;
      }
      piece = co_await reader_.NextRaw();
    }
    if (!piece) co_return std::unexpected(std::move(piece).error());
    kept_.append(*piece);
  }
  // The last view is still lent; without this its bytes would look like the next request.
  if (reader_.done()) static_cast<void>(reader_.TakeArrived());
  // Not by what happened to arrive in the last piece: a body is too long, or it is not.
  whole_ = reader_.done() && reader_.content_bytes() <= limit;
  co_return Expected<void>();
}

Awaitable<Expected<void>> RequestBody::SendTo(http::Connection& upstream,
                                              std::string_view head,
                                              bool& early_answer) {
  streamed_ = streamed_ || !whole_;
  upstream.SetDeadline(deadlines_.Now() + stall_);
  auto written = co_await upstream.Write(head, kept_);
  upstream.ClearDeadline();
  if (!written) {
    // It may have answered all the same, and then closed.
    early_answer = written.error().code == ErrorCode::kClosed;
    co_return early_answer ? Expected<void>() : written;
  }
  if (!reader_.done()) co_return co_await Stream(upstream, early_answer);
  co_return Expected<void>();
}

Awaitable<Expected<void>> RequestBody::Stream(http::Connection& upstream, bool& early_answer) {
  upstream.Watch();
  while (true) {
    const auto piece = co_await reader_.NextRaw();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return Expected<void>();
    early_answer = !upstream.unread().empty() || upstream.ended();
    if (early_answer) co_return Expected<void>();
    upstream.SetDeadline(deadlines_.Now() + stall_);
    auto written = co_await upstream.Write(*piece);
    upstream.ClearDeadline();
    if (!written) {
      early_answer = written.error().code == ErrorCode::kClosed;
      co_return early_answer ? Expected<void>() : written;
    }
  }
}

std::optional<std::string_view> RequestBody::Content(std::string& buffer) const {
  if (!whole_) return std::nullopt;
  if (!chunked_) return kept_;
  buffer.clear();
  http::ChunkedReader chunks(Origin::kClient);
  std::string_view rest = kept_;
  while (!chunks.done()) {
    // Keep() has checked the framing already.
    const auto piece = chunks.Next(rest);
    if (!piece || piece->consumed == 0) return std::nullopt;
    buffer.append(piece->payload);
    rest.remove_prefix(piece->consumed);
  }
  return buffer;
}

}  // namespace gateway::proxy
