// What operators declare: backends, groups of them, and the policies that lead queries to groups.
//
// Plain values; who may change them and when is the Registry's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/url.h"

namespace gateway::model {

// Where an object was declared. What the file declares is read-only through the API.
enum class Source : std::uint8_t { kFile, kStore };

// One Trino (or PrestoDB) coordinator.
struct Backend {
  std::string id;  // IsValidId()
  Url url;         // where the gateway reaches it
  bool enabled = true;
  Source source = Source::kStore;

  bool operator==(const Backend&) const = default;
};

enum class Strategy : std::uint8_t { kRoundRobin, kRandom, kLeastLoad };

// Interchangeable backends and how one of them is picked.
struct Group {
  std::string id;
  std::vector<std::string> backends;  // ids, each once
  Strategy strategy = Strategy::kRoundRobin;
  bool enabled = true;
  Source source = Source::kStore;

  bool operator==(const Group&) const = default;
};

enum class RuleType : std::uint8_t {
  kListeningPort,               // value: decimal port of the listener the query came in on
  kHeaderHost,                  // value: the Host header, with or without its port, any case
  kHeaderClientTags,            // value: one tag of X-Trino-Client-Tags, or the whole header
  kHeaderConnectionProperties,  // value: the whole X-Trino-Connection-Properties header
};

// Queries that match the rule go to `group`; to `fallback_group` while that has no eligible
// backend.
struct Policy {
  std::string id;
  RuleType rule_type = RuleType::kHeaderClientTags;
  std::string rule_value;
  std::string group;
  std::string fallback_group;  // empty: none
  bool enabled = true;
  Source source = Source::kStore;

  bool operator==(const Policy&) const = default;
};

// All objects of one source. Ids are unique per kind; references are checked by Validate().
struct Configuration {
  std::vector<Backend> backends;
  std::vector<Group> groups;
  std::vector<Policy> policies;

  bool operator==(const Configuration&) const = default;
};

// The names used in the file, the API and the database: "round_robin", "header_host".
std::string_view NameOf(Strategy strategy);
std::string_view NameOf(RuleType type);
std::string_view NameOf(Source source);

// The inverse of NameOf. kInvalidArgument: the message lists the allowed names.
Expected<Strategy> ParseStrategy(std::string_view name);
Expected<RuleType> ParseRuleType(std::string_view name);

// Checks one object by itself: id, duplicate members, port rules that are numbers.
// kInvalidArgument: names the field and what is allowed.
Expected<void> Validate(const Backend& backend);
Expected<void> Validate(const Group& group);
Expected<void> Validate(const Policy& policy);

}  // namespace gateway::model
