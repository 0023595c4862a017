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

#include "admin/publisher.h"
#include "admin/views.h"
#include "base/clock.h"
#include "base/error.h"
#include "identity/principal.h"
#include "model/configuration.h"
#include "model/registry.h"
#include "routing/decision.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::admin {

// Who asks, for the log and the audit log.
struct Caller {
  std::string client;  // address
  identity::Principal principal;
  std::string method;  // "BackendApi/PutBackend"
};

// What must hold for a write to be done.
struct Precondition {
  enum class Existence : std::uint8_t { kAny, kMustNotExist, kMustExist };
  Existence existence = Existence::kAny;
  // As the caller saw it: kAborted when it was changed since.
  std::optional<std::uint64_t> version;
};

// Until then every other instance has taken over a change and has told what it has of the backend.
inline constexpr std::chrono::milliseconds kOthersKnowAfter{3000};

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
};

class AdminService {
 public:
  // The parts must outlive the service.
  explicit AdminService(ServiceParts parts);

  // Of the file and of the store, ordered by id.
  std::vector<BackendView> ListBackends() const;
  std::vector<model::Group> ListGroups() const;
  std::vector<model::Policy> ListPolicies() const;
  std::vector<model::Rule> ListRules() const;

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
  // object; an error of `change` ends it. When nothing differs, nothing is written.
  template <typename T>
  using Change = std::function<Expected<void>(T&)>;
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
  // unless it is forced; the message says how many and how to go on.
  enum class Force : bool { kNo, kYes };
  [[nodiscard]] Expected<void> DeleteBackend(std::string_view id,
                                             Force force,
                                             const Precondition& precondition,
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

  // What somebody knows better than the monitor, on all instances: see Registry. kNotFound.
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
  Expected<std::vector<store::AuditEntry>> ListAudit(const store::AuditFilter& filter);

  // Where a request like this would go: ids of groups, best first.
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
  std::string EvaluateRequestSource(std::uint16_t port) const;
  // By the id's suffix, then from the history. kNotFound: nobody knows it.
  Expected<Placement> FindBackendForQuery(std::string_view query_id);

  // What is left to be done on a backend that is drained, on all instances. kNotFound.
  Expected<model::DrainState> Left(std::string_view id) const;
  // kConflict: something is; the message says what and how to go on. None: not there.
  Expected<void> CheckIsEmpty(std::string_view id) const;
  // Is nothing left of a backend that is drained, and had other instances the time to say so? Also
  // when it does not exist.
  bool Drained(std::string_view id) const;
  // The last changes of a backend's state, as this instance saw them, oldest first. kNotFound.
  Expected<std::vector<model::HealthChange>> History(std::string_view id) const;

  HealthView Health() const;
  RoutingView Routing() const;

 private:
  // What the logs say about a write.
  struct Subject {
    std::string_view kind;
    std::string_view id;
  };

  // Return the object as stored.
  template <typename T>
  Expected<T> Put(T object, const Precondition& precondition, const Caller& caller);
  template <typename T>
  Expected<T> ChangeObject(std::string_view id,
                           const Change<T>& change,
                           const Precondition& precondition,
                           const Caller& caller);
  // `permits` is asked last; its error refuses the deletion.
  template <typename T>
  Expected<void> Delete(std::string_view id,
                        const Precondition& precondition,
                        const Caller& caller,
                        const std::function<Expected<void>()>& permits = {});
  // Runs `edit` as one transaction, publishes what is stored then, and logs the result.
  Expected<store::StoredConfiguration> Write(
      const Subject& subject,
      const Caller& caller,
      const std::function<Expected<void>(store::ConfigurationEdit&)>& edit);
  Expected<void> SaveMark(store::BackendMark mark, const Caller& caller);
  void Log(const Subject& subject, const Caller& caller, std::string_view result);
  BackendView ViewOf(const model::BackendState& state) const;
  std::vector<BackendView> ViewsOf(const model::Snapshot& snapshot) const;
  BackendView ViewNow(model::Backend backend) const;

  const ServiceParts parts_;
};

}  // namespace gateway::admin
