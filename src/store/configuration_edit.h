// An open write transaction on the configuration; see Store::Edit().
//
// Writers of all instances are put in a row, so what current() says stays true until the end.
// Threads: the one that Edit() calls back; not to be kept beyond that call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/configuration.h"
#include "store/audit.h"
#include "store/query_record.h"
#include "store/shared_state.h"

namespace gateway::store {

enum class Kind : std::uint8_t { kBackend, kGroup, kPolicy, kRule };

// "backend", "group", "policy", "rule".
std::string_view NameOf(Kind kind);

// A stored object whose row holds what this program does not write (an older or newer one did, or
// an operator). It is left out, or, where `disabled`, shown and not in force.
struct Damage {
  Kind kind = Kind::kBackend;
  std::string id;
  std::string reason;
  bool disabled = false;

  bool operator==(const Damage&) const = default;
};

// The stored objects as of one value of the counter, with source kStore, ordered by id. Shared, as
// a copy of 10,000 policies for each reader would be waste.
struct StoredConfiguration {
  std::shared_ptr<const model::Configuration> configuration;
  std::uint64_t counter = 0;
  std::vector<Damage> damaged{};
};

class ConfigurationEdit {
 public:
  // With the changes made so far. The reference holds until the next change.
  const model::Configuration& current() const;

  // Of all objects that this edit puts: greater than any before, also of objects that are gone, so
  // that whoever names an old one is refused.
  std::uint64_t version() const;
  // Is there a row that was left out? Putting replaces it, deleting deletes it.
  bool IsDamaged(Kind kind, std::string_view id) const;

  // Insert the object, or replace the one of the same id; its version becomes version(). Nothing
  // else is checked: references may lead to objects of the file.
  // kInvalidArgument: a text that is no UTF-8 or has a NUL. Others: as Store; then the whole edit
  // fails, whatever the caller returns.
  [[nodiscard]] Expected<void> Put(model::Backend backend);
  [[nodiscard]] Expected<void> Put(model::Group group);
  [[nodiscard]] Expected<void> Put(model::Policy policy);
  [[nodiscard]] Expected<void> Put(model::Rule rule);

  // With a backend go its suffixes and its mark: another cluster may get the same id later.
  // kNotFound: no such stored object.
  [[nodiscard]] Expected<void> Delete(Kind kind, std::string_view id);

  // What was said by hand about a backend; empty where nothing was.
  Expected<BackendMark> Mark(std::string_view backend_id);
  // Replaces it; `at` is set here.
  [[nodiscard]] Expected<void> PutMark(BackendMark mark);

  // Saves a record in the history of queries; returns the one that it replaced, if any.
  Expected<std::optional<QueryRecord>> SaveQuery(const QueryRecord& query);

  // Adds a line to the audit log, which is there if and only if the edit is committed. `id` and
  // `at` are set here.
  [[nodiscard]] Expected<void> Audit(const AuditEntry& entry);

 private:
  friend class Store;
  struct State;
  explicit ConfigurationEdit(State& state) : state_(state) {}

  template <typename Object>
  Expected<void> PutObject(Object object);

  State& state_;
};

}  // namespace gateway::store
