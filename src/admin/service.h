// What an operator can see and change, whatever the transport.
//
// Objects of the configuration file are shown but never changed here. A write is one transaction:
// checked against what is declared at that moment, stored together with its line of the audit log,
// and published to the registry before the call returns, so that the next query sees it. Writes of
// all instances on one database come one after the other, so none is lost without a word.
// Each write leaves a line `admin.write` in the log.
// Threads: all calls from any thread. Reads of objects take one snapshot and never block. Writes,
// history and audit wait for the database: call them from a database thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/batch.h"
#include "admin/publisher.h"
#include "admin/views.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/configuration.h"
#include "model/registry.h"
#include "routing/decision.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::admin {

// Until then every other instance has taken over a change and has told what it has of the backend.
inline constexpr std::chrono::milliseconds kOthersKnowAfter{3000};

// Until then every worker places by the new snapshot, also one that a rule has just held up for as
// long as rules may.
inline constexpr std::chrono::milliseconds kWorkersKnowAfter{1000};

struct ServiceParts {
  const Clock& clock;
  model::Registry& registry;
  store::Store& store;
  Publisher& publisher;
  telemetry::Logger& logger;
  // Which backends gave out query ids with this suffix, latest first.
  std::function<std::vector<std::string>(std::string_view suffix)> owners;
  // How long a drain lasts at least, for other instances to notice it; 0: there are none.
  std::chrono::milliseconds others_know_after{0};
  // Waits on the caller's thread until `done()` says yes, for at most `limit`; returns its last
  // answer. kUnavailable: too many wait.
  std::function<Expected<bool>(const std::function<bool()>& done, std::chrono::seconds limit)>
      wait = [](const std::function<bool()>& done, std::chrono::seconds) { return done(); };
  // How long a drain lasts at least, for this instance's workers to notice it.
  std::chrono::milliseconds workers_know_after{0};
};

// Takes the backend out of a group of the store.
Expected<void> LeaveGroup(Batch& batch, std::string_view group_id, std::string_view backend_id);

class AdminService {
 public:
  // The parts must outlive the service.
  explicit AdminService(ServiceParts parts);

  // Of the file and of the store, ordered by id. Never null, and not copied: there may be 10,000.
  std::vector<BackendView> ListBackends() const;
  Objects<model::Group> ListGroups() const;
  Objects<model::Policy> ListPolicies() const;
  Objects<model::Rule> ListRules() const;

  // kNotFound: no such object.
  Expected<BackendView> GetBackend(std::string_view id) const;
  Expected<model::Group> GetGroup(std::string_view id) const;
  Expected<model::Policy> GetPolicy(std::string_view id) const;
  Expected<model::Rule> GetRule(std::string_view id) const;

  // Create the object or replace all of it; return it as it is shown from now on.
  // kInvalidArgument: a bad value, or a reference to what does not exist. kConflict: the file
  // declares the id. kAlreadyExists, kNotFound, kAborted: the precondition does not hold.
  // kUnavailable: the database is away. Others: as Store says.
  Expected<BackendView> PutBackend(model::Backend backend,
                                   const Precondition& precondition,
                                   const Caller& caller);
  Expected<model::Group> PutGroup(model::Group group,
                                  const Precondition& precondition,
                                  const Caller& caller);
  Expected<model::Policy> PutPolicy(model::Policy policy,
                                    const Precondition& precondition,
                                    const Caller& caller);
  // A rule's script is compiled and tried first: kInvalidArgument names its line.
  Expected<model::Rule> PutRule(model::Rule rule,
                                const Precondition& precondition,
                                const Caller& caller);

  // Read, let `change` edit a copy, check and write, as one transaction. kNotFound: no such
  // object; an error of `change` ends it. When nothing differs, nothing is written. `change` of a
  // rule is called twice: its script is tried before the transaction.
  template <typename T>
  using Change = Batch::Change<T>;
  Expected<BackendView> ChangeBackend(std::string_view id,
                                      const Change<model::Backend>& change,
                                      const Precondition& precondition,
                                      const Caller& caller);
  Expected<model::Group> ChangeGroup(std::string_view id,
                                     const Change<model::Group>& change,
                                     const Precondition& precondition,
                                     const Caller& caller);
  Expected<model::Policy> ChangePolicy(std::string_view id,
                                       const Change<model::Policy>& change,
                                       const Precondition& precondition,
                                       const Caller& caller);
  Expected<model::Rule> ChangeRule(std::string_view id,
                                   const Change<model::Rule>& change,
                                   const Precondition& precondition,
                                   const Caller& caller);

  // kNotFound: no such object. kConflict: the file declares it, or something refers to it; the
  // message names what. A backend also while queries or transactions run there, on any instance,
  // unless it is forced; the message says how many and how to go on. Where there are other
  // instances this waits, unless it is forced, until they have told what they have there:
  // kUnavailable, when they could not.
  enum class Force : bool { kNo, kYes };
  [[nodiscard]] Expected<void> DeleteBackend(std::string_view id,
                                             Force force,
                                             const Precondition& precondition,
                                             const Caller& caller);
  // The same, and takes the backend out of all groups first; nothing of it is done when that is
  // refused, but where there are other instances, and the database goes away meanwhile, the backend
  // may be left drained: the message says so, and `admin.left_drained` in the log. kConflict also:
  // a group of the file names it.
  [[nodiscard]] Expected<void> DeleteWithMemberships(std::string_view id,
                                                     Force force,
                                                     const Caller& caller);
  [[nodiscard]] Expected<void> DeleteGroup(std::string_view id,
                                           const Precondition& precondition,
                                           const Caller& caller);
  [[nodiscard]] Expected<void> DeletePolicy(std::string_view id,
                                            const Precondition& precondition,
                                            const Caller& caller);

  [[nodiscard]] Expected<void> DeleteRule(std::string_view id,
                                          const Precondition& precondition,
                                          const Caller& caller);

  // What the logs say about a write.
  struct Subject {
    std::string_view kind;
    std::string_view id;
  };
  // Several writes as one transaction: all of them, or none. Returns the error of `writes`, or why
  // they could not be stored. The scripts of rules that it puts must have been tried.
  [[nodiscard]] Expected<void> Together(const Subject& subject,
                                        const Caller& caller,
                                        const std::function<Expected<void>(Batch&)>& writes);

  // What somebody knows better than the monitor, on all instances: see Registry. In the audit log
  // as changes of the backend. kNotFound.
  [[nodiscard]] Expected<void> MarkBackend(std::string_view id, bool healthy, const Caller& caller);
  [[nodiscard]] Expected<void> SetBackendLoad(std::string_view id,
                                              std::int32_t load,
                                              const Caller& caller);
  // What probes found holds again. kNotFound.
  [[nodiscard]] Expected<void> ClearMarks(std::string_view id, const Caller& caller);

  // The history of queries and of changes. Errors: as Store says.
  Expected<store::QueryRecord> GetQuery(std::string_view id);
  Expected<store::QueryPage> ListQueries(const store::QueryFilter& filter);
  [[nodiscard]] Expected<void> SaveQuery(const store::QueryRecord& query, const Caller& caller);
  Expected<store::AuditPage> ListAudit(const store::AuditFilter& filter);

  // Where a request like this would go: ids of groups, best first. None where a policy rejects it.
  std::vector<std::string> EvaluateGroups(const routing::RequestFacts& facts) const;
  struct Placement {
    std::string backend_id;
    std::string group_id;  // empty when it is not known
  };
  // Picks as a query would, also in what the strategy remembers. kUnavailable: none of the groups,
  // nor the default group, has an eligible backend; the message says why.
  Expected<Placement> EvaluateBackend(const std::vector<std::string>& group_ids) const;
  // What enabled listening_port policies say about a port; false and "" where none does.
  bool EvaluateAuthDelegation(std::uint16_t port) const;
  // Of policies without conditions: what a query on that port gets where nothing else sets a
  // source.
  std::string EvaluateRequestSource(std::uint16_t port) const;
  // By the id's suffix, then from the history. kNotFound: nobody knows it.
  Expected<Placement> FindBackendForQuery(std::string_view query_id);

  // Puts a backend into draining; one that is there stays so, whatever becomes of a deletion that
  // put it there. Errors: as ChangeBackend(); one of the file that drains needs nothing.
  [[nodiscard]] Expected<void> BeginDrain(std::string_view id, const Caller& caller);
  // What is left to be done on a backend that is drained, on all instances. kNotFound.
  Expected<model::DrainState> Left(std::string_view id) const;
  // kConflict: something is left; the message says what and how to go on. kUnavailable: other
  // instances have not told, or not for long enough. None: it is not there.
  Expected<void> CheckIsEmpty(std::string_view id) const;
  // Is nothing left of a backend that is drained, and had other instances, and its coordinator, the
  // time to say so? Also when it does not exist.
  bool Drained(std::string_view id) const;
  // Says in the log when it does not count as drained only because nobody knows what ran there
  // before this instance began.
  void LogWhyNotDrained(std::string_view id) const;
  // kUnavailable: other instances cannot tell what they have there, so Drained() is no more than a
  // guess.
  Expected<void> CheckOthersAreKnown(std::string_view id) const;
  // The last changes of a backend's state, as this instance saw them, oldest first. kNotFound.
  Expected<std::vector<model::HealthChange>> History(std::string_view id) const;

  HealthView Health() const;
  RoutingView Routing() const;

 private:
  // Return the object as stored.
  template <typename T>
  Expected<T> Put(T object, const Precondition& precondition, const Caller& caller);
  template <typename T>
  Expected<T> ChangeObject(std::string_view id,
                           const Change<T>& change,
                           const Precondition& precondition,
                           const Caller& caller,
                           const std::optional<T>& tried = {});
  std::optional<model::Rule> RuleAfter(std::string_view id,
                                       const Change<model::Rule>& change,
                                       const Precondition& precondition);
  template <typename T>
  Expected<void> Delete(std::string_view id,
                        const Precondition& precondition,
                        const Caller& caller);
  // Runs `writes` as one transaction, publishes what is stored then, and logs the result.
  Expected<store::StoredConfiguration> Write(const Subject& subject,
                                             const Caller& caller,
                                             const std::function<Expected<void>(Batch&)>& writes);
  Expected<void> RecordQuery(const store::QueryRecord& query, const Caller& caller);
  bool KnowsWhatRan(const model::BackendState& state) const;
  bool OthersHaveTold() const;
  Expected<void> CheckNothingLeft(std::string_view id) const;
  bool MustAwaitOthers(const model::BackendState& state) const;
  Expected<void> AwaitOthers(std::string_view id) const;
  // The version that putting a backend into draining gave it; nothing: it was not put there here.
  using OwnDrain = std::optional<std::uint64_t>;
  Expected<void> DrainForDeletion(std::string_view id, const Caller& caller, OwnDrain& drain);
  Expected<void> CheckIsNotOfFile(std::string_view id) const;
  Expected<void> UndoDrain(std::string_view id, std::uint64_t version, const Caller& caller);
  bool DrainsForDeletion(std::string_view id) const;
  std::function<Expected<void>()> PermitsDeletion(std::string_view id, Force force) const;
  void Log(const Subject& subject, const Caller& caller, std::string_view result);
  BackendView ViewOf(const model::BackendState& state) const;
  std::vector<BackendView> ViewsOf(const model::Snapshot& snapshot) const;
  BackendView ViewNow(model::Backend backend) const;

  const ServiceParts parts_;
  const Clock::TimePoint began_;
};

}  // namespace gateway::admin
