#include "proxy/live_tracking.h"

#include "protocol/headers.h"
#include "protocol/transaction_tag.h"

namespace gateway::proxy {
namespace {

using model::LiveQueries;
using protocol::EndpointKind;
using protocol::TrinoHeader;

// Transactions begin and end with a page of the statement that does it.
void TrackTransaction(const http::ResponseHead& answer,
                      std::string_view query_id,
                      LiveQueries& live,
                      Clock::TimePoint now) {
  for (const auto& field : answer.fields) {
    switch (protocol::Recognise(field.name)) {
      case TrinoHeader::kStartedTransactionId:
        live.TransactionSeen(field.value, now);
        break;
      case TrinoHeader::kClearTransactionId:
        live.TransactionEnded(query_id);
        break;
      default:
        break;
    }
  }
}

void TrackSubmission(const RequestView& request,
                     const http::ResponseHead& answer,
                     const AnswerFacts& facts,
                     LiveQueries& live,
                     Clock::TimePoint now) {
  if (answer.status != 200 || facts.query_id.empty()) return;
  const auto& transaction = request.transaction.id;
  const bool inside = protocol::NamesTransaction(transaction);
  live.Seen(facts.query_id, now, inside ? transaction : std::string_view());
  if (facts.direct) live.SeenDirect(facts.query_id, now);
  TrackTransaction(answer, facts.query_id, live, now);
  if (facts.last_page) live.Ended(facts.query_id);
}

void TrackPoll(const RequestView& request,
               const http::ResponseHead& answer,
               const AnswerFacts& facts,
               LiveQueries& live,
               Clock::TimePoint now) {
  const auto id = request.endpoint.query_id;
  const auto method = request.head->method;
  if (method == "DELETE") {
    // The end of one stage is not that of its query.
    const bool partial = request.endpoint.target.find("/partialCancel/") != std::string_view::npos;
    if (answer.status == 204 && !partial) live.Ended(id);
    return;
  }
  if (answer.status == 404) return live.Ended(id);
  if (answer.status != 200 || method != "GET") return;
  TrackTransaction(answer, id, live, now);
  if (facts.last_page) {
    live.Ended(id);
  } else {
    live.Seen(id, now);
  }
}

}  // namespace

void TrackAnswer(const RequestView& request,
                 const http::ResponseHead& answer,
                 const AnswerFacts& facts,
                 const model::BackendState& backend,
                 Clock::TimePoint now) {
  auto& live = backend.counters->live;
  switch (request.endpoint.kind) {
    case EndpointKind::kSubmit:
      return TrackSubmission(request, answer, facts, live, now);
    case EndpointKind::kPoll:
      return TrackPoll(request, answer, facts, live, now);
    case EndpointKind::kQuery:
      if (request.head->method == "DELETE" && answer.status == 204) {
        live.Ended(request.endpoint.query_id);
      }
      return;
    case EndpointKind::kSpooled:
      if (answer.status == 200) live.SegmentSeen(now);
      return;
    default:
      return;
  }
}

}  // namespace gateway::proxy
