// Declared objects as the audit log shows them before and after a change: all that an operator set,
// nothing that is only known at run time.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "model/configuration.h"
#include "store/query_record.h"
#include "store/shared_state.h"

namespace gateway::admin {

std::string ToAuditJson(const model::Backend& backend);
std::string ToAuditJson(const model::Group& group);
std::string ToAuditJson(const model::Policy& policy);
std::string ToAuditJson(const model::Rule& rule);
// A record of the history. Its text is told by its digest only: that is kept for as long as the
// history is, and not for as long as the audit log.
std::string ToAuditJson(const store::QueryRecord& query);
// What was said by hand of a backend.
std::string ToAuditJson(const store::BackendMark& mark);

}  // namespace gateway::admin
