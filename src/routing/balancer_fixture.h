// A group of healthy backends and a balancer that picks from it. For *_test.cc only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/stable_hash.h"
#include "model/registry.h"
#include "routing/balancer.h"

namespace gateway::routing {

using model::Health;
using model::Strategy;

struct BalancerTest : testing::Test {
  // A group `g` of healthy backends c1..cN that recovered long ago, as `change` has it.
  template <typename Change>
  void Declare(int backends, Strategy strategy, Change change) {
    model::Configuration configuration;
    auto& group = configuration.groups.emplace_back();
    group.id = "g";
    group.strategy = strategy;
    for (int i = 1; i <= backends; ++i) {
      auto& backend = configuration.backends.emplace_back();
      backend.id = "c" + std::to_string(i);
      backend.url = {false, "127.0.0.1", static_cast<std::uint16_t>(18080 + i)};
      group.backends.push_back(backend.id);
    }
    change(configuration);
    registry.ReplaceFile(configuration, "g");
    for (const auto& backend : configuration.backends) Report(backend.id, Health::kHealthy);
    clock.Advance(std::chrono::hours(24));
    Refresh();
  }
  void Declare(int backends, Strategy strategy) {
    Declare(backends, strategy, [](auto&) {});
  }

  void Report(const std::string& id, Health health, std::optional<double> load = std::nullopt) {
    model::BackendStatus status;
    status.health = health;
    status.reason = health == Health::kHealthy ? "" : "connect: refused";
    status.load = load;
    registry.ReportStatus(id, status);
  }

  void Recover(const std::string& id) {
    Report(id, Health::kUnhealthy);
    Report(id, Health::kHealthy);
    Refresh();
  }

  void Refresh() {
    snapshot = registry.Current();
    choice = {};
    choice.groups.push_back(snapshot->FindGroup("g"));
  }

  model::BackendCounters& Counters(const std::string& id) {
    return *snapshot->FindBackend(id)->counters;
  }

  std::string PickId(const std::vector<const model::BackendState*>& excluded = {}) {
    const auto pick = balancer.Choose(choice, excluded);
    return pick.backend ? pick.backend->backend.id : "";
  }

  std::map<std::string, int> PickMany(int count) {
    std::map<std::string, int> picks;
    for (int i = 0; i < count; ++i) ++picks[PickId()];
    return picks;
  }

  std::string PickForKey(const std::string& key) {
    choice.keys[0] = StableHash(key);
    return PickId();
  }

  FakeClock clock;
  model::Registry registry{clock, "g"};
  SeededRandom random{7};
  Balancer balancer{clock, random};
  model::SnapshotPtr snapshot;
  GroupChoice choice;
};

}  // namespace gateway::routing
