// The sections backends, groups and policies of the configuration file.
//
// References between them are checked once all are known, in whatever order the sections stand.
// Threads: not synchronised; one reader for each file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/policy_reader.h"
#include "app/yaml_reader.h"
#include "model/configuration.h"
#include "monitor/monitor.h"

namespace gateway::app {

class DeclaredReader {
 public:
  // `reader` must outlive this.
  explicit DeclaredReader(YamlReader& reader);

  // Each takes the section of that name, at most once. `probe` is how backends are probed that do
  // not say otherwise.
  void ReadBackends(const Value& section, const monitor::ProbeSettings& probe);
  void ReadGroups(const Value& section);
  void ReadPolicies(const Value& section);

  // Adds a reference from outside these sections: routing.default_group. Without groups in the
  // file it may be one that the API creates later.
  void SetDefaultGroup(const Value& value, std::string_view id);

  // Enabled policies that want credentials to be checked on a port.
  struct Delegation {
    Value policy;
    std::uint64_t port;
  };
  const std::vector<Delegation>& delegations() const { return delegations_; }

  // Checks references and returns what was read.
  model::Configuration Finish();

  // How those backends are probed that say so.
  monitor::SettingsById TakeBackendProbes() { return std::move(backend_probes_); }

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

  void ReadBackend(const Value& value, const monitor::ProbeSettings& probe);
  void ReadGroup(const Value& value);
  void ReadPolicy(const Value& value);
  void CheckDelegation(const Value& value, const model::Policy& policy);
  std::string ReadNewId(MapReader& map, Kind& kind);
  std::string ReadReference(const std::optional<Value>& value, const Kind& kind);
  void ReadReferences(const std::optional<Value>& list,
                      const Kind& kind,
                      std::vector<std::string>& ids);
  void ReadWeights(const Value& value, model::Group& group);
  void CheckMatters(const std::optional<Value>& setting,
                    const model::Group& group,
                    model::Strategy needed);
  void CheckReference(const Reference& reference);

  YamlReader& reader_;
  PolicyReader policy_reader_;
  model::Configuration configuration_;
  monitor::SettingsById backend_probes_;
  Kind backends_{"backend", {}, {}};
  Kind groups_{"group", {}, {}};
  Kind policies_{"policy", {}, {}};
  std::vector<Reference> references_;
  std::optional<Reference> default_group_;
  std::vector<Delegation> delegations_;
};

}  // namespace gateway::app
