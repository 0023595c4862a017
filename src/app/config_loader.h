// From the YAML file to an AppConfig, or to a list of everything that is wrong with it.
//
// Each line of a refusal is `file:line:column: what is wrong; what is allowed`. All problems are
// reported, the first twenty in the order of the file. Values that a substitution put in, the
// token and the store's URL never appear.
// Threads: pure functions but for reading files and the environment.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "app/config.h"
#include "app/substitution.h"
#include "base/error.h"

namespace gateway::app {

inline constexpr std::size_t kMaxConfigBytes = 4 * 1024 * 1024;

// Reads the file at `path`; relative paths in `${file:PATH}` start at its directory.
// kInvalidArgument: the content is wrong. kNotFound, kTooLarge, kUnavailable: it cannot be read.
Expected<AppConfig> LoadConfig(const std::string& path);

// Reads `text`; `file_name` starts each line of an error. kInvalidArgument: see above.
Expected<AppConfig> ParseConfig(std::string_view text,
                                const std::string& file_name,
                                const SubstitutionSources& sources);

}  // namespace gateway::app
