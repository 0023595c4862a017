// From text to one YAML document: everything about the text as a whole is checked here.
//
// yaml-cpp 0.7 trusts its input: it nests up to 500 deep on the stack, reads UTF-16, and its
// LoadAll() never ends on `[],`. So a first pass over the events bounds what the second one builds,
// and what a reader that follows aliases sees: 100,000 keys and values.
// Threads: pure function. Memory: at worst, for one endless line, about 130 times the text.
#pragma once

#include <optional>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "app/problems.h"

namespace gateway::app {

// The root of the only document in `text`. Nothing: it was reported to `problems` (not UTF-8,
// control characters, tabs as indentation, bad YAML, nested too deep, too long, empty, several
// documents).
std::optional<YAML::Node> ParseYaml(std::string_view text, Problems& problems);

}  // namespace gateway::app
