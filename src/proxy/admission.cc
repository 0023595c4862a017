#include "proxy/admission.h"

#include <utility>

namespace gateway::proxy {
namespace {

using delegated_auth::Verdict;
using protocol::EndpointKind;

// Trino gives these URIs to who submitted the query, and does not authenticate them either.
bool HasSecretInUri(EndpointKind kind) {
  return kind == EndpointKind::kPoll || kind == EndpointKind::kSpooled;
}

void Refuse(Admission& admission, Reply reply, std::string_view label) {
  admission.refusal = std::move(reply);
  admission.label = label;
}

}  // namespace

http::Awaitable<Admission> Admit(WorkerContext& context, const RequestView& request, bool guarded) {
  Admission admission;
  if (!guarded) co_return admission;
  admission.headers.push_back({"Authorization", std::nullopt});
  auto* authenticator = context.authenticator;
  if (!authenticator) {
    Refuse(
        admission,
        UndecidedReply("credentials cannot be checked: no provider is configured (auth.delegated)"),
        "auth_unavailable");
    co_return admission;
  }
  if (HasSecretInUri(request.endpoint.kind) && !authenticator->options().check_polls) {
    co_return admission;
  }
  auto result = co_await authenticator->Check(request.head->fields);
  if (result.verdict == Verdict::kRefused) {
    Refuse(admission, UnauthenticatedReply(result.message), "unauthenticated");
  } else if (result.verdict == Verdict::kUnavailable) {
    Refuse(admission, UndecidedReply(result.message), "auth_unavailable");
  } else if (request.user.empty()) {
    admission.user = std::move(result.user);
    admission.headers.push_back(
        {request.presto ? "X-Presto-User" : "X-Trino-User", admission.user});
  }
  co_return admission;
}

}  // namespace gateway::proxy
