// What operators declare: backends, groups of them, and the policies that lead queries to groups.
//
// Plain values; who may change them and when is the Registry's business.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
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
  std::string id;            // IsValidId()
  Url url;                   // where the gateway reaches it
  std::string external_url;  // where clients reach it (direct mode, links); empty: as `url`
  bool enabled = true;
  bool draining = false;        // no new queries; those that run there go on
  double load_limit = 0;        // no new queries while its load is above; 0: none; to kMaxLoadLimit
  std::string uptime_schedule;  // cron expression of the minutes it is up; empty: always
  Source source = Source::kStore;
  std::uint64_t version = 0;  // of a stored object: grows with each write of it; 0: not stored

  bool operator==(const Backend&) const = default;
};

enum class Strategy : std::uint8_t {
  kRoundRobin,
  kRandom,
  kLeastLoad,           // load by the monitor, plus what was submitted since
  kWeightedRoundRobin,  // in turn, as often as Group::weights says
  kLeastInFlight,       // queries in flight through the gateway
  kHash,                // the same key to the same backend, while its load allows
};

// What Strategy::kHash looks at.
enum class HashKey : std::uint8_t { kUser, kSource, kSession, kTables };

// What clients see of a query's life after the submission.
enum class Mode : std::uint8_t {
  kProxy,   // all of it goes through the gateway
  kDirect,  // only the submission does: nextUri names the backend's external URL
};

// Interchangeable backends and how one of them is picked.
struct Group {
  std::string id;
  std::vector<std::string> backends;  // ids, each once
  Strategy strategy = Strategy::kRoundRobin;
  std::map<std::string, int> weights;  // of backends, 0 to 1000; a missing one is 1
  HashKey hash_key = HashKey::kUser;
  std::chrono::milliseconds slow_start{0};   // from recovery to its full share; 0: at once
  std::vector<std::string> fallback_groups;  // tried in this order while no backend is eligible
  Mode mode = Mode::kProxy;
  bool enabled = true;
  Source source = Source::kStore;
  std::uint64_t version = 0;

  bool operator==(const Group&) const = default;
};

enum class RuleType : std::uint8_t {
  kListeningPort,               // value: decimal port of the listener the query came in on
  kHeaderHost,                  // value: the Host header, with or without its port, any case
  kHeaderClientTags,            // value: one tag of X-Trino-Client-Tags, or the whole header
  kHeaderConnectionProperties,  // value: the whole X-Trino-Connection-Properties header
  kNone,                        // no value: the conditions alone decide
};

enum class ConditionType : std::uint8_t {
  kUser,             // values: users, exactly
  kUserRegex,        // values: RE2 expressions that match the whole user
  kSource,           // values: X-Trino-Source, exactly
  kRoutingGroup,     // values: X-Trino-Routing-Group, exactly
  kClientAddress,    // values: CIDR blocks or addresses
  kHeader,           // name: header; values: its value, exactly; none: the header is there
  kSessionProperty,  // name: property of X-Trino-Session; values as for kHeader
  kCatalog,          // values: catalogs that the statement uses, or the default one
  kSchema,           // values: `catalog.schema`
  kTable,            // values: `catalog.schema.table`
  kQueryType,        // values: statement classes, `Query`, `CreateTable`
  kQueryCategory,    // values: `SELECT`, `INSERT`, `DATA_DEFINITION`
  kReadOnly,         // values: `true` or `false`
  kTextSize,         // values: sizes in bytes, `MIN-MAX`, `MIN-` or `-MAX`
  kTimeWindow,       // values: cron expressions of the minutes in which it holds
};

// Holds when any of `values` matches.
struct Condition {
  ConditionType type = ConditionType::kUser;
  std::string name;  // for kHeader and kSessionProperty, else empty
  std::vector<std::string> values;
  bool negated = false;

  bool operator==(const Condition&) const = default;
};

// A change of the submission's head on its way to the backend.
struct HeaderAction {
  std::string name;
  std::optional<std::string> value;  // nothing: the header is removed

  bool operator==(const HeaderAction&) const = default;
};

// Queries that match the rule and all conditions go to `group`; to the fallback groups, in this
// order, while that has no eligible backend.
struct Policy {
  std::string id;
  int priority = 0;  // the higher one decides; among equals the more specific one, then the id
  RuleType rule_type = RuleType::kHeaderClientTags;
  std::string rule_value;
  std::vector<Condition> conditions;
  std::string group;           // empty only with `reject_message`
  std::string fallback_group;  // empty: none
  std::vector<std::string> more_fallback_groups;
  std::string reject_message;         // not empty: refused, and the client prints this
  std::string set_request_source;     // replaces X-Trino-Source; empty: as it is
  std::vector<HeaderAction> headers;  // applied in this order
  std::optional<Mode> mode;           // nothing: that of the group
  bool auth_delegated = false;        // of a listening_port rule: credentials are checked by the
                                      // configured provider
  bool enabled = true;
  Source source = Source::kStore;
  std::uint64_t version = 0;

  bool operator==(const Policy&) const = default;
};

// A Lua script that decides before policies do; docs/rules.md. What it may do and how it is run is
// the business of the room rules.
struct Rule {
  std::string id;
  std::string script;  // Lua 5.4
  std::string file;    // that the script is from; empty: it was stored
  int priority = 0;    // the higher one is asked first; among equals the id decides
  std::int64_t instructions = 100'000;     // that a call may take
  std::size_t memory_bytes = 1024 * 1024;  // that a call may take
  bool text = false;                       // may it see the statement's text?
  bool enabled = true;
  Source source = Source::kStore;
  std::uint64_t version = 0;

  bool operator==(const Rule&) const = default;
};

inline constexpr double kMaxLoadLimit = 1'000'000;
inline constexpr std::size_t kMaxRules = 100;  // of one source
inline constexpr std::size_t kMaxScriptBytes = 64 * 1024;

// All objects of one source. Ids are unique per kind; references are checked by Validate().
struct Configuration {
  std::vector<Backend> backends;
  std::vector<Group> groups;
  std::vector<Policy> policies;
  std::vector<Rule> rules{};

  bool operator==(const Configuration&) const = default;
};

// The names used in the file, the API and the database: "round_robin", "header_host".
std::string_view NameOf(Strategy strategy);
std::string_view NameOf(HashKey key);
std::string_view NameOf(Mode mode);
std::string_view NameOf(RuleType type);
std::string_view NameOf(ConditionType type);
std::string_view NameOf(Source source);

// The inverse of NameOf. kInvalidArgument: the message lists the allowed names.
Expected<Strategy> ParseStrategy(std::string_view name);
Expected<HashKey> ParseHashKey(std::string_view name);
Expected<Mode> ParseMode(std::string_view name);
Expected<RuleType> ParseRuleType(std::string_view name);
Expected<ConditionType> ParseConditionType(std::string_view name);

// kInvalidArgument: no name that a header can have (RFC 9110 §5.6.2, a token).
Expected<void> ValidateHeaderName(std::string_view name);

// Checks one object by itself: ids, duplicate members, values that fit their type.
// kInvalidArgument: names the field and what is allowed.
Expected<void> Validate(const Backend& backend);
Expected<void> Validate(const Group& group);
Expected<void> Validate(const Policy& policy);
// What must hold for a policy to be in force: Validate() without the checks that its conditions can
// hold at all, as older gateways stored such that cannot.
Expected<void> ValidateStored(const Policy& policy);
Expected<void> Validate(const Rule& rule);  // does not look into the script

}  // namespace gateway::model
