#include "proxy/answer_relay.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "protocol/query_id.h"
#include "protocol/statement_answer.h"

namespace gateway::proxy {
namespace {

// An answer to a submission has about 700 bytes; its interesting members come first.
constexpr std::size_t kSubmissionPrefix = 64 * 1024;
// Pages have their URIs in front of columns and data.
constexpr std::size_t kPagePrefix = 16 * 1024;
constexpr std::uint64_t kDiscardLimit = 64 * 1024;

bool IsJson(const http::ResponseHead& head) {
  const auto* type = http::FindField(head.fields, "content-type");
  return type && type->value.starts_with("application/json") &&
         !http::FindField(head.fields, "content-encoding");
}

}  // namespace

AnswerRelay::AnswerRelay(WorkerContext& context, UpstreamCall& call)
    : context_(context), call_(call) {}

Awaitable<Expected<void>> AnswerRelay::Inspect(AnswerOptions options) {
  options_ = std::move(options);
  inspected_ = false;
  last_page_ = false;
  prefix_.clear();
  query_id_.clear();
  next_uri_.clear();
  const auto framing = http::ResponseFraming(call_.head(), options_.method);
  if (!framing) co_return std::unexpected(framing.error());
  framing_ = *framing;
  reader_.emplace(call_.connection(), framing_, Origin::kBackend, context_.deadlines,
                  context_.options.timeouts.response_body);

  const bool rewrites = !options_.rewrite_origin.empty() && IsJson(call_.head());
  const bool finds_end = options_.finds_end && IsJson(call_.head());
  if (call_.head().status != 200 || (!options_.is_submission && !rewrites && !finds_end)) {
    co_return Expected<void>();
  }
  if (const auto* coding = http::FindField(call_.head().fields, "content-encoding")) {
    if (options_.rewrite_origin.empty()) co_return Expected<void>();
    // Its URIs are for us, and a client that got them as they are could not go on.
    co_return Fail(
        ErrorCode::kProtocol,
        fmt::format("answered with Content-Encoding '{}', which it was not asked for, so "
                    "its URIs cannot be rewritten; switch compression off between "
                    "gateway and cluster",
                    coding->value),
        Origin::kBackend);
  }
  inspected_ = true;
  auto read = co_await ReadPrefix(options_.is_submission ? kSubmissionPrefix : kPagePrefix);
  if (!read) co_return read;
  if (options_.is_submission) {
    if (auto judged = JudgeSubmission(); !judged) co_return judged;
  }
  if (finds_end) last_page_ = IsLastPage();
  if (rewrites) {
    auto rewritten =
        protocol::RewriteUris(prefix_, options_.rewrite_origin, options_.rewrite_prefix);
    if (rewritten) prefix_ = std::move(*rewritten);
  }
  co_return Expected<void>();
}

Awaitable<Expected<void>> AnswerRelay::ReadPrefix(std::size_t limit) {
  while (prefix_.size() < limit && !reader_->done()) {
    const auto piece = co_await reader_->NextContent();
    if (!piece) co_return std::unexpected(piece.error());
    prefix_.append(*piece);
  }
  co_return Expected<void>();
}

Expected<void> AnswerRelay::JudgeSubmission() {
  const auto answer = protocol::ScanStatementAnswer(prefix_);
  if (!answer) {
    return Fail(ErrorCode::kProtocol,
                fmt::format("answered a statement with something else than JSON: {}",
                            answer.error().message),
                Origin::kBackend);
  }
  if (reader_->done() && answer->id.empty()) {
    return Fail(ErrorCode::kProtocol, "answered a statement without naming a query",
                Origin::kBackend);
  }
  query_id_ = answer->id;
  next_uri_ = answer->next_uri;
  last_page_ = reader_->done() && answer->next_uri.empty();
  context_.sticky.Learn(protocol::CoordinatorSuffix(query_id_), options_.backend->backend.id);
  return {};
}

// One that goes on beyond the prefix has rows, and after rows there is one more page.
bool AnswerRelay::IsLastPage() const {
  if (!reader_->done()) return false;
  const auto answer = protocol::ScanStatementAnswer(prefix_);
  return answer && !answer->id.empty() && answer->next_uri.empty();
}

http::OutputFraming AnswerRelay::ChooseFraming(ClientResponse& response) {
  using http::BodyKind;
  using http::OutputFraming;
  framing_line_.clear();
  response.replace_framing = true;
  auto output = OutputFraming::kContent;
  if (inspected_ && reader_->done()) {
    framing_line_ = fmt::format("Content-Length: {}\r\n", prefix_.size());
  } else if (!inspected_ && framing_.kind != BodyKind::kUntilClose &&
             !(framing_.kind == BodyKind::kChunked && options_.client_is_http10)) {
    response.replace_framing = false;
    output = OutputFraming::kAsIs;
  } else if (!options_.client_is_http10) {
    framing_line_ = "Transfer-Encoding: chunked\r\n";
    output = OutputFraming::kChunked;
  } else {
    response.close = true;
  }
  response.framing_line = framing_line_;
  return output;
}

bool AnswerRelay::Reusable() const {
  return reader_->done() && framing_.kind != http::BodyKind::kUntilClose && !call_.early_answer() &&
         http::KeepsAlive(call_.head().minor_version, call_.head().fields);
}

Awaitable<Expected<void>> AnswerRelay::SendTo(http::Connection& client, ClientResponse& response) {
  const auto stall = context_.options.timeouts.response_body;
  const auto framing = ChooseFraming(response);
  std::string pending;
  AppendResponseHead(pending, response);
  if (!prefix_.empty()) {
    if (framing == http::OutputFraming::kChunked) {
      fmt::format_to(std::back_inserter(pending), "{:x}\r\n{}\r\n", prefix_.size(), prefix_);
    } else {
      pending += prefix_;
    }
  }
  auto relayed =
      co_await http::RelayBody(*reader_, client, framing, pending, context_.deadlines, stall);
  call_.Finish(relayed && Reusable());
  co_return relayed;
}

Awaitable<void> AnswerRelay::Discard() {
  bool intact = true;
  while (intact && !reader_->done() && reader_->content_bytes() < kDiscardLimit) {
    intact = (co_await reader_->NextRaw()).has_value();
  }
  if (intact && reader_->done()) co_await reader_->NextRaw();
  call_.Finish(intact && Reusable());
}

}  // namespace gateway::proxy
