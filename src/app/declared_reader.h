// The sections backends, groups and policies of the configuration file.
//
// References between them are checked once all are known, in whatever order the sections stand.
// Threads: not synchronised; one reader for each file.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/policy_reader.h"
#include "app/yaml_reader.h"
#include "model/configuration.h"

namespace gateway::app {

class DeclaredReader {
 public:
  // `reader` must outlive this.
  explicit DeclaredReader(YamlReader& reader);

  // Each takes the section of that name, at most once.
  void ReadBackends(const Value& section);
  void ReadGroups(const Value& section);
  void ReadPolicies(const Value& section);

  // Adds a reference from outside these sections: routing.default_group. Without groups in the
  // file it may be one that the API creates later.
  void SetDefaultGroup(const Value& value, std::string_view id);

  // Checks references and returns what was read.
  model::Configuration Finish();

 private:
  // Ids of one kind.
  struct Kind {
    std::string_view name;                         // "backend"
    std::map<std::string, int, std::less<>> seen;  // well-formed ids and their lines
    std::vector<std::string> shown;                // the same as written in the file, for messages
  };
  struct Reference {
    Value value;
    std::string id;
    const Kind* kind;
  };

  void ReadBackend(const Value& value);
  void ReadGroup(const Value& value);
  void ReadPolicy(const Value& value);
  std::string ReadNewId(MapReader& map, Kind& kind);
  std::string ReadReference(const std::optional<Value>& value, const Kind& kind);
  void ReadReferences(const std::optional<Value>& list,
                      const Kind& kind,
                      std::vector<std::string>& ids);
  void ReadWeights(const Value& value, model::Group& group);
  void CheckReference(const Reference& reference);

  YamlReader& reader_;
  PolicyReader policy_reader_;
  model::Configuration configuration_;
  Kind backends_{"backend", {}, {}};
  Kind groups_{"group", {}, {}};
  Kind policies_{"policy", {}, {}};
  std::vector<Reference> references_;
  std::optional<Reference> default_group_;
};

}  // namespace gateway::app
