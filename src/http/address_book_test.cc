#include "http/address_book.h"

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::http {
namespace {

using namespace std::chrono_literals;

const Url kTrino{.tls = false, .host = "trino", .port = 8080};
const Url kOther{.tls = false, .host = "other", .port = 8080};

Endpoints At(std::string_view address) { return {{asio::ip::make_address(address), 8080}}; }

// A name service that answers when the test says so.
struct AddressBookTest : testing::Test {
  struct Question {
    std::string host;
    AddressBook::Answer answer;
    std::weak_ptr<void> wanted;
  };
  using Result = std::optional<Expected<Endpoints>>;

  ~AddressBookTest() override {
    clock.Advance(1h);
    deadlines.Sweep();  // nobody waits any more
  }

  // What comes of it, now or later.
  std::shared_ptr<Result> Find(Url url, std::chrono::milliseconds patience = 3s) {
    const auto result = std::make_shared<Result>();
    asio::co_spawn(io, FindInto(std::move(url), clock.Now() + patience, result),
                   [](const std::exception_ptr& failure) { EXPECT_EQ(failure, nullptr); });
    Run();
    return result;
  }

  Awaitable<void> FindInto(Url url, Clock::TimePoint deadline, std::shared_ptr<Result> result) {
    *result = co_await book.Find(url, deadline);
  }

  void Answer(error_code failure, Endpoints endpoints) {
    ASSERT_FALSE(questions.empty());
    auto question = std::move(questions.front());
    questions.erase(questions.begin());
    question.answer(failure, std::move(endpoints));
    Run();
  }

  void Pass(std::chrono::milliseconds time) {
    clock.Advance(time);
    deadlines.Sweep();
    Run();
  }

  void Run() {
    io.restart();
    io.poll();
  }

  // Of a lookup that is told by the name service.
  void Learn(std::string_view address) {
    const auto found = Find(kTrino);
    Answer({}, At(address));
    ASSERT_TRUE(*found);
  }

  FakeClock clock;
  asio::io_context io{1};
  Deadlines deadlines{io, clock};
  std::vector<Question> questions;
  AddressBook book{deadlines, [this](const Url& url, AddressBook::Answer answer) {
                     auto lookup = std::make_shared<int>();
                     questions.push_back({url.host, std::move(answer), lookup});
                     return lookup;
                   }};
};

TEST_F(AddressBookTest, AsksNobodyForAnAddress) {
  const auto found = Find({.tls = false, .host = "127.0.0.1", .port = 8080});
  ASSERT_TRUE(*found && **found);
  EXPECT_EQ(***found, At("127.0.0.1"));
  EXPECT_TRUE(questions.empty());
}

TEST_F(AddressBookTest, AsksOnceForAllWhoWait) {
  const auto first = Find(kTrino);
  const auto second = Find(kTrino);
  const auto other = Find(kOther);
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(questions[0].host, "trino");
  EXPECT_EQ(questions[1].host, "other");
  Answer({}, At("10.0.0.1"));
  ASSERT_TRUE(*first && **first);
  EXPECT_EQ(***first, At("10.0.0.1"));
  ASSERT_TRUE(*second && **second);
  EXPECT_EQ(***second, At("10.0.0.1"));
  EXPECT_FALSE(*other);
}

TEST_F(AddressBookTest, RemembersAnAnswerForAMoment) {
  Learn("10.0.0.1");
  Pass(4s);
  EXPECT_EQ(**Find(kTrino), At("10.0.0.1"));
  EXPECT_TRUE(questions.empty());
  Pass(2s);
  const auto again = Find(kTrino);
  EXPECT_FALSE(*again) << "there may be a new answer";
  Answer({}, At("10.0.0.2"));
  EXPECT_EQ(**again, At("10.0.0.2"));
}

TEST_F(AddressBookTest, LetsNobodyWaitBeyondHisDeadline) {
  const auto hasty = Find(kTrino, 1s);
  const auto patient = Find(kTrino, 10s);
  Pass(2s);
  ASSERT_TRUE(*hasty);
  ASSERT_FALSE(**hasty);
  EXPECT_EQ((*hasty)->error().code, ErrorCode::kTimeout);
  EXPECT_EQ((*hasty)->error().message, "resolve 'trino': the name service did not answer in time");
  EXPECT_FALSE(*patient);
  const auto late = Find(kTrino, 0s);
  EXPECT_TRUE(*late);
  Answer({}, At("10.0.0.1"));
  EXPECT_EQ(**patient, At("10.0.0.1"));
}

TEST_F(AddressBookTest, TellsOfAFailure) {
  const auto found = Find(kTrino);
  Answer(asio::error::host_not_found_try_again, {});
  ASSERT_TRUE(*found);
  ASSERT_FALSE(**found);
  EXPECT_EQ((*found)->error().code, ErrorCode::kRefused);
  EXPECT_TRUE((*found)->error().message.starts_with("resolve 'trino': "));
}

TEST_F(AddressBookTest, TellsWhenTheLookupCannotEvenBegin) {
  AddressBook none(deadlines, [](const Url&, const AddressBook::Answer&) -> std::shared_ptr<void> {
    throw boost::system::system_error(
        make_error_code(boost::system::errc::resource_unavailable_try_again), "thread");
  });
  for (int i = 0; i < 2; ++i) {
    Result result;
    asio::co_spawn(io, none.Find(kTrino, clock.Now() + 3s),
                   [&](const std::exception_ptr& failure, Expected<Endpoints> found) {
                     EXPECT_EQ(failure, nullptr);
                     result = std::move(found);
                   });
    Run();
    ASSERT_TRUE(result);
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().code, ErrorCode::kRefused);
  }
}

TEST_F(AddressBookTest, GoesOnWithOldAddressesWhileTheNameServiceHangs) {
  Learn("10.0.0.1");
  Pass(10s);
  const auto first = Find(kTrino);
  EXPECT_FALSE(*first) << "it may only be slow";
  Pass(600ms);
  ASSERT_TRUE(*first && **first);
  EXPECT_EQ(**first, At("10.0.0.1"));
  EXPECT_EQ(**Find(kTrino), At("10.0.0.1")) << "nobody waits for it twice";
  EXPECT_EQ(questions.size(), 1U);
  Answer({}, At("10.0.0.2"));
  EXPECT_EQ(**Find(kTrino), At("10.0.0.2"));
}

TEST_F(AddressBookTest, GoesOnWithOldAddressesWhenTheNameServiceFails) {
  Learn("10.0.0.1");
  Pass(10s);
  const auto found = Find(kTrino);
  Answer(asio::error::host_not_found_try_again, {});
  EXPECT_EQ(**found, At("10.0.0.1"));
  EXPECT_EQ(**Find(kTrino), At("10.0.0.1"));
  EXPECT_TRUE(questions.empty()) << "it is left alone for a moment";
}

TEST_F(AddressBookTest, ForgetsAddressesThatAreTooOld) {
  Learn("10.0.0.1");
  Pass(6min);
  const auto found = Find(kTrino);
  Answer(asio::error::host_not_found_try_again, {});
  ASSERT_TRUE(*found);
  EXPECT_FALSE(**found);
}

TEST_F(AddressBookTest, ForgetsAddressesOfAHostThatIsNoMore) {
  Learn("10.0.0.1");
  Pass(10s);
  const auto found = Find(kTrino);
  Answer(asio::error::host_not_found, {});
  ASSERT_TRUE(*found);
  EXPECT_FALSE(**found);
}

TEST_F(AddressBookTest, GivesUpLookupsForStopping) {
  const auto found = Find(kTrino);
  Pass(4s);
  EXPECT_TRUE(*found);
  EXPECT_FALSE(questions.front().wanted.expired()) << "somebody else may come";
  book.GiveUp();
  EXPECT_TRUE(questions.front().wanted.expired());
  Answer(asio::error::operation_aborted, {});
}

TEST_F(AddressBookTest, MayEndBeforeALookup) {
  std::optional<AddressBook::Answer> answer;
  {
    AddressBook brief(deadlines, [&](const Url&, AddressBook::Answer later) {
      answer.emplace(std::move(later));
      return nullptr;
    });
    asio::co_spawn(io, brief.Find(kTrino, clock.Now() + 1s),
                   [](const std::exception_ptr&, const Expected<Endpoints>&) {});
    Run();
    Pass(2s);
  }
  ASSERT_TRUE(answer);
  (*answer)({}, At("10.0.0.1"));
}

TEST(SystemLookUpTest, FindsThisHost) {
  asio::io_context io{1};
  Endpoints found;
  const auto lookup = SystemLookUp(io)({.tls = false, .host = "localhost", .port = 8080},
                                       [&](error_code failure, Endpoints endpoints) {
                                         EXPECT_FALSE(failure) << failure.message();
                                         found = std::move(endpoints);
                                       });
  io.run_for(30s);
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(found.front().address().is_loopback());
  EXPECT_EQ(found.front().port(), 8080);
}

}  // namespace
}  // namespace gateway::http
