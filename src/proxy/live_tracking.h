// Keeps count of what runs on a backend, from requests and answers that pass: what a drain waits
// for.
//
// Threads: any; what it writes to is shared by all workers.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "http/head.h"
#include "model/snapshot.h"
#include "proxy/request_facts.h"

namespace gateway::proxy {

// What was learned of an answer by looking into it; nothing of most.
struct AnswerFacts {
  std::string_view query_id;  // of a submission; empty: none
  bool last_page = false;     // it has no nextUri
  bool direct = false;        // the client goes on at the backend itself
};

// An answer of `backend` to `request` is about to be relayed.
void TrackAnswer(const RequestView& request,
                 const http::ResponseHead& answer,
                 const AnswerFacts& facts,
                 const model::BackendState& backend,
                 Clock::TimePoint now);

}  // namespace gateway::proxy
