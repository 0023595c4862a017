#include "admin/batch.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/audit_json.h"
#include "admin/kinds.h"
#include "admin/references.h"
#include "rules/rule_book.h"

namespace gateway::admin {
namespace {

template <typename T>
std::unexpected<Error> NotFound(std::string_view id) {
  return Fail(ErrorCode::kNotFound, fmt::format("{} '{}' does not exist", kKindName<T>, id),
              Origin::kClient);
}

}  // namespace

template <typename T>
Expected<void> Check(const Precondition& precondition, const T* object, std::string_view id) {
  using Existence = Precondition::Existence;
  if (object && precondition.existence == Existence::kMustNotExist) {
    return Fail(ErrorCode::kAlreadyExists, fmt::format("{} '{}' exists already", kKindName<T>, id),
                Origin::kClient);
  }
  if (!object && precondition.existence == Existence::kMustExist) return NotFound<T>(id);
  const auto version = object ? object->version : 0;
  const auto& expected = precondition.versions;
  if (!expected.empty() && std::ranges::find(expected, version) == expected.end()) {
    return Fail(ErrorCode::kAborted,
                fmt::format("{} '{}' was changed meanwhile: it has version {} now, not {}; read it "
                            "again",
                            kKindName<T>, id, version, fmt::join(expected, " or ")),
                Origin::kClient);
  }
  return {};
}

template <typename T>
Expected<T> Edited(const T& old, const std::function<Expected<void>(T&)>& change) {
  T object = old;
  if (auto changed = change(object); !changed) return std::unexpected(std::move(changed).error());
  object.id = old.id;
  object.version = old.version;
  return object;
}

bool NeedsTrial(const model::Rule& before, const model::Rule& after) {
  auto off = before;
  off.enabled = false;
  return after != off;
}

Expected<void> CheckRule(const model::Rule& rule, const Clock& clock) {
  if (auto valid = Validate(rule); !valid) return valid;
  auto tried = rules::Validate(rules::RuleOf(rule), clock);
  if (tried) return tried;
  return Fail(ErrorCode::kInvalidArgument, tried.error().message, Origin::kClient);
}

template <typename T>
const T* Batch::Find(std::string_view id) const {
  const auto* of_file = FindIn<T>(parts_.file, id);
  return of_file ? of_file : FindIn<T>(edit_.current(), id);
}

template <typename T>
Expected<void> Batch::Put(T object, const Precondition& precondition) {
  if (auto valid = Validate(object); !valid) return valid;
  const auto* old = FindIn<T>(edit_.current(), object.id);
  if (auto ours = CheckIsOurs<T>(declared(), object.id); !ours) return ours;
  if (auto holds = Check(precondition, old, object.id); !holds) return holds;
  return Replace(old, std::move(object));
}

template <typename T>
Expected<void> Batch::Edit(std::string_view id,
                           const Change<T>& change,
                           const Precondition& precondition,
                           const std::optional<T>& tried) {
  const auto* old = FindIn<T>(edit_.current(), id);
  if (auto ours = CheckIsOurs<T>(declared(), id); !ours) return ours;
  if (!old) return NotFound<T>(id);
  if (auto holds = Check(precondition, old, id); !holds) return holds;
  auto edited = Edited(*old, change);
  if (!edited) return std::unexpected(std::move(edited).error());
  T& object = *edited;
  if (object == *old) return {};
  if (auto valid = Validate(object); !valid) {
    // What an older gateway stored may break a rule that came later; draining it must go on.
    const auto before = Validate(*old);
    if (before || before.error().message != valid.error().message) return valid;
  }
  if constexpr (std::is_same_v<T, model::Rule>) {
    if (object != tried && NeedsTrial(*old, object)) {
      if (auto runs = CheckRule(object, parts_.clock); !runs) return runs;
    }
  }
  return Replace(old, std::move(object));
}

// Stores `object`, which is checked by itself, in place of `old`.
template <typename T>
Expected<void> Batch::Replace(const T* old, T object) {
  if (auto whole = CheckReferences(object, old, declared()); !whole) return whole;
  object.source = model::Source::kStore;
  object.version = edit_.version();
  auto entry = AuditEntryOf(parts_.caller, kKindName<T>, object.id, old ? ToAuditJson(*old) : "",
                            ToAuditJson(object));
  if (auto put = edit_.Put(std::move(object)); !put) return put;
  return edit_.Audit(entry);
}

// A row that cannot be read can still be deleted.
template <typename T>
Expected<void> Batch::Delete(std::string_view id,
                             const Precondition& precondition,
                             const std::function<Expected<void>()>& permits) {
  const auto* old = FindIn<T>(edit_.current(), id);
  if (auto ours = CheckIsOurs<T>(declared(), id); !ours) return ours;
  if (!old && !edit_.IsDamaged(kStoreKind<T>, id)) return NotFound<T>(id);
  if (auto holds = Check(precondition, old, id); old && !holds) return holds;
  if (auto free = CheckIsFree<T>(declared(), parts_.default_group, id); !free) return free;
  if (permits) {
    if (auto permitted = permits(); !permitted) return permitted;
  }
  auto entry = AuditEntryOf(parts_.caller, kKindName<T>, id,
                            old ? ToAuditJson(*old) : R"("unreadable")", "");
  if (auto deleted = edit_.Delete(kStoreKind<T>, id); !deleted) return deleted;
  return edit_.Audit(entry);
}

Expected<void> Batch::Mark(std::string_view backend_id,
                           std::optional<bool> healthy,
                           std::optional<std::int32_t> load) {
  if (load && *load < 0) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("cluster_load {} is not allowed: 0 or more", *load), Origin::kClient);
  }
  if (!Find<model::Backend>(backend_id)) return NotFound<model::Backend>(backend_id);
  const auto old = edit_.Mark(backend_id);
  if (!old) return std::unexpected(old.error());
  auto mark = *old;
  if (healthy) mark.healthy = healthy;
  if (load) mark.load = load;
  return PutMark(*old, std::move(mark),
                 {.backend_id = std::string(backend_id), .healthy = healthy, .load = load});
}

Expected<void> Batch::ClearMarks(std::string_view backend_id) {
  if (!Find<model::Backend>(backend_id)) return NotFound<model::Backend>(backend_id);
  const auto old = edit_.Mark(backend_id);
  if (!old) return std::unexpected(old.error());
  const store::BackendMark none{.backend_id = std::string(backend_id)};
  return PutMark(*old, none, none);
}

// Marks that are said again are stored again: they may have been overruled by a probe since.
Expected<void> Batch::PutMark(const store::BackendMark& old,
                              store::BackendMark mark,
                              store::BackendMark said) {
  auto entry = AuditEntryOf(parts_.caller, kKindName<model::Backend>, mark.backend_id,
                            ToAuditJson(old), ToAuditJson(mark));
  if (auto put = edit_.PutMark(std::move(mark)); !put) return put;
  auto stored = edit_.Mark(said.backend_id);  // with its time, by which the follower knows it again
  if (!stored) return std::unexpected(std::move(stored).error());
  marks_.push_back({std::move(said), *std::move(stored)});
  return edit_.Audit(entry);
}

store::AuditEntry AuditEntryOf(const Caller& caller,
                               std::string_view kind,
                               std::string_view id,
                               std::string before,
                               std::string after) {
  store::AuditEntry entry;
  entry.actor = caller.principal.name;
  entry.role = NameOf(caller.principal.role);
  entry.client = caller.client;
  entry.method = caller.method;
  entry.kind = kind;
  entry.object_id = id;
  entry.before = std::move(before);
  entry.after = std::move(after);
  return entry;
}

template Expected<void> Check(const Precondition&, const model::Rule*, std::string_view);
template Expected<model::Rule> Edited(const model::Rule&,
                                      const std::function<Expected<void>(model::Rule&)>&);

template const model::Backend* Batch::Find(std::string_view) const;
template const model::Group* Batch::Find(std::string_view) const;
template const model::Policy* Batch::Find(std::string_view) const;
template const model::Rule* Batch::Find(std::string_view) const;

template Expected<void> Batch::Put(model::Backend, const Precondition&);
template Expected<void> Batch::Put(model::Group, const Precondition&);
template Expected<void> Batch::Put(model::Policy, const Precondition&);
template Expected<void> Batch::Put(model::Rule, const Precondition&);

template Expected<void> Batch::Edit(std::string_view,
                                    const Change<model::Backend>&,
                                    const Precondition&,
                                    const std::optional<model::Backend>&);
template Expected<void> Batch::Edit(std::string_view,
                                    const Change<model::Group>&,
                                    const Precondition&,
                                    const std::optional<model::Group>&);
template Expected<void> Batch::Edit(std::string_view,
                                    const Change<model::Policy>&,
                                    const Precondition&,
                                    const std::optional<model::Policy>&);
template Expected<void> Batch::Edit(std::string_view,
                                    const Change<model::Rule>&,
                                    const Precondition&,
                                    const std::optional<model::Rule>&);

using Permits = std::function<Expected<void>()>;
template Expected<void> Batch::Delete<model::Backend>(std::string_view,
                                                      const Precondition&,
                                                      const Permits&);
template Expected<void> Batch::Delete<model::Group>(std::string_view,
                                                    const Precondition&,
                                                    const Permits&);
template Expected<void> Batch::Delete<model::Policy>(std::string_view,
                                                     const Precondition&,
                                                     const Permits&);
template Expected<void> Batch::Delete<model::Rule>(std::string_view,
                                                   const Precondition&,
                                                   const Permits&);

}  // namespace gateway::admin
