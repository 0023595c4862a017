// All enabled policies, compiled and arranged so that a request finds those that may match it.
//
// Policies are ranked in the order in which they decide: higher priority first, then those with
// conditions before those without, then the more specific, then the id. Each stands in one list:
// that of the most selective text that a request must carry for it (a user, a tag, a port, the
// value of a header, ...), or in the list of the rest, which every request goes through. A
// request therefore looks up a handful of lists, however many policies there are.
// Threads: immutable; any thread. Built once for each change of configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/strings.h"
#include "model/compiled_condition.h"
#include "model/configuration.h"

namespace gateway::model {

struct CompiledPolicy {
  const Policy* policy = nullptr;
  // In the order in which they are asked: what needs the statement comes last. `declared[i]` is
  // the position of conditions[i] in the policy.
  std::vector<CompiledCondition> conditions;
  std::vector<std::size_t> declared;
  std::uint16_t port = 0;  // of a listening_port rule

  // Conditions, and one for the rule.
  std::size_t specificity() const {
    return conditions.size() + (policy->rule_type == RuleType::kNone ? 0 : 1);
  }
};

class PolicyIndex {
 public:
  using Rank = std::uint32_t;

  // Ranks, ascending, of the policies that ask for one text.
  struct List {
    std::uint32_t id = 0;  // below list_count()
    std::vector<Rank> ranks;
  };
  using Lists = std::unordered_map<std::string, List, StringHash, std::equal_to<>>;

  // Lists by the value of one header.
  struct HeaderLists {
    std::string name;
    Lists lists;
  };

  PolicyIndex() = default;
  // `policies` must outlive the index. Those that do not compile are left out, which cannot happen
  // to those that passed Validate().
  explicit PolicyIndex(const std::vector<Policy>& policies);

  const std::vector<CompiledPolicy>& ranked() const { return ranked_; }
  const CompiledPolicy& At(Rank rank) const { return ranked_[rank]; }

  // Null: no policy asks for that text. Hosts are in lower case.
  const List* ByPort(std::uint16_t port) const;
  const List* ByHost(std::string_view lower_host) const { return Find(hosts_, lower_host); }
  bool has_hosts() const { return !hosts_.empty(); }
  const List* ByTag(std::string_view tag) const { return Find(tags_, tag); }
  const List* ByProperties(std::string_view text) const { return Find(properties_, text); }
  const List* ByUser(std::string_view user) const { return Find(users_, user); }
  const List* BySource(std::string_view source) const { return Find(sources_, source); }
  const List* ByRoutingGroup(std::string_view name) const { return Find(routing_groups_, name); }
  const std::vector<HeaderLists>& by_header() const { return by_header_; }
  static const List* Find(const Lists& lists, std::string_view text);

  const List& rest() const { return rest_; }
  std::uint32_t list_count() const { return list_count_; }

  // Does a policy of this listening port say that credentials are checked? Of any priority.
  bool DelegatesAuth(std::uint16_t port) const;

  // What submissions on `port` have as their source where nothing that decides about them sets one:
  // what the first listening_port policy without conditions says that has one. Empty: none has.
  std::string_view SourceOf(std::uint16_t port) const;

 private:
  struct Builder;

  std::vector<CompiledPolicy> ranked_;
  Lists ports_;  // by decimal text
  Lists hosts_;
  Lists tags_;
  Lists properties_;
  Lists users_;
  Lists sources_;
  Lists routing_groups_;
  std::vector<HeaderLists> by_header_;
  List rest_;
  std::uint32_t list_count_ = 1;
  std::vector<std::uint16_t> delegating_ports_;
  std::unordered_map<std::uint16_t, std::string_view> port_sources_;
};

}  // namespace gateway::model
