// What the admin service knows of the work that is left on a backend, and how a backend goes.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/references.h"
#include "admin/service.h"
#include "base/ranges.h"

namespace gateway::admin {
namespace {

using std::chrono::seconds;

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

// How the audit log shows a drain that a deletion begins, to all instances: it ends with the
// deletion, unless somebody asks for a drain meanwhile.
constexpr std::string_view kDrainForDeletion = "drain before deletion";

std::unexpected<Error> NotFound(std::string_view id) {
  return Fail(ErrorCode::kNotFound, fmt::format("backend '{}' does not exist", id),
              Origin::kClient);
}

bool IsInAGroup(const model::Snapshot& snapshot, std::string_view id) {
  return std::ranges::any_of(snapshot.groups(), [&](const model::GroupState& state) {
    return Contains(state.group.backends, id);
  });
}

std::unexpected<Error> OthersAreSilent(std::string_view id) {
  return Fail(ErrorCode::kUnavailable,
              fmt::format("it is not known what other instances have on backend '{}'; try again in "
                          "some seconds, or delete it with force=true, which loses that",
                          id),
              Origin::kStore);
}

bool IsOutOfService(const model::Backend& backend) { return !backend.enabled || backend.draining; }

}  // namespace

Expected<model::DrainState> AdminService::Left(std::string_view id) const {
  const auto left = parts_.registry.Left(id);
  if (left) return *left;
  return NotFound(id);
}

bool AdminService::Drained(std::string_view id) const {
  const auto snapshot = parts_.registry.Current();
  const auto* state = snapshot->FindBackend(id);
  if (!state) return true;
  if (!state->Left(parts_.clock.Now()).Empty() || !KnowsWhatRan(*state)) return false;
  if (!OthersHaveTold()) return false;
  const auto changes = parts_.registry.History(id);
  const auto noticed = std::max(parts_.others_know_after, parts_.workers_know_after);
  return changes.empty() || parts_.clock.Now() - changes.back().since >= noticed;
}

// Queries that came before this instance began are known once they were polled, or once the
// coordinator was asked. Where no connection can be made, nothing is lost any more.
bool AdminService::KnowsWhatRan(const model::BackendState& state) const {
  const bool off = state.status.Unreachable() || state.status.health == model::Health::kOffSchedule;
  return off || state.counters->added_later || state.counters->live.Listed() ||
         parts_.clock.Now() - began_ >= model::LiveQueries::kAbandoned;
}

void AdminService::LogWhyNotDrained(std::string_view id) const {
  const auto snapshot = parts_.registry.Current();
  const auto* state = snapshot->FindBackend(id);
  const auto now = parts_.clock.Now();
  if (!state || !state->Left(now).Empty() || KnowsWhatRan(*state)) return;
  const auto left =
      std::chrono::ceil<seconds>(model::LiveQueries::kAbandoned - (now - began_)).count();
  const auto& found = state->status.reason;
  parts_.logger.Event(
      telemetry::Level::kWarn, "admin.drain_waits",
      {{"backend", id},
       {"reason",
        fmt::format("its coordinator was not asked yet, or could not be asked, what runs there: {}",
                    found.empty() ? "may the monitor's user see all queries?" : found)},
       {"effect", fmt::format("queries from before this instance began may run there; the drain "
                              "ends in {} s at the latest",
                              left)}});
}

bool AdminService::OthersHaveTold() const {
  if (parts_.others_know_after == std::chrono::milliseconds(0)) return true;
  const auto since = parts_.registry.RemoteKnownSince();
  return since && parts_.clock.Now() - *since >= parts_.others_know_after;
}

Expected<void> AdminService::CheckOthersAreKnown(std::string_view id) const {
  if (parts_.others_know_after == std::chrono::milliseconds(0) ||
      parts_.registry.RemoteKnownSince()) {
    return {};
  }
  return Fail(ErrorCode::kUnavailable,
              fmt::format("what other instances have on backend '{}' is not known: the database is "
                          "away, or this instance has just started; try again",
                          id),
              Origin::kStore);
}

Expected<void> AdminService::CheckNothingLeft(std::string_view id) const {
  const auto left = parts_.registry.Left(id);
  if (!left || left->Empty()) return {};
  return Fail(ErrorCode::kConflict,
              fmt::format("backend '{}' is in use ({}); drain it and wait until it is empty, or "
                          "delete it with force=true, which loses them",
                          id, ToText(*left)),
              Origin::kClient);
}

Expected<void> AdminService::CheckIsEmpty(std::string_view id) const {
  if (auto empty = CheckNothingLeft(id); !empty) return empty;
  return OthersHaveTold() ? Expected<void>() : OthersAreSilent(id);
}

// Others may have given it queries since they told last. When they know that it gets none any more,
// and have told since, what they said holds.
Expected<void> AdminService::AwaitOthers(std::string_view id) const {
  const auto began = parts_.clock.Now();
  const auto known = [&] {
    const auto told = parts_.clock.Now() - began >= parts_.others_know_after && OthersHaveTold();
    return told || !CheckNothingLeft(id);
  };
  // Twice the time: an instance that has just started learns of the others first.
  const auto waited = parts_.wait(known, std::chrono::ceil<seconds>(2 * parts_.others_know_after));
  if (!waited) return std::unexpected(waited.error());
  return *waited ? Expected<void>() : OthersAreSilent(id);
}

bool AdminService::MustAwaitOthers(const model::BackendState& state) const {
  if (parts_.others_know_after == std::chrono::milliseconds(0)) return false;
  return !IsOutOfService(state.backend) || !Drained(state.backend.id);
}

// What refuses the deletion anyway does so at once: the file that declares it, a group that names
// it. Should the group have left it meanwhile, others have not been waited for.
Expected<void> AdminService::DeleteBackend(std::string_view id,
                                           Force force,
                                           const Precondition& precondition,
                                           const Caller& caller) {
  const auto snapshot = parts_.registry.Current();
  const auto* state = snapshot->FindBackend(id);
  auto permits = PermitsDeletion(id, force);
  if (force == Force::kNo && state && MustAwaitOthers(*state)) {
    if (state->backend.source == model::Source::kFile || IsInAGroup(*snapshot, id)) {
      permits = [id] { return OthersAreSilent(id); };
    } else if (auto told = AwaitOthers(id); !told) {
      return told;
    }
  }
  return Together({"backend", id}, caller, [&](Batch& batch) {
    return batch.Delete<model::Backend>(id, precondition, permits);
  });
}

Expected<void> AdminService::DeleteWithMemberships(std::string_view id,
                                                   Force force,
                                                   const Caller& caller) {
  const auto leave_and_delete = [&](Batch& batch) -> Expected<void> {
    std::vector<std::string> groups;
    batch.declared().ForEach<model::Group>([&](const model::Group& group) {
      if (Contains(group.backends, id)) groups.push_back(group.id);
    });
    for (const auto& group : groups) {
      if (auto left = LeaveGroup(batch, group, id); !left) return left;
    }
    return batch.Delete<model::Backend>(id, {}, PermitsDeletion(id, force));
  };
  OwnDrain drain;
  auto deleted = force == Force::kYes ? Expected<void>() : DrainForDeletion(id, caller, drain);
  if (deleted) deleted = Together({"backend", id}, caller, leave_and_delete);
  if (deleted || !drain) return deleted;
  auto error = std::move(deleted).error();
  if (auto undone = UndoDrain(id, *drain, caller); !undone) {
    error.message += fmt::format("; it is left drained, as that could not be taken back: {}",
                                 undone.error().message);
  }
  return std::unexpected(std::move(error));
}

// Groups name it still, so others give it queries until they know better.
Expected<void> AdminService::DrainForDeletion(std::string_view id,
                                              const Caller& caller,
                                              OwnDrain& drain) {
  if (auto ours = CheckIsNotOfFile(id); !ours) return ours;
  if (auto empty = CheckNothingLeft(id); !empty) return empty;
  const auto snapshot = parts_.registry.Current();
  const auto* state = snapshot->FindBackend(id);
  if (!state || !MustAwaitOthers(*state)) return {};
  if (!IsOutOfService(state->backend)) {
    auto for_deletion = caller;
    for_deletion.method = kDrainForDeletion;
    bool changed = false;
    const auto drained = ChangeBackend(
        id,
        [&changed](model::Backend& backend) -> Expected<void> {
          changed = !std::exchange(backend.draining, true);
          return {};
        },
        {}, for_deletion);
    if (!drained) return std::unexpected(drained.error());
    if (changed) drain = drained->backend.version;
  }
  return AwaitOthers(id);
}

// Nothing of the file can be changed: neither the backend nor a group that it would have to leave.
Expected<void> AdminService::CheckIsNotOfFile(std::string_view id) const {
  const auto file = parts_.registry.FileConfiguration();
  const model::Configuration none;
  const Declared declared(file, none);
  if (auto ours = CheckIsOurs<model::Backend>(declared, id); !ours) return ours;
  for (const auto& group : file.groups) {
    if (Contains(group.backends, id)) return CheckIsOurs<model::Group>(declared, group.id);
  }
  return {};
}

// What somebody changed since is his: his drain stays.
Expected<void> AdminService::UndoDrain(std::string_view id,
                                       std::uint64_t version,
                                       const Caller& caller) {
  const auto undone = ChangeBackend(
      id,
      [](model::Backend& backend) -> Expected<void> {
        backend.draining = false;
        return {};
      },
      {.versions = {version}}, caller);
  if (undone || undone.error().code == ErrorCode::kAborted ||
      undone.error().code == ErrorCode::kNotFound) {
    return {};
  }
  parts_.logger.Event(telemetry::Level::kWarn, "admin.left_drained",
                      {{"backend", id},
                       {"reason", undone.error().message},
                       {"effect",
                        "a deletion that failed had drained it; it gets no new queries until "
                        "`draining` is set to false, or it is deleted"}});
  return std::unexpected(undone.error());
}

Expected<void> AdminService::BeginDrain(std::string_view id, const Caller& caller) {
  const auto snapshot = parts_.registry.Current();
  const auto* state = snapshot->FindBackend(id);
  const bool of_file = state && state->backend.source == model::Source::kFile;
  if (state && state->backend.draining && (of_file || !DrainsForDeletion(id))) return {};
  return Together({"backend", id}, caller, [&](Batch& batch) -> Expected<void> {
    const auto* found = batch.Find<model::Backend>(id);
    if (!found) return NotFound(id);
    auto backend = *found;
    backend.draining = true;
    return batch.Put(std::move(backend), {});
  });
}

bool AdminService::DrainsForDeletion(std::string_view id) const {
  if (parts_.others_know_after == std::chrono::milliseconds(0)) return false;
  const auto last =
      parts_.store.ListAudit({.kind = "backend", .object_id = std::string(id), .limit = 1});
  return last && !last->entries.empty() && last->entries.front().method == kDrainForDeletion;
}

std::function<Expected<void>()> AdminService::PermitsDeletion(std::string_view id,
                                                              Force force) const {
  if (force == Force::kYes) return {};
  return [this, id] { return CheckIsEmpty(id); };
}

Expected<void> LeaveGroup(Batch& batch, std::string_view group_id, std::string_view backend_id) {
  return batch.Edit<model::Group>(group_id,
                                  [&](model::Group& group) -> Expected<void> {
                                    std::erase(group.backends, backend_id);
                                    group.weights.erase(std::string(backend_id));
                                    return {};
                                  },
                                  {});
}

}  // namespace gateway::admin
