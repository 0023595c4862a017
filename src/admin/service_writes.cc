// The writes of the admin service.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "admin/declared.h"
#include "admin/kinds.h"
#include "admin/service.h"

namespace gateway::admin {

template <typename T>
Expected<T> AdminService::Put(T object, const Precondition& precondition, const Caller& caller) {
  const auto id = object.id;
  const auto stored = Write({kKindName<T>, id}, caller, [&](Batch& batch) {
    return batch.Put(std::move(object), precondition);
  });
  if (!stored) return std::unexpected(stored.error());
  return *FindIn<T>(*stored->configuration, id);
}

template <typename T>
Expected<T> AdminService::ChangeObject(std::string_view id,
                                       const Change<T>& change,
                                       const Precondition& precondition,
                                       const Caller& caller,
                                       const std::optional<T>& tried) {
  const auto stored = Write({kKindName<T>, id}, caller, [&](Batch& batch) {
    return batch.Edit<T>(id, change, precondition, tried);
  });
  if (!stored) return std::unexpected(stored.error());
  return *FindIn<T>(*stored->configuration, id);
}

template <typename T>
Expected<void> AdminService::Delete(std::string_view id,
                                    const Precondition& precondition,
                                    const Caller& caller) {
  const auto stored = Write({kKindName<T>, id}, caller,
                            [&](Batch& batch) { return batch.Delete<T>(id, precondition); });
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

// Tried before the transaction, for which other writers wait.
Expected<model::Rule> AdminService::PutRule(model::Rule rule,
                                            const Precondition& precondition,
                                            const Caller& caller) {
  if (auto runs = CheckRule(rule, parts_.clock); !runs) return std::unexpected(runs.error());
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

// Tried before the transaction, for which other writers wait; again in it only when somebody
// changed the rule in between.
Expected<model::Rule> AdminService::ChangeRule(std::string_view id,
                                               const Change<model::Rule>& change,
                                               const Precondition& precondition,
                                               const Caller& caller) {
  const auto expected = RuleAfter(id, change, precondition);
  if (expected) {
    if (auto runs = CheckRule(*expected, parts_.clock); !runs) return std::unexpected(runs.error());
  }
  return ChangeObject(id, change, precondition, caller, expected);
}

// What `change` makes of the rule as it is stored now. Nothing: there is nothing to try, or the
// change is refused, which the write finds and says, too: what is wrong with a script is not told
// to somebody who may not write it.
std::optional<model::Rule> AdminService::RuleAfter(std::string_view id,
                                                   const Change<model::Rule>& change,
                                                   const Precondition& precondition) {
  if (FindIn<model::Rule>(parts_.registry.FileConfiguration(), id)) return std::nullopt;
  const auto stored = parts_.store.LoadConfiguration();
  const auto* old = stored ? FindIn<model::Rule>(*stored->configuration, id) : nullptr;
  if (!old || !Check(precondition, old, id)) return std::nullopt;
  auto rule = Edited(*old, change);
  if (!rule || *rule == *old || !NeedsTrial(*old, *rule)) return std::nullopt;
  return *std::move(rule);
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
  return Together({"backend", id}, caller,
                  [&](Batch& batch) { return batch.Mark(id, healthy, std::nullopt); });
}

Expected<void> AdminService::SetBackendLoad(std::string_view id,
                                            std::int32_t load,
                                            const Caller& caller) {
  return Together({"backend", id}, caller,
                  [&](Batch& batch) { return batch.Mark(id, std::nullopt, load); });
}

Expected<void> AdminService::ClearMarks(std::string_view id, const Caller& caller) {
  return Together({"backend", id}, caller, [&](Batch& batch) { return batch.ClearMarks(id); });
}

Expected<void> AdminService::Together(const Subject& subject,
                                      const Caller& caller,
                                      const std::function<Expected<void>(Batch&)>& writes) {
  const auto stored = Write(subject, caller, writes);
  if (!stored) return std::unexpected(stored.error());
  return {};
}

Expected<store::StoredConfiguration> AdminService::Write(
    const Subject& subject,
    const Caller& caller,
    const std::function<Expected<void>(Batch&)>& writes) {
  const auto file = parts_.registry.FileConfiguration();
  const auto default_group = parts_.registry.Current()->default_group();
  const auto published = parts_.publisher.counter();
  std::vector<SaidMark> marks;
  auto stored =
      parts_.store.Edit(fmt::format("cannot write {} '{}'", subject.kind, subject.id),
                        [&](store::ConfigurationEdit& edit) {
                          const BatchParts parts{parts_.clock, file, default_group, caller};
                          Batch batch(edit, parts);
                          auto written = writes(batch);
                          marks = batch.marks();
                          return written;
                        });
  if (stored) {
    parts_.publisher.Publish(*stored, published);
    parts_.publisher.marks().Wrote(marks, stored->counter);
  }
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
