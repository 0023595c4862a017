// Declared objects as the audit log shows them before and after a change: all that an operator set,
// nothing that is only known at run time.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "model/configuration.h"

namespace gateway::admin {

std::string ToAuditJson(const model::Backend& backend);
std::string ToAuditJson(const model::Group& group);
std::string ToAuditJson(const model::Policy& policy);
std::string ToAuditJson(const model::Rule& rule);

}  // namespace gateway::admin
