// A registry and what tests tell it. For *_test.cc only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "model/registry.h"

namespace gateway::model {

struct RegistryTest : testing::Test {
  static Backend MakeBackend(const std::string& id, Source source, std::uint16_t port = 18080) {
    Backend backend;
    backend.id = id;
    backend.url = {false, "trino", port};
    backend.source = source;
    return backend;
  }
  static BackendStatus Healthy() {
    BackendStatus status;
    status.health = Health::kHealthy;
    status.reason.clear();
    return status;
  }

  void Declare(const std::vector<std::string>& ids) {
    Configuration file;
    for (const auto& id : ids) file.backends.push_back(MakeBackend(id, Source::kFile));
    registry.ReplaceFile(std::move(file), "adhoc");
  }

  FakeClock clock;
  Registry registry{clock, "adhoc"};
};

}  // namespace gateway::model
