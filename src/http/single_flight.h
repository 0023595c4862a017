// One call at a time for each key: who asks for what is being fetched waits for that answer.
//
// Without it, a thousand queries of one user would be a thousand calls when a cache entry ends.
// Threads: one event loop only. Memory: one entry for each call under way.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/asio.h"
#include "http/event.h"

namespace gateway::http {

template <typename Result>
class SingleFlight {
 public:
  // The result of `work`, or of the one under way for `key`; `work` is then not even begun.
  // What it throws, all who wait for it get as well.
  Awaitable<Result> Run(std::string key, Awaitable<Result> work) {
    if (const auto found = calls_.find(key); found != calls_.end()) {
      const auto call = found->second;
      Event arrived;
      call->waiting.push_back(&arrived);
      co_await arrived.Wait();
      co_return call->Outcome();
    }
    const auto call = std::make_shared<Call>();
    calls_.emplace(key, call);
    try {
      call->result = co_await std::move(work);
    } catch (...) {
      call->failure = std::current_exception();
    }
    calls_.erase(key);
    // Each resumes at once, and may begin a new call for the key.
    for (auto* waiting : std::exchange(call->waiting, {})) waiting->Notify();
    co_return call->Outcome();
  }

 private:
  struct Call {
    std::vector<Event*> waiting;  // in the frames of those who wait
    std::optional<Result> result;
    std::exception_ptr failure;

    const Result& Outcome() const {
      if (failure) std::rethrow_exception(failure);
      return *result;
    }
  };
  std::unordered_map<std::string, std::shared_ptr<Call>> calls_;
};

}  // namespace gateway::http
