#include "proxy/session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "proxy/replies.h"

namespace gateway::proxy {
namespace {

constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kLingerBytes = 1024 * 1024;

// Bytes that can never become a head: a TLS handshake on a plain port, or lines that end in a bare
// LF. Without this the client would wait for the timeout to learn of it.
bool CannotBeHead(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() <= 0x20 || text.front() == 0x7f) return true;
  const auto lf = text.find('\n');
  return lf != std::string_view::npos && (lf == 0 || text[lf - 1] != '\r');
}

}  // namespace

Session::Session(WorkerContext& context, SessionFacts facts, http::ConnectionPtr client)
    : context_(context), facts_(std::move(facts)), client_(std::move(client)) {}

Awaitable<void> Session::Run() {
  bool again = true;
  while (again && !context_.stopping && client_->open()) {
    if (auto read = co_await ReadHead(); !read) {
      const auto code = read.error().code;
      if (code == ErrorCode::kProtocol || code == ErrorCode::kTooLarge) {
        co_await Refuse(read.error(), true);
      }
      break;
    }
    bool parsing_head = true;
    const auto framing = Parse(parsing_head);
    if (!framing) {
      co_await Refuse(framing.error(), parsing_head);
      break;
    }
    Exchange exchange(context_, facts_, *client_, head_, *framing);
    again = co_await exchange.Run();
    if (!again && client_->open()) co_await LingerClose();
  }
  client_->Close();
}

// Waits for a whole head and moves it to `head_text_`.
Awaitable<Expected<void>> Session::ReadHead() {
  const auto& timeouts = context_.options.timeouts;
  const auto limit = context_.options.limits.head_bytes;
  idle_ = true;
  client_->Shrink();
  if (client_->unread().empty()) {
    client_->SetDeadline(context_.clock.Now() + timeouts.client_idle);
    auto filled = co_await client_->Fill(limit);
    if (!filled) co_return filled;
  }
  idle_ = false;
  client_->SetDeadline(context_.clock.Now() + timeouts.request_head);
  std::size_t searched = 0;
  while (true) {
    // One empty line in front is allowed (RFC 9112 §2.2); old clients send it after a body.
    if (client_->unread().starts_with("\r\n")) client_->Consume(2);
    const auto arrived = client_->unread();
    const auto end = http::FindHeadEnd(arrived, searched);
    if (end != std::string_view::npos && end <= limit) {
      head_text_.assign(arrived.substr(0, end));
      client_->Consume(end);
      client_->ClearDeadline();
      co_return Expected<void>();
    }
    if (CannotBeHead(arrived)) {
      co_return Fail(ErrorCode::kProtocol, "this is not HTTP/1.1", Origin::kClient);
    }
    searched = arrived.size();
    auto filled = co_await client_->Fill(limit);
    if (!filled && filled.error().code == ErrorCode::kTooLarge) {
      co_return Fail(ErrorCode::kTooLarge, fmt::format("the head exceeds {} bytes", limit),
                     Origin::kClient);
    }
    if (!filled) co_return filled;
  }
}

Expected<http::BodyFraming> Session::Parse(bool& parsing_head) {
  auto parsed = http::ParseRequestHead(head_text_, context_.options.limits.header_count, head_);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  parsing_head = false;
  return http::RequestFraming(head_);
}

Awaitable<void> Session::Refuse(const Error& error, bool parsing_head) {
  context_.metrics.ClientRefused(NameOf(error.code));
  context_.logger.Event(telemetry::Level::kDebug, "client.refused",
                        {{"client", facts_.client_address}, {"reason", error.message}});
  client_->SetDeadline(context_.clock.Now() + context_.options.timeouts.response_body);
  const auto text = Serialise(MalformedReply(error, parsing_head), true, false);
  if (co_await client_->Write(text)) co_await LingerClose();
}

// Reads on for a moment after our last byte: closing with unread input would reset the connection,
// and the client could lose the answer.
Awaitable<void> Session::LingerClose() {
  client_->ShutdownSend();
  client_->SetDeadline(context_.clock.Now() + kLingerTime);
  std::size_t drained = client_->unread().size();
  client_->Consume(drained);
  while (drained < kLingerBytes && co_await client_->Fill()) {
    drained += client_->unread().size();
    client_->Consume(client_->unread().size());
  }
}

void Session::EndWhenIdle() {
  if (idle_ && client_->unread().empty()) client_->Close();
}

void Session::Abort() { client_->Abort(); }

}  // namespace gateway::proxy
