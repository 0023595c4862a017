// An admin service on a database in memory, for the tests of this room.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "admin/service.h"
#include "base/fake_clock.h"
#include "base/result_testing.h"

namespace gateway::admin {

using Existence = Precondition::Existence;

inline const Precondition kAny;
inline const Precondition kNew{.existence = Existence::kMustNotExist};
inline const Precondition kOld{.existence = Existence::kMustExist};

inline model::Backend BackendAt(std::string id, std::uint16_t port) {
  return {.id = std::move(id), .url = Url{false, "127.0.0.1", port}};
}

inline model::Group GroupOf(std::string id, std::vector<std::string> backends) {
  return {.id = std::move(id), .backends = std::move(backends)};
}

inline model::Policy PolicyTo(std::string id, std::string group, std::string fallback = "") {
  return {.id = std::move(id),
          .rule_value = "etl",
          .group = std::move(group),
          .fallback_group = std::move(fallback)};
}

// Without its version, which the store draws.
template <typename T>
T Unversioned(T object) {
  object.version = 0;
  return object;
}

template <typename T>
std::string MessageOf(const Expected<T>& result) {
  return result ? "no error" : result.error().message;
}

// The file declares backend f1, group adhoc of it (the default one) and policy tags.
struct ServiceTest : testing::Test {
  ServiceTest() {
    model::Configuration file{
        {BackendAt("f1", 1)}, {GroupOf("adhoc", {"f1"})}, {PolicyTo("tags", "adhoc")}};
    file.backends[0].source = model::Source::kFile;
    file.groups[0].source = model::Source::kFile;
    file.policies[0].source = model::Source::kFile;
    registry.ReplaceFile(std::move(file), "adhoc");
  }

  void Healthy(std::string_view id) {
    model::BackendStatus status;
    status.health = model::Health::kHealthy;
    status.reason = "";
    registry.ReportStatus(id, status);
  }

  template <typename T>
  static Expected<void> Nothing(T&) {
    return {};
  }

  model::Configuration Stored() { return *store->LoadConfiguration()->configuration; }

  ServiceParts Parts(telemetry::Logger& to) {
    return {clock, registry, *store, publisher, to, [](std::string_view suffix) {
              return suffix == "eif54" ? std::vector<std::string>{"f1"}
                                       : std::vector<std::string>();
            }};
  }

  FakeClock clock;
  telemetry::Logger logger{telemetry::Level::kError};
  std::unique_ptr<store::Store> store = *store::Store::Open(
      {.url = "sqlite::memory:", .acquire_timeout = std::chrono::seconds(60)}, clock);
  model::Registry registry{clock, "adhoc"};
  rules::RuleBook rules{clock};
  Publisher publisher{registry, rules, logger};
  AdminService service{Parts(logger)};
  const Caller caller{"127.0.0.1", {"ada", identity::Role::kAdmin, "token"}, "Test/Method"};
};

}  // namespace gateway::admin
