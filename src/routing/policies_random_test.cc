// The index must find what looking at every policy finds, and a decision must not allocate.
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "routing/balancer.h"
#include "routing/policies.h"
#include "routing/routing_fixture.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// Counts what the whole test program allocates. The operators of ThreadSanitizer cannot be
// replaced.
#if !__has_feature(thread_sanitizer)
void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace gateway::routing {
namespace {

using model::ConditionType;
using model::RuleType;

// Few different values, so that many policies match one request.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string Word() { return std::string(1, static_cast<char>('a' + random_.Below(4))); }
  std::size_t Below(std::size_t bound) { return random_.Below(bound); }
  bool Chance(std::size_t of) { return random_.Below(of) == 0; }

  model::Condition Condition() {
    static constexpr ConditionType kTypes[] = {ConditionType::kUser,   ConditionType::kUserRegex,
                                               ConditionType::kSource, ConditionType::kRoutingGroup,
                                               ConditionType::kHeader, ConditionType::kQueryType};
    model::Condition condition{.type = kTypes[Below(std::size(kTypes))], .negated = Chance(5)};
    if (condition.type == ConditionType::kHeader) condition.name = Chance(2) ? "X-A" : "x-b";
    const bool statement = condition.type == ConditionType::kQueryType;
    for (std::size_t i = 0; i <= Below(3); ++i) {
      condition.values.push_back(statement ? (Chance(2) ? "Query" : "Insert") : Word());
    }
    return condition;
  }

  model::Policy Policy(int number) {
    model::Policy policy;
    policy.id = "p" + std::to_string(number);
    policy.priority = static_cast<int>(Below(3));
    policy.rule_type = static_cast<RuleType>(Below(5));
    if (policy.rule_type == RuleType::kListeningPort) {
      policy.rule_value = std::to_string(8080 + Below(3));
    } else if (policy.rule_type != RuleType::kNone) {
      policy.rule_value = Chance(4) ? "a,b" : Word();
    }
    const bool needs_one = policy.rule_type == RuleType::kNone;
    for (std::size_t i = 0; i < Below(3) + (needs_one ? 1 : 0); ++i) {
      policy.conditions.push_back(Condition());
    }
    policy.enabled = !Chance(6);
    policy.group = "g" + std::to_string(Below(4));
    if (Chance(8)) policy.reject_message = "no";
    return policy;
  }

 private:
  SeededRandom random_;
};

// What decides, worked out by looking at every policy, in the order in which they decide.
std::vector<std::string> DecidingByHand(const RequestFacts& facts,
                                        const model::Snapshot& snapshot) {
  FactsReader reader(facts);
  std::vector<const model::Policy*> matching;
  for (const auto& compiled : snapshot.index().ranked()) {
    if (!reader.Matches(compiled)) continue;
    if (!matching.empty() && matching.front()->priority != compiled.policy->priority) break;
    matching.push_back(compiled.policy);
  }
  std::vector<std::string_view> narrowed;
  std::vector<std::string_view> led_to;
  std::vector<std::string> ids;
  for (const auto* policy : Rule(matching, narrowed, led_to).deciding) ids.push_back(policy->id);
  return ids;
}

TEST(GroupChooserRandomly, FindsWhatLookingAtEveryPolicyFinds) {
  FakeClock clock;
  GroupChooser chooser;
  GroupChoice choice;
  std::size_t decided = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Generator generator(seed);
    model::Configuration configuration;
    for (int i = 0; i < 4; ++i) AddGroup(configuration, "g" + std::to_string(i));
    const auto policies = generator.Below(60);
    for (std::size_t i = 0; i < policies; ++i) {
      configuration.policies.push_back(generator.Policy(static_cast<int>(i)));
      ASSERT_TRUE(model::Validate(configuration.policies.back()));
    }
    model::Registry registry(clock, "g0");
    registry.ReplaceFile(configuration, "g0");
    const auto snapshot = registry.Current();
    for (int request = 0; request < 50; ++request) {
      const std::vector<std::string> texts = {generator.Word(), generator.Word(), generator.Word(),
                                              generator.Word(), generator.Word()};
      const std::string tags = texts[0] + (generator.Chance(2) ? "," + texts[1] : "");
      const FakeHeaders headers({{"x-a", texts[2]}, {"X-B", texts[3]}, {"X-A", texts[4]}});
      const QueryFacts query{.type = generator.Chance(2) ? "Query" : ""};
      const auto ask = [&] { return &query; };
      RequestFacts facts;
      facts.port = static_cast<std::uint16_t>(8080 + generator.Below(3));
      facts.host = texts[4];
      facts.client_tags = tags;
      facts.connection_properties = texts[1];
      facts.user = texts[2];
      facts.source = texts[3];
      facts.routing_group = texts[0];
      facts.any_header = headers;
      facts.query = ask;
      chooser.Choose(facts, *snapshot, choice);
      std::vector<std::string> ids;
      for (const auto* policy : choice.policies) ids.push_back(policy->id);
      ASSERT_EQ(ids, DecidingByHand(facts, *snapshot)) << "seed " << seed << ": " << choice.trace;
      decided += ids.size();
    }
  }
  EXPECT_GT(decided, 1000u);
}

TEST(GroupChooserRandomly, DoesNotAllocateOnceItHasGrown) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "nothing counts allocations in this build";
#endif
  FakeClock clock;
  Generator generator(1);
  model::Configuration configuration;
  for (int i = 0; i < 4; ++i) {
    auto& group = AddGroup(configuration, "g" + std::to_string(i));
    group.strategy = static_cast<model::Strategy>(2 + i);
    for (int member = 0; member < 20; ++member) {
      group.backends.push_back("c" + std::to_string(member));
    }
  }
  for (int i = 0; i < 20; ++i) configuration.backends.emplace_back().id = "c" + std::to_string(i);
  for (int i = 0; i < 500; ++i) configuration.policies.push_back(generator.Policy(i));
  model::Registry registry(clock, "g0");
  registry.ReplaceFile(configuration, "g0");
  for (const auto& backend : configuration.backends) {
    registry.ReportStatus(backend.id, {.health = model::Health::kHealthy});
  }
  const auto snapshot = registry.Current();
  const FakeHeaders headers({{"X-A", "a"}, {"X-B", "b"}});
  const QueryFacts query{.type = "Query", .category = "SELECT", .read_only = true};
  const auto ask = [&] { return &query; };

  GroupChooser chooser;
  GroupChoice choice;
  SeededRandom random(1);
  Balancer balancer(clock, random);
  const auto decide = [&](std::string_view user, std::string_view tags) {
    RequestFacts facts;
    facts.port = 8080;
    facts.host = "A:8080";
    facts.client_tags = tags;
    facts.user = user;
    facts.source = "c";
    facts.client_address = "192.0.2.1";
    facts.any_header = headers;
    facts.query = ask;
    chooser.Choose(facts, *snapshot, choice);
    for (const auto* group : choice.groups) {
      GroupChoice& one = choice;
      std::swap(one.groups.front(), *std::ranges::find(one.groups, group));
      ASSERT_NE(balancer.Choose(one, {}).backend, nullptr);
    }
  };
  const auto decide_all = [&] {
    for (const auto user : {"a", "b", "c", "d", "x"}) {
      for (const auto tags : {"", "a", "a,b", "b,c,d"}) decide(user, tags);
    }
  };
  decide_all();
  const auto before = allocations.load();
  decide_all();
  EXPECT_EQ(allocations.load() - before, 0u);
}

}  // namespace
}  // namespace gateway::routing
