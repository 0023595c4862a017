// What an operator can see and change, whatever the transport.
//
// Objects of the configuration file are shown but never changed here. A write is checked, stored,
// read back and published to the registry before the call returns, so that the next query sees it.
// Each write leaves a line `admin.write` in the log.
// Threads: all calls from any thread. Reads take one snapshot and never block. Writes wait for the
// database and for each other: call them from a database thread.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "admin/views.h"
#include "base/error.h"
#include "model/configuration.h"
#include "model/registry.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::admin {

// Who asks for a change; for the log.
struct Caller {
  std::string client;  // address
};

class AdminService {
 public:
  // All must outlive the service.
  AdminService(model::Registry& registry, store::Store& store, telemetry::Logger& logger);

  // Of the file and of the store, ordered by id.
  std::vector<BackendView> ListBackends() const;
  std::vector<model::Group> ListGroups() const;
  std::vector<model::Policy> ListPolicies() const;

  // kNotFound: no such object.
  Expected<BackendView> GetBackend(std::string_view id) const;
  Expected<model::Group> GetGroup(std::string_view id) const;
  Expected<model::Policy> GetPolicy(std::string_view id) const;

  // Return the object as it is shown from now on.
  // kInvalidArgument: a bad value, or a reference to what does not exist. kConflict: the file
  // declares the id. kAlreadyExists: the store does. Others: as Store says.
  Expected<BackendView> CreateBackend(const model::Backend& backend, const Caller& caller);
  Expected<model::Group> CreateGroup(const model::Group& group, const Caller& caller);
  Expected<model::Policy> CreatePolicy(const model::Policy& policy, const Caller& caller);

  // kNotFound: no such object. kConflict: the file declares it, or something refers to it; the
  // message names what. Others: as Store says.
  [[nodiscard]] Expected<void> DeleteBackend(std::string_view id, const Caller& caller);
  [[nodiscard]] Expected<void> DeleteGroup(std::string_view id, const Caller& caller);
  [[nodiscard]] Expected<void> DeletePolicy(std::string_view id, const Caller& caller);

  HealthView Health() const;
  RoutingView Routing() const;

 private:
  // What the log says about a write.
  struct Subject {
    std::string_view method;  // "create", "delete"
    std::string_view kind;
    std::string_view id;
  };

  // Runs `write` alone, publishes what is stored then, and logs the result.
  Expected<void> Write(const Subject& subject,
                       const Caller& caller,
                       const std::function<Expected<void>()>& write);
  Expected<void> Publish(const Subject& subject);

  model::Registry& registry_;
  store::Store& store_;
  telemetry::Logger& logger_;
  std::mutex write_mutex_;  // held over the database, so never taken by reads
};

}  // namespace gateway::admin
