#include "http/address_book.h"

#include <algorithm>
#include <exception>
#include <unordered_set>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "http/event.h"

namespace gateway::http {
namespace {

constexpr std::chrono::seconds kFresh{5};
// How long old addresses serve when no new ones are to be had. They may be another's by now.
constexpr std::chrono::minutes kMaxAge{5};
// How long a lookup may take before those who have old addresses go on with them.
constexpr std::chrono::milliseconds kPatience{500};

}  // namespace

// One lookup.
struct AddressBook::Call {
  Clock::TimePoint begun;
  bool done = false;
  error_code failure{};
  std::shared_ptr<void> lookup{};
  std::unordered_set<Waiter*> waiting{};  // in the frames of those who wait
};

// What is known of a host.
struct AddressBook::Entry {
  Endpoints endpoints;
  Clock::TimePoint told;         // when the name service named them
  Clock::TimePoint fresh_until;  // nobody asks again before
  std::shared_ptr<Call> call;    // the lookup under way

  bool Usable(Clock::TimePoint now) const { return !endpoints.empty() && now < told + kMaxAge; }
};

class AddressBook::Waiter final : public Expiring {
 public:
  Waiter(Deadlines& deadlines, Call& call, Clock::TimePoint until)
      : Expiring(deadlines), call_(call) {
    call_.waiting.insert(this);
    SetDeadline(until);
  }
  ~Waiter() override { call_.waiting.erase(this); }

  // Until the lookup has ended or the time is over.
  Awaitable<void> Wait() { return event_.Wait(); }
  void Notify() { event_.Notify(); }

 protected:
  void Expire() override { event_.Notify(); }

 private:
  Call& call_;
  Event event_;
};

AddressBook::AddressBook(Deadlines& deadlines, LookUp look_up)
    : deadlines_(deadlines), look_up_(std::move(look_up)) {}

Awaitable<Expected<Endpoints>> AddressBook::Find(const Url& url, Clock::TimePoint deadline) {
  error_code ec;
  if (const auto address = asio::ip::make_address(url.host, ec); !ec) {
    co_return Endpoints{tcp::endpoint(address, url.port)};
  }
  auto& place = entries_[url.ToString()];
  if (!place) place = std::make_shared<Entry>();
  const auto entry = place;
  if (deadlines_.Now() < entry->fresh_until) co_return entry->endpoints;

  const auto call = Ask(url, entry);
  const auto until =
      entry->Usable(deadlines_.Now()) ? std::min(deadline, call->begun + kPatience) : deadline;
  if (!call->done && deadlines_.Now() < until) {
    Waiter waiter(deadlines_, *call, until);
    co_await waiter.Wait();
  }
  if (entry->Usable(deadlines_.Now())) co_return entry->endpoints;
  if (!call->done) {
    co_return Fail(ErrorCode::kTimeout,
                   fmt::format("resolve '{}': the name service did not answer in time", url.host),
                   Origin::kBackend);
  }
  co_return Fail(ErrorCode::kRefused,
                 fmt::format("resolve '{}': {}", url.host, call->failure.message()),
                 Origin::kBackend);
}

// The lookup under way, or a new one.
std::shared_ptr<AddressBook::Call> AddressBook::Ask(const Url& url,
                                                    const std::shared_ptr<Entry>& entry) const {
  if (entry->call) return entry->call;
  const auto call = std::make_shared<Call>(deadlines_.Now());
  entry->call = call;
  try {
    auto take = [entry, &clock = deadlines_](error_code failure, Endpoints endpoints) {
      Take(*entry, failure, std::move(endpoints), clock.Now());
    };
    call->lookup = look_up_(url, std::move(take));
  } catch (const boost::system::system_error& error) {
    Take(*entry, error.code(), {}, deadlines_.Now());  // no thread for it, say
  } catch (const std::exception&) {
    Take(*entry, asio::error::no_memory, {}, deadlines_.Now());
  }
  return call;
}

// The end of a lookup.
void AddressBook::Take(Entry& entry,
                       error_code failure,
                       Endpoints endpoints,
                       Clock::TimePoint now) {
  const auto call = std::exchange(entry.call, nullptr);
  call->done = true;
  call->failure = failure;
  if (!failure) {
    entry.endpoints = std::move(endpoints);
    entry.told = now;
  } else if (failure == asio::error::host_not_found) {
    entry.endpoints.clear();
  }
  // After a failure, too: asking at once again would make each request wait for the next one.
  if (entry.Usable(now)) entry.fresh_until = now + kFresh;
  // Each resumes at once, and may end others.
  while (!call->waiting.empty()) {
    auto* waiter = *call->waiting.begin();
    call->waiting.erase(waiter);
    waiter->Notify();
  }
}

void AddressBook::GiveUp() {
  for (const auto& [name, entry] : entries_) {
    if (entry->call) entry->call->lookup.reset();
  }
}

AddressBook::LookUp SystemLookUp(asio::io_context& io) {
  using Resolver = asio::ip::basic_resolver<tcp, Executor>;
  // With a callback, and not as a coroutine: an exception that begins no lookup would then pass by
  // the coroutine and end the loop.
  return [&io](const Url& url, AddressBook::Answer answer) {
    const auto resolver = std::make_shared<Resolver>(io.get_executor());
    auto take = [answer = std::move(answer)](error_code failure,
                                             const Resolver::results_type& results) mutable {
      Endpoints endpoints;
      for (const auto& result : results) endpoints.push_back(result.endpoint());
      answer(failure, std::move(endpoints));
    };
    resolver->async_resolve(url.host, std::to_string(url.port), std::move(take));
    return resolver;
  };
}

}  // namespace gateway::http
