#include "monitor/error_ejector.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "model/registry.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

struct Members {
  std::string group;
  Strings backends;
};

// A registry whose backends are one group, if nothing else is declared, and counters as the data
// path keeps them.
struct ErrorEjectorTest : testing::Test {
  ErrorEjectorTest() { Declare({"c1", "c2", "c3"}); }

  void Declare(const Strings& ids) { Declare(ids, {{"all", ids}}); }

  void Declare(const Strings& ids, const std::vector<Members>& groups) {
    model::Configuration configuration;
    for (const auto& id : ids) {
      configuration.backends.push_back({.id = id, .url = {false, "127.0.0.1", 8080}});
    }
    for (const auto& [group, backends] : groups) {
      configuration.groups.push_back({.id = group, .backends = backends});
    }
    registry.ReplaceFile(std::move(configuration), groups.front().group);
    for (const auto& id : ids) Probed(id);
  }

  // A probe found the backend healthy.
  void Probed(std::string_view id) {
    model::BackendStatus status;
    status.health = model::Health::kHealthy;
    status.reason.clear();
    registry.ReportStatus(id, status);
  }

  void Answer(std::string_view id, int status, int times = 1) {
    const auto snapshot = registry.Current();
    auto& counters = *snapshot->FindBackend(id)->counters;
    for (int i = 0; i < times; ++i) {
      counters.NoteStatus(status);
      if (status == 200) counters.NoteAnswer(1ms);
    }
  }

  void Fail(std::string_view id) {
    model::BackendStatus status;
    status.health = model::Health::kUnhealthy;
    status.failure_class = "refused";
    registry.ReportStatus(id, status);
  }

  // As the monitor does: what changed takes effect in the registry. Then those that are out.
  Strings Judge() {
    const auto snapshot = registry.Current();
    const auto rule_of = [this](std::string_view) -> const ErrorRule& { return rule; };
    for (const auto& change : ejector.Judge(*snapshot, rule_of, clock.Now())) {
      if (change.reason.empty()) {
        registry.Readmit(change.backend_id, "errors");
      } else {
        registry.Eject(change.backend_id, "errors", change.reason);
      }
    }
    Strings out;
    for (const auto& state : registry.Current()->backends()) {
      if (!state->Up()) out.push_back(state->backend.id);
    }
    return out;
  }

  ErrorRule rule;
  FakeClock clock;
  model::Registry registry{clock, "all"};
  ErrorEjector ejector;
};

TEST_F(ErrorEjectorTest, TakesABackendOutThatFailsInARowWhateverProbesFind) {
  Answer("c1", 500, 4);
  EXPECT_EQ(Judge(), Strings());
  Probed("c1");
  Answer("c1", 502);
  EXPECT_EQ(Judge(), Strings{"c1"});
  Probed("c1");
  EXPECT_EQ(Judge(), Strings{"c1"});
  const auto status = registry.Current()->FindBackend("c1")->status;
  EXPECT_EQ(status.failure_class, "errors");
  EXPECT_EQ(status.reason,
            "failing: 5 statement(s) in a row got an error of the server or no answer");
}

TEST_F(ErrorEjectorTest, CountsOnlyWhatIsAnErrorOfTheServer) {
  struct Case {
    int status;
    bool counts;
    bool ends_the_row;
  };
  for (const auto& [status, counts, ends] : {Case{500, true, false},
                                             {502, true, false},
                                             {504, true, false},
                                             {503, false, false},
                                             {429, false, true},
                                             {401, false, true},
                                             {200, false, true}}) {
    SCOPED_TRACE(status);
    registry.Current()->FindBackend("c1")->counters->errors_in_row = 4;
    Answer("c1", status);
    const std::uint64_t expected = counts ? 5 : ends ? 0 : 4;
    EXPECT_EQ(registry.Current()->FindBackend("c1")->counters->errors_in_row, expected);
  }
}

TEST_F(ErrorEjectorTest, CountsStatementsThatGotNoAnswer) {
  for (int i = 0; i < 4; ++i) registry.Current()->FindBackend("c1")->counters->NoteNoAnswer();
  EXPECT_EQ(Judge(), Strings());
  Answer("c1", 500);
  EXPECT_EQ(Judge(), Strings{"c1"});
}

TEST_F(ErrorEjectorTest, ForgetsWhatFailedBeforeProbesFoundTheBackendDown) {
  for (int i = 0; i < 9; ++i) registry.Current()->FindBackend("c1")->counters->NoteNoAnswer();
  Fail("c1");
  EXPECT_EQ(Judge(), Strings{"c1"});
  clock.Advance(2s);
  Probed("c1");
  EXPECT_EQ(Judge(), Strings());
}

TEST_F(ErrorEjectorTest, CountsOnThroughTheMomentsForWhichFailuresThemselvesTakeItOut) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Judge(), Strings());
    registry.Current()->FindBackend("c1")->counters->NoteNoAnswer();
    Fail("c1");
    clock.Advance(1s);
    EXPECT_EQ(Judge(), Strings{"c1"});
    Probed("c1");
  }
  EXPECT_EQ(Judge(), Strings{"c1"});
}

TEST_F(ErrorEjectorTest, LeavesOneInWhenTheOtherOneOfAGroupGoesDownWhileItIsOut) {
  Declare({"c1", "c2"});
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c1"});
  Answer("c2", 500, 5);
  Fail("c1");
  EXPECT_EQ(Judge(), Strings{"c1"}) << "c2 is the last one";
}

TEST_F(ErrorEjectorTest, OutlastsAMarkThatItIsUnhealthy) {
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c1"});
  registry.MarkHealth("c1", false);
  EXPECT_EQ(Judge(), Strings{"c1"});
  Probed("c1");
  EXPECT_EQ(Judge(), Strings{"c1"});
  clock.Advance(rule.eject_for);
  EXPECT_EQ(Judge(), Strings());
}

TEST_F(ErrorEjectorTest, LeavesABackendInForWhichAMarkHolds) {
  registry.SetMarksHold(model::Registry::MarksHold::kUntilCleared);
  registry.MarkHealth("c1", true);
  Answer("c1", 500, 50);
  EXPECT_EQ(Judge(), Strings());
  EXPECT_EQ(Judge(), Strings());
}

TEST_F(ErrorEjectorTest, LeavesItToProbesToTellWhenABackendThatWentDownIsBack) {
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c1"});
  Fail("c1");
  EXPECT_EQ(Judge(), Strings{"c1"});
  Probed("c1");
  EXPECT_EQ(Judge(), Strings());
}

TEST_F(ErrorEjectorTest, KnowsThatABackendWasMarkedHealthy) {
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c1"});
  registry.MarkHealth("c1", true);
  EXPECT_EQ(Judge(), Strings());
  Answer("c2", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c2"}) << "c1 takes no part of what may be out";
  clock.Advance(rule.eject_for);
  EXPECT_EQ(Judge(), Strings());
  Answer("c1", 500);
  EXPECT_EQ(Judge(), Strings{"c1"}) << "it is on trial";
}

TEST_F(ErrorEjectorTest, LetsItInOnTrial) {
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c1"});
  Answer("c1", 500, 5);  // what was under way
  clock.Advance(rule.eject_for);
  EXPECT_EQ(Judge(), Strings());
  EXPECT_EQ(Judge(), Strings());
  Answer("c1", 500);
  EXPECT_EQ(Judge(), Strings{"c1"}) << "one more is enough";
  clock.Advance(rule.eject_for);
  EXPECT_EQ(Judge(), Strings{"c1"}) << "for twice as long";
  clock.Advance(rule.eject_for);
  EXPECT_EQ(Judge(), Strings());
  Answer("c1", 200);
  EXPECT_EQ(Judge(), Strings());
  Answer("c1", 500, 4);
  EXPECT_EQ(Judge(), Strings()) << "it has proved itself";
  Answer("c1", 500);
  EXPECT_EQ(Judge(), Strings{"c1"});
  clock.Advance(rule.eject_for);
  EXPECT_EQ(Judge(), Strings());
}

TEST_F(ErrorEjectorTest, CountsTheFirstFailureOfATrialAfterATimeOutThatWasWatched) {
  Answer("c1", 500, 5);
  for (int second = 0; second < 30; ++second) {
    EXPECT_EQ(Judge(), Strings{"c1"});
    clock.Advance(1s);
  }
  EXPECT_EQ(Judge(), Strings());
  Answer("c1", 500);
  clock.Advance(1s);
  EXPECT_EQ(Judge(), Strings{"c1"});
}

TEST_F(ErrorEjectorTest, CountsTheFirstFailureOfATrialAlsoWhenItIsLateToJudge) {
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c1"});
  clock.Advance(30s);
  EXPECT_EQ(Judge(), Strings());
  Answer("c1", 500);
  clock.Advance(10s);
  EXPECT_EQ(Judge(), Strings{"c1"});
}

TEST_F(ErrorEjectorTest, LeavesHalfOfAGroupIn) {
  for (const auto* id : {"c1", "c2", "c3"}) Answer(id, 500, 5);
  EXPECT_EQ(Judge(), Strings{"c1"});
  Declare({"c1"});
  EXPECT_EQ(registry.Current()->groups().front().members.size(), 1U);
  ejector = ErrorEjector();
  registry.MarkHealth("c1", true);
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings()) << "there is no other one";
}

TEST_F(ErrorEjectorTest, LeavesABackendInThatAnotherGroupCannotSpare) {
  const struct {
    std::vector<Members> groups;
    Strings out;
  } cases[] = {
      {{{"adhoc", {"c1", "c2"}}, {"etl", {"c1"}}}, {}},
      {{{"adhoc", {"c1"}}, {"etl", {"c1", "c2"}}}, {}},
      {{{"adhoc", {"c1", "c2"}}, {"etl", {"c1", "c3"}}}, {"c1"}},
      {{{"adhoc", {"c1", "c2"}}, {"etl", {"c2"}}}, {"c1"}},
      {{{"adhoc", {"c2", "c3"}}}, {}},
  };
  for (const auto& [groups, out] : cases) {
    SCOPED_TRACE(testing::PrintToString(&groups - &cases[0].groups));
    Declare({"c1", "c2", "c3"}, groups);
    registry.MarkHealth("c1", true);
    ejector = ErrorEjector();
    Answer("c1", 500, 5);
    EXPECT_EQ(Judge(), out);
  }
}

TEST_F(ErrorEjectorTest, CountsNoMemberWithoutAWeight) {
  model::Configuration configuration;
  for (const auto* id : {"c1", "c2"}) {
    configuration.backends.push_back({.id = id, .url = {false, "127.0.0.1", 8080}});
  }
  configuration.groups.push_back({.id = "all",
                                  .backends = {"c1", "c2"},
                                  .strategy = model::Strategy::kWeightedRoundRobin,
                                  .weights = {{"c2", 0}}});
  registry.ReplaceFile(std::move(configuration), "all");
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings()) << "nothing goes to the other one";
}

TEST_F(ErrorEjectorTest, LetsTheLongestOutInWhenTheOthersGoDown) {
  rule.eject_for = 1h;
  Declare({"c1", "c2", "c3", "c4"});
  Answer("c2", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c2"});
  clock.Advance(1s);
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), (Strings{"c1", "c2"}));
  Fail("c3");
  EXPECT_EQ(Judge(), (Strings{"c1", "c3"})) << "two of three would be too many";
  Fail("c2");
  Fail("c4");
  EXPECT_EQ(Judge(), (Strings{"c2", "c3", "c4"})) << "nobody else is left";
  Answer("c1", 500);
  EXPECT_EQ(Judge(), (Strings{"c2", "c3", "c4"}));
  Probed("c2");
  EXPECT_EQ(Judge(), (Strings{"c1", "c3", "c4"})) << "it is on trial still";
}

TEST_F(ErrorEjectorTest, LetsABackendInAgainThatANewGroupNeeds) {
  Answer("c1", 500, 5);
  EXPECT_EQ(Judge(), Strings{"c1"});
  Declare({"c1", "c2", "c3"}, {{"all", {"c1", "c2", "c3"}}, {"etl", {"c1"}}});
  EXPECT_EQ(Judge(), Strings());
}

TEST_F(ErrorEjectorTest, EndsATrialWithOneProperAnswerWhateverComesAfterIt) {
  const struct {
    std::vector<int> statuses;
    Strings out;
  } cases[] = {{{200, 500}, {}},
               {{500, 200, 500}, {}},
               {{200, 500, 500, 500, 500}, {}},
               {{200, 500, 500, 500, 500, 500}, {"c1"}},
               {{500}, {"c1"}},
               {{401, 500}, {"c1"}}};
  for (const auto& [statuses, out] : cases) {
    SCOPED_TRACE(testing::PrintToString(statuses));
    registry.MarkHealth("c1", true);
    ejector = ErrorEjector();
    Answer("c1", 500, 5);
    EXPECT_EQ(Judge(), Strings{"c1"});
    clock.Advance(rule.eject_for);
    EXPECT_EQ(Judge(), Strings());
    for (const int status : statuses) Answer("c1", status);
    EXPECT_EQ(Judge(), out);
  }
}

TEST_F(ErrorEjectorTest, DoesNothingWhereItIsSwitchedOff) {
  rule.enabled = false;
  Answer("c1", 500, 50);
  EXPECT_EQ(Judge(), Strings());
}

TEST_F(ErrorEjectorTest, IsIndependentOfOtherReasonsToBeOut) {
  Answer("c1", 500, 5);
  Judge();
  registry.Eject("c1", "latency", "slow");
  registry.Readmit("c1", "latency");
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.failure_class, "errors");
  registry.Eject("c1", "latency", "slow");
  registry.Readmit("c1", "errors");
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.failure_class, "latency");
  registry.Readmit("c1", "latency");
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Up());
}

}  // namespace
}  // namespace gateway::monitor
