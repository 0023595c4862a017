// Objects to store, and short forms of calls. For *_test.cc only.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "store/store.h"

namespace gateway::store {

// Every field differs from its default.
inline model::Backend FullBackend() {
  return {.id = "c1",
          .url = Url{true, "trino.example", 8443},
          .external_url = "https://public.example/trino",
          .enabled = false,
          .draining = true,
          .load_limit = 0.1,
          .uptime_schedule = "* 8-18 * * 1-5",
          .source = model::Source::kStore};
}

inline model::Group FullGroup() {
  return {.id = "adhoc",
          .backends = {"c2", "c1"},
          .strategy = model::Strategy::kHash,
          .weights = {{"c1", 0}, {"c2", 1000}},
          .hash_key = model::HashKey::kTables,
          .slow_start = std::chrono::seconds(90),
          .fallback_groups = {"z", "a"},
          .mode = model::Mode::kDirect,
          .enabled = false,
          .source = model::Source::kStore};
}

inline model::Policy FullPolicy() {
  return {.id = "etl",
          .priority = -7,
          .rule_type = model::RuleType::kHeaderHost,
          .rule_value = "it's \"etl\"; DROP TABLE policies -- \\ :x \xF0\x9F\x90\x87 ",
          .conditions = {{.type = model::ConditionType::kHeader,
                          .name = "X-Team",
                          .values = {"a\\'", "b"},
                          .negated = true},
                         {.type = model::ConditionType::kUserRegex, .values = {"^a.*\"$"}}},
          .group = "adhoc",
          .fallback_group = "spare",
          .more_fallback_groups = {"z", "a"},
          .reject_message = "Nein, t\xC3\xB6richt",
          .set_request_source = "airflow",
          .headers = {{"X-A", "1"}, {"X-B", std::nullopt}, {"X-C", ""}},
          .mode = model::Mode::kProxy,
          .auth_delegated = true,
          .enabled = false,
          .source = model::Source::kStore};
}

inline model::Rule FullRule() {
  return {.id = "canary",
          .script = "-- it's \xF0\x9F\xA6\x89\r\nreturn {\"a\\n\", ':x'}\t\n",
          .priority = -7,
          .instructions = 5'000,
          .memory_bytes = 65'536,
          .text = true,
          .enabled = false,
          .source = model::Source::kStore};
}

inline model::Backend BackendOf(const std::string& id) {
  return {.id = id, .url = Url{false, "127.0.0.1", 8080}};
}

inline Expected<void> PutAll(ConfigurationEdit& edit) {
  if (auto put = edit.Put(FullBackend()); !put) return put;
  if (auto put = edit.Put(FullGroup()); !put) return put;
  if (auto put = edit.Put(FullPolicy()); !put) return put;
  return edit.Put(FullRule());
}

inline Expected<StoredConfiguration> Put(Store& store, const model::Backend& backend) {
  return store.Edit("cannot save", [&](ConfigurationEdit& edit) { return edit.Put(backend); });
}

inline model::Configuration Load(Store& store) {
  const auto loaded = store.LoadConfiguration();
  EXPECT_TRUE(loaded) << loaded.error().message;
  return loaded ? *loaded->configuration : model::Configuration{};
}

// With all versions 0, which the store draws.
inline model::Configuration WithoutVersions(model::Configuration all) {
  for (auto& backend : all.backends) backend.version = 0;
  for (auto& group : all.groups) group.version = 0;
  for (auto& policy : all.policies) policy.version = 0;
  for (auto& rule : all.rules) rule.version = 0;
  return all;
}

}  // namespace gateway::store
