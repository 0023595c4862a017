// The parts of a policy in the configuration file: its rule, conditions and actions.
//
// References to groups are not its business. Values are checked where they stand, by the same
// functions that the API uses.
// Threads: not synchronised; one reader for each file.
#pragma once

#include <string>
#include <string_view>

#include "app/yaml_reader.h"
#include "model/configuration.h"

namespace gateway::app {

class PolicyReader {
 public:
  // `reader` must outlive this.
  explicit PolicyReader(YamlReader& reader) : reader_(reader) {}

  // Everything in `map` but id, groups and `enabled`, into `policy`.
  void Read(MapReader& map, model::Policy& policy);

 private:
  void ReadRule(const Value& value, model::Policy& policy);
  void ReadCondition(const Value& value, model::Policy& policy);
  void ReadConditionValue(const Value& value, model::Condition& condition);
  void ReadHeader(const Value& value, model::Policy& policy);

  YamlReader& reader_;
};

}  // namespace gateway::app
