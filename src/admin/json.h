// The JSON of the admin API.
//
// Objects that come in are read strictly: a member that is not known, missing or of the wrong type
// is refused by name, so that a misspelt setting is never ignored.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admin/views.h"
#include "base/error.h"
#include "model/configuration.h"

namespace gateway::admin {

// kInvalidArgument: not JSON (the message tells where), or not the object that is expected (the
// message names the member and what is allowed). Values are not checked beyond their type and, for
// enums and addresses, their names: see model::Validate().
Expected<model::Backend> ParseBackend(std::string_view json);
Expected<model::Group> ParseGroup(std::string_view json);
Expected<model::Policy> ParsePolicy(std::string_view json);

std::string ToJson(const BackendView& backend);
std::string ToJson(const model::Group& group);
std::string ToJson(const model::Policy& policy);
// {"backends":[...]}, {"groups":[...]}, {"policies":[...]}
std::string ToJson(const std::vector<BackendView>& backends);
std::string ToJson(const std::vector<model::Group>& groups);
std::string ToJson(const std::vector<model::Policy>& policies);
std::string ToJson(const HealthView& health);
std::string ToJson(const RoutingView& routing);
// {"error":{"code":"not_found","message":"..."}}
std::string ErrorJson(std::string_view code, std::string_view message);

}  // namespace gateway::admin
