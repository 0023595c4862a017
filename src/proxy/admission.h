// Lets a request in, or not: the check of credentials on listeners where that is switched on.
//
// Threads: called on a worker with its own context.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/configuration.h"
#include "proxy/replies.h"
#include "proxy/request_facts.h"
#include "proxy/worker_context.h"

namespace gateway::proxy {

struct Admission {
  std::optional<Reply> refusal;              // to be sent; nothing: the request is let in
  std::string_view label;                    // of the refusal, for log and metrics
  std::string user;                          // for a request that names none itself; may be empty
  std::vector<model::HeaderAction> headers;  // changes of the head, so that the cluster sees the
                                             // user that was checked, and no credentials
};

// `guarded`: are credentials wanted on this listener? To be awaited in the scope that owns the
// arguments.
http::Awaitable<Admission> Admit(WorkerContext& context, const RequestView& request, bool guarded);

}  // namespace gateway::proxy
