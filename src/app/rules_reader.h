// Reads routing.rules, routing.external and auth.delegated.
//
// Rules are read from their files, compiled and tried, so that a broken script is refused like a
// broken setting, with its own file and line.
// Threads: not synchronised; one reader for each file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/yaml_reader.h"
#include "base/clock.h"
#include "delegated_auth/options.h"
#include "model/configuration.h"
#include "rules/external_router_options.h"

namespace gateway::app {

class RulesReader {
 public:
  // Both must outlive this. Relative paths of scripts start where those of `sources` do.
  RulesReader(YamlReader& reader, const SubstitutionSources& sources);

  std::vector<model::Rule> ReadRules(const Value& section);
  rules::ExternalRouterOptions ReadExternal(const Value& section);
  delegated_auth::DelegatedAuthOptions ReadDelegatedAuth(const Value& section);

 private:
  std::optional<model::Rule> ReadRule(const Value& value, const std::vector<model::Rule>& others);
  bool LoadScript(const Value& file, model::Rule& rule);
  void ReadCache(const Value& section, rules::ExternalRouterOptions& options);
  void ReadBreaker(const Value& section, rules::ExternalRouterOptions& options);
  void ReadHeader(const Value& value, rules::ExternalRouterOptions& options);

  YamlReader& reader_;
  const SubstitutionSources& sources_;
  const SystemClock clock_;
};

}  // namespace gateway::app
