// What is declared at the moment of a write: the objects of the file laid over those of the store.
//
// Views into two configurations that must outlive it. Threads: immutable.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "model/configuration.h"

namespace gateway::admin {

// The objects of type T in a configuration.
template <typename T>
const std::vector<T>& ListOf(const model::Configuration& configuration);
template <>
inline const std::vector<model::Backend>& ListOf(const model::Configuration& configuration) {
  return configuration.backends;
}
template <>
inline const std::vector<model::Group>& ListOf(const model::Configuration& configuration) {
  return configuration.groups;
}
template <>
inline const std::vector<model::Policy>& ListOf(const model::Configuration& configuration) {
  return configuration.policies;
}
template <>
inline const std::vector<model::Rule>& ListOf(const model::Configuration& configuration) {
  return configuration.rules;
}

// Null when there is none.
template <typename T>
const T* FindIn(const model::Configuration& configuration, std::string_view id) {
  const auto& list = ListOf<T>(configuration);
  const auto found = std::ranges::find(list, id, &T::id);
  return found == list.end() ? nullptr : &*found;
}

class Declared {
 public:
  Declared(const model::Configuration& file, const model::Configuration& stored)
      : file_(file), stored_(stored) {}

  const model::Configuration& file() const { return file_; }
  const model::Configuration& stored() const { return stored_; }

  template <typename T>
  bool Has(std::string_view id) const {
    return FindIn<T>(file_, id) || FindIn<T>(stored_, id);
  }

  // Calls `visit(object)` for each object that is in force: stored ones that the file shadows are
  // left out.
  template <typename T, typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& object : ListOf<T>(file_)) visit(object);
    for (const auto& object : ListOf<T>(stored_)) {
      if (!FindIn<T>(file_, object.id)) visit(object);
    }
  }

 private:
  const model::Configuration& file_;
  const model::Configuration& stored_;
};

}  // namespace gateway::admin
