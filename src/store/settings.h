// The part of a stored object that has no column of its own, as one JSON object.
//
// What has its default is left out. A reader skips what it does not know: a setting that an older
// gateway must not ignore needs a migration, which older gateways refuse.
// Private to this room. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "model/configuration.h"

namespace gateway::store {

std::string WriteSettings(const model::Backend& backend);
std::string WriteSettings(const model::Group& group);
std::string WriteSettings(const model::Policy& policy);
std::string WriteSettings(const model::Rule& rule);

// Into the object; an empty text changes nothing. kInternal: not what WriteSettings() writes.
[[nodiscard]] Expected<void> ReadSettings(std::string_view text, model::Backend& backend);
[[nodiscard]] Expected<void> ReadSettings(std::string_view text, model::Group& group);
[[nodiscard]] Expected<void> ReadSettings(std::string_view text, model::Policy& policy);
[[nodiscard]] Expected<void> ReadSettings(std::string_view text, model::Rule& rule);

}  // namespace gateway::store
