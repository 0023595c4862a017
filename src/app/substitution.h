// `${env:NAME}` and `${file:PATH}` in the values of the configuration file.
//
// Done after YAML was parsed, one value at a time, so what is put in never changes the structure
// of the file. `$${` stands for `${`.
// Threads: pure functions but for what the sources do.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gateway::app {

// Where values come from; tests give their own.
struct SubstitutionSources {
  // Nothing: the variable is not set.
  std::function<std::optional<std::string>(std::string_view name)> variable;
  // The whole content. Errors say why the file cannot be used.
  std::function<Expected<std::string>(std::string_view path)> file;
};

// The environment of the process and the disk. Relative paths start at `directory`. Only regular
// files of at most 64 KiB, the last line break left out.
SubstitutionSources SystemSources(std::string directory);

struct Substituted {
  std::string text;
  bool changed = false;  // something was put in: `text` may be secret
};

// kInvalidArgument: not set, not readable, or not a form that is allowed; the message holds what
// was written, never a value that was put in.
Expected<Substituted> Substitute(std::string_view written, const SubstitutionSources& sources);

}  // namespace gateway::app
