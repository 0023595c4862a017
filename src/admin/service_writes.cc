// The writes of the admin service.
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/audit_json.h"
#include "admin/declared.h"
#include "admin/kinds.h"
#include "admin/references.h"
#include "admin/service.h"
#include "rules/rule_book.h"

namespace gateway::admin {
namespace {

template <typename T>
std::unexpected<Error> NotFound(std::string_view id) {
  return Fail(ErrorCode::kNotFound, fmt::format("{} '{}' does not exist", kKindName<T>, id),
              Origin::kClient);
}

// `object`: null where there is none yet.
template <typename T>
Expected<void> Check(const Precondition& precondition, const T* object, std::string_view id) {
  using Existence = Precondition::Existence;
  if (object && precondition.existence == Existence::kMustNotExist) {
    return Fail(ErrorCode::kAlreadyExists, fmt::format("{} '{}' exists already", kKindName<T>, id),
                Origin::kClient);
  }
  if (!object && precondition.existence == Existence::kMustExist) return NotFound<T>(id);
  const auto version = object ? object->version : 0;
  if (precondition.version && *precondition.version != version) {
    return Fail(ErrorCode::kAborted,
                fmt::format("{} '{}' was changed meanwhile: it has version {} now, not {}; read it "
                            "again",
                            kKindName<T>, id, version, *precondition.version),
                Origin::kClient);
  }
  return {};
}

store::AuditEntry EntryOf(const Caller& caller,
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

// "3 queries, 1 open transaction": what of it there is.
std::string ToText(const model::DrainState& left) {
  std::vector<std::string> parts;
  const auto add = [&](std::size_t count, std::string_view what) {
    if (count > 0) parts.push_back(fmt::format("{} {}{}", count, what, count == 1 ? "" : "s"));
  };
  if (left.queries > 0) {
    parts.push_back(fmt::format("{} {}", left.queries, left.queries == 1 ? "query" : "queries"));
  }
  add(left.transactions, "open transaction");
  add(left.exchanges, "request");
  if (left.spooled) parts.emplace_back("results being fetched");
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Stores `object`, which is checked by itself, in place of `old`.
template <typename T>
Expected<void> Replace(store::ConfigurationEdit& edit,
                       const Declared& declared,
                       const T* old,
                       T object,
                       const Caller& caller) {
  if (auto whole = CheckReferences(object, declared); !whole) return whole;
  object.source = model::Source::kStore;
  object.version = old ? old->version + 1 : 1;
  auto entry =
      EntryOf(caller, kKindName<T>, object.id, old ? ToAuditJson(*old) : "", ToAuditJson(object));
  if (auto put = edit.Put(std::move(object)); !put) return put;
  return edit.Audit(entry);
}

// What can be said of an object by itself.
template <typename T>
Expected<void> CheckAlone(const T& object, const Clock&) {
  return Validate(object);
}

Expected<void> CheckAlone(const model::Rule& rule, const Clock& clock) {
  if (auto valid = Validate(rule); !valid) return valid;
  auto tried = rules::Validate(rules::RuleOf(rule), clock);
  if (tried) return tried;
  return Fail(ErrorCode::kInvalidArgument, tried.error().message, Origin::kClient);
}

}  // namespace

template <typename T>
Expected<T> AdminService::Put(T object, const Precondition& precondition, const Caller& caller) {
  if (auto valid = CheckAlone(object, parts_.clock); !valid) {
    return std::unexpected(valid.error());
  }
  const auto id = object.id;
  const auto file = parts_.registry.FileConfiguration();
  const auto stored = Write({kKindName<T>, id}, caller, [&](store::ConfigurationEdit& edit) {
    const Declared declared(file, edit.current());
    const auto* old = FindIn<T>(edit.current(), id);
    if (auto ours = CheckIsOurs<T>(declared, id); !ours) return ours;
    if (auto holds = Check(precondition, old, id); !holds) return holds;
    return Replace(edit, declared, old, std::move(object), caller);
  });
  if (!stored) return std::unexpected(stored.error());
  return *FindIn<T>(*stored->configuration, id);
}

template <typename T>
Expected<T> AdminService::ChangeObject(std::string_view id,
                                       const Change<T>& change,
                                       const Precondition& precondition,
                                       const Caller& caller) {
  const auto file = parts_.registry.FileConfiguration();
  const auto stored =
      Write({kKindName<T>, id}, caller, [&](store::ConfigurationEdit& edit) -> Expected<void> {
        const Declared declared(file, edit.current());
        const auto* old = FindIn<T>(edit.current(), id);
        if (auto ours = CheckIsOurs<T>(declared, id); !ours) return ours;
        if (!old) return NotFound<T>(id);
        if (auto holds = Check(precondition, old, id); !holds) return holds;
        T object = *old;
        if (auto changed = change(object); !changed) return changed;
        object.id = old->id;
        object.version = old->version;
        if (object == *old) return {};
        if (auto valid = CheckAlone(object, parts_.clock); !valid) return valid;
        return Replace(edit, declared, old, std::move(object), caller);
      });
  if (!stored) return std::unexpected(stored.error());
  return *FindIn<T>(*stored->configuration, id);
}

template <typename T>
Expected<void> AdminService::Delete(std::string_view id,
                                    const Precondition& precondition,
                                    const Caller& caller,
                                    const std::function<Expected<void>()>& permits) {
  const auto file = parts_.registry.FileConfiguration();
  const auto default_group = parts_.registry.Current()->default_group();
  const auto stored =
      Write({kKindName<T>, id}, caller, [&](store::ConfigurationEdit& edit) -> Expected<void> {
        const Declared declared(file, edit.current());
        const auto* old = FindIn<T>(edit.current(), id);
        if (auto ours = CheckIsOurs<T>(declared, id); !ours) return ours;
        if (!old) return NotFound<T>(id);
        if (auto holds = Check(precondition, old, id); !holds) return holds;
        if (auto free = CheckIsFree<T>(declared, default_group, id); !free) return free;
        if (permits) {
          if (auto permitted = permits(); !permitted) return permitted;
        }
        auto entry = EntryOf(caller, kKindName<T>, id, ToAuditJson(*old), "");
        if (auto deleted = edit.Delete(kStoreKind<T>, id); !deleted) return deleted;
        return edit.Audit(entry);
      });
  if (!stored) return std::unexpected(stored.error());
  return {};
}

Expected<BackendView> AdminService::PutBackend(model::Backend backend,
                                               const Precondition& precondition,
                                               const Caller& caller) {
  auto stored = Put(std::move(backend), precondition, caller);
  if (!stored) return std::unexpected(std::move(stored).error());
  return ViewNow(*std::move(stored));
}

Expected<model::Group> AdminService::PutGroup(model::Group group,
                                              const Precondition& precondition,
                                              const Caller& caller) {
  return Put(std::move(group), precondition, caller);
}

Expected<model::Policy> AdminService::PutPolicy(model::Policy policy,
                                                const Precondition& precondition,
                                                const Caller& caller) {
  return Put(std::move(policy), precondition, caller);
}

Expected<model::Rule> AdminService::PutRule(model::Rule rule,
                                            const Precondition& precondition,
                                            const Caller& caller) {
  return Put(std::move(rule), precondition, caller);
}

Expected<BackendView> AdminService::ChangeBackend(std::string_view id,
                                                  const Change<model::Backend>& change,
                                                  const Precondition& precondition,
                                                  const Caller& caller) {
  auto stored = ChangeObject(id, change, precondition, caller);
  if (!stored) return std::unexpected(std::move(stored).error());
  return ViewNow(*std::move(stored));
}

Expected<model::Group> AdminService::ChangeGroup(std::string_view id,
                                                 const Change<model::Group>& change,
                                                 const Precondition& precondition,
                                                 const Caller& caller) {
  return ChangeObject(id, change, precondition, caller);
}

Expected<model::Policy> AdminService::ChangePolicy(std::string_view id,
                                                   const Change<model::Policy>& change,
                                                   const Precondition& precondition,
                                                   const Caller& caller) {
  return ChangeObject(id, change, precondition, caller);
}

Expected<model::Rule> AdminService::ChangeRule(std::string_view id,
                                               const Change<model::Rule>& change,
                                               const Precondition& precondition,
                                               const Caller& caller) {
  return ChangeObject(id, change, precondition, caller);
}

Expected<void> AdminService::DeleteBackend(std::string_view id,
                                           Force force,
                                           const Precondition& precondition,
                                           const Caller& caller) {
  std::function<Expected<void>()> permits;
  if (force == Force::kNo) permits = [&] { return CheckIsEmpty(id); };
  return Delete<model::Backend>(id, precondition, caller, permits);
}

// No group leads to it any more, so nothing new comes while this is asked.
Expected<void> AdminService::CheckIsEmpty(std::string_view id) const {
  const auto left = parts_.registry.Left(id);
  if (!left || left->Empty()) return {};
  return Fail(ErrorCode::kConflict,
              fmt::format("backend '{}' is in use ({}); drain it and wait until it is empty, or "
                          "delete it with force=true, which loses them",
                          id, ToText(*left)),
              Origin::kClient);
}

Expected<void> AdminService::DeleteGroup(std::string_view id,
                                         const Precondition& precondition,
                                         const Caller& caller) {
  return Delete<model::Group>(id, precondition, caller);
}

Expected<void> AdminService::DeletePolicy(std::string_view id,
                                          const Precondition& precondition,
                                          const Caller& caller) {
  return Delete<model::Policy>(id, precondition, caller);
}

Expected<void> AdminService::DeleteRule(std::string_view id,
                                        const Precondition& precondition,
                                        const Caller& caller) {
  return Delete<model::Rule>(id, precondition, caller);
}

Expected<void> AdminService::MarkBackend(std::string_view id, bool healthy, const Caller& caller) {
  auto saved = SaveMark({.backend_id = std::string(id), .healthy = healthy}, caller);
  if (saved) parts_.registry.MarkHealth(id, healthy);
  return saved;
}

Expected<void> AdminService::SetBackendLoad(std::string_view id,
                                            std::int32_t load,
                                            const Caller& caller) {
  if (load < 0) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("cluster_load {} is not allowed: 0 or more", load), Origin::kClient);
  }
  auto saved = SaveMark({.backend_id = std::string(id), .load = load}, caller);
  if (saved) parts_.registry.SetLoad(id, load);
  return saved;
}

Expected<void> AdminService::ClearMarks(std::string_view id, const Caller& caller) {
  const store::BackendMark none{.backend_id = std::string(id)};
  if (!parts_.registry.Current()->FindBackend(id)) return NotFound<model::Backend>(id);
  auto saved = parts_.store.SaveMark(none);
  Log({"backend", id}, caller, saved ? std::string_view("ok") : NameOf(saved.error().code));
  if (saved) parts_.registry.ClearMarks(id);
  return saved;
}

// A new mark takes the place of the old one, but keeps what it does not speak of.
Expected<void> AdminService::SaveMark(store::BackendMark mark, const Caller& caller) {
  if (!parts_.registry.Current()->FindBackend(mark.backend_id)) {
    return NotFound<model::Backend>(mark.backend_id);
  }
  const auto marks = parts_.store.LoadMarks();
  if (!marks) return std::unexpected(marks.error());
  for (const auto& old : *marks) {
    if (old.backend_id != mark.backend_id) continue;
    if (!mark.healthy) mark.healthy = old.healthy;
    if (!mark.load) mark.load = old.load;
  }
  auto saved = parts_.store.SaveMark(mark);
  Log({"backend", mark.backend_id}, caller,
      saved ? std::string_view("ok") : NameOf(saved.error().code));
  return saved;
}

Expected<store::StoredConfiguration> AdminService::Write(
    const Subject& subject,
    const Caller& caller,
    const std::function<Expected<void>(store::ConfigurationEdit&)>& edit) {
  auto stored =
      parts_.store.Edit(fmt::format("cannot write {} '{}'", subject.kind, subject.id), edit);
  if (stored) parts_.publisher.Publish(*stored);
  Log(subject, caller, stored ? std::string_view("ok") : NameOf(stored.error().code));
  return stored;
}

void AdminService::Log(const Subject& subject, const Caller& caller, std::string_view result) {
  parts_.logger.Event(telemetry::Level::kInfo, "admin.write",
                      {{"method", caller.method},
                       {"kind", subject.kind},
                       {"id", subject.id},
                       {"actor", caller.principal.name},
                       {"client", caller.client},
                       {"result", result}});
}

}  // namespace gateway::admin
