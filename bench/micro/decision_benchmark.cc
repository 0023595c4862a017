// What a decision costs over 10,000 policies and 500 backends, and what publishing a load costs.
//
// Each iteration is a whole decision: the groups by policies, and a backend by the strategy. The
// request has the headers that the JDBC driver sends, and another user each time.
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "base/strings.h"
#include "model/registry.h"
#include "routing/balancer.h"
#include "routing/policies.h"

namespace gateway::routing {
namespace {

using model::ConditionType;
using model::RuleType;
using model::Strategy;

constexpr int kPolicies = 10'000;
constexpr int kBackends = 500;
constexpr int kGroups = 50;

std::string Numbered(std::string_view prefix, int number) {
  return std::string(prefix) + std::to_string(number);
}

// What a large installation might have: most policies by user, tag or source, some with several
// conditions, ten expressions and ten windows of time that every request must be asked for.
model::Policy MakePolicy(int i) {
  model::Policy policy;
  policy.id = Numbered("policy-", i);
  policy.group = Numbered("group-", i % kGroups);
  policy.rule_type = RuleType::kNone;
  if (i % 1000 == 0) {
    policy.conditions = {{.type = ConditionType::kUserRegex, .values = {Numbered("svc-.*-", i)}}};
  } else if (i % 1000 == 1) {
    policy.conditions = {{.type = ConditionType::kTimeWindow, .values = {"* 3 1 1 *"}}};
  } else if (i % 4 == 0) {
    policy.conditions = {{.type = ConditionType::kUser, .values = {Numbered("user-", i)}}};
  } else if (i % 4 == 1) {
    policy.rule_type = RuleType::kHeaderClientTags;
    policy.rule_value = Numbered("tag-", i);
  } else if (i % 4 == 2) {
    policy.conditions = {{.type = ConditionType::kSource, .values = {Numbered("source-", i)}},
                         {.type = ConditionType::kClientAddress, .values = {"10.0.0.0/8"}}};
  } else {
    policy.rule_type = RuleType::kListeningPort;
    policy.rule_value = "8080";
    policy.conditions = {
        {.type = ConditionType::kHeader, .name = "X-Team", .values = {Numbered("team-", i)}}};
  }
  return policy;
}

model::Configuration MakeConfiguration(Strategy strategy, int members) {
  model::Configuration configuration;
  for (int i = 0; i < kBackends; ++i) configuration.backends.emplace_back().id = Numbered("c", i);
  for (int i = 0; i < kGroups; ++i) {
    auto& group = configuration.groups.emplace_back();
    group.id = Numbered("group-", i);
    group.strategy = strategy;
    for (int member = 0; member < members; ++member) {
      group.backends.push_back(Numbered("c", (i + member) % kBackends));
    }
  }
  for (int i = 0; i < kPolicies; ++i) configuration.policies.push_back(MakePolicy(i));
  return configuration;
}

struct Installation {
  Installation(Strategy strategy, int members) {
    const auto configuration = MakeConfiguration(strategy, members);
    registry.ReplaceFile(configuration, "group-0");
    int busy = 0;
    for (const auto& backend : configuration.backends) {
      registry.ReportStatus(backend.id, {.health = model::Health::kHealthy, .load = 1});
      // Nobody is idle, or the first look would find the least.
      registry.Current()->FindBackend(backend.id)->counters->in_flight = 1 + busy++ % 7;
    }
  }

  SystemClock clock;
  model::Registry registry{clock, "group-0"};
};

// Once for all benchmarks that share it: building 10,000 policies takes a while.
Installation& InstallationOf(Strategy strategy, int members) {
  static std::map<std::pair<Strategy, int>, Installation> all;
  return all.try_emplace({strategy, members}, strategy, members).first->second;
}

void Decide(benchmark::State& state) {
  const auto strategy = static_cast<Strategy>(state.range(0));
  auto& installation = InstallationOf(strategy, static_cast<int>(state.range(1)));
  const auto snapshot = installation.registry.Current();
  const std::array<std::pair<std::string_view, std::string_view>, 8> head = {{
      {"X-Trino-User", "user-4"},
      {"X-Trino-Source", "trino-jdbc"},
      {"X-Trino-Time-Zone", "Europe/Berlin"},
      {"X-Trino-Language", "en-US"},
      {"X-Trino-Client-Capabilities", "PATH,PARAMETRIC_DATETIME,SESSION_AUTHORIZATION"},
      {"X-Team", "team-3"},
      {"User-Agent", "Trino JDBC Driver/476"},
      {"Accept-Encoding", "gzip"},
  }};
  const auto any_header = [&](std::string_view name, FunctionRef<bool(std::string_view)> holds) {
    for (const auto& [line, value] : head) {
      if (EqualsIgnoreCase(line, name) && holds(value)) return true;
    }
    return false;
  };
  std::vector<std::string> users;
  for (int i = 0; i < 1024; ++i) users.push_back(Numbered("user-", i * 9));

  GroupChooser chooser;
  GroupChoice choice;
  SeededRandom random(1);
  Balancer balancer(installation.clock, random);
  std::size_t request = 0;
  for (auto _ : state) {
    RequestFacts facts;
    facts.port = 8080;
    facts.host = "trino-gateway.example:8080";
    facts.client_tags = "tag-5,nightly";
    facts.user = users[request++ % users.size()];
    facts.source = "trino-jdbc";
    facts.client_address = "10.1.2.3";
    facts.now = installation.clock.WallNow();
    facts.any_header = any_header;
    chooser.Choose(facts, *snapshot, choice);
    benchmark::DoNotOptimize(balancer.Choose(choice, {}));
  }
  state.SetLabel(std::string(NameOf(strategy)));
}
BENCHMARK(Decide)
    ->ArgNames({"strategy", "members"})
    ->ArgsProduct({benchmark::CreateDenseRange(0, 5, 1), {10, kBackends}});

// A load report, with everything that it publishes.
void Publish(benchmark::State& state) {
  auto& installation = InstallationOf(Strategy::kRoundRobin, 10);
  double load = 0;
  for (auto _ : state) {
    load += 1;
    installation.registry.ReportStatus("c7", {.health = model::Health::kHealthy, .load = load});
  }
}
BENCHMARK(Publish);

// A reload of the whole configuration.
void Redeclare(benchmark::State& state) {
  const auto configuration = MakeConfiguration(Strategy::kHash, 10);
  const SystemClock clock;
  model::Registry registry(clock, "group-0");
  for (auto _ : state) registry.ReplaceFile(configuration, "group-0");
}
BENCHMARK(Redeclare)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gateway::routing

BENCHMARK_MAIN();
