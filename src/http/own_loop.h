// A coroutine run to its end on the calling thread, for those who have no event loop and may wait.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "http/asio.h"
#include "http/deadlines.h"

namespace gateway::http {

// Runs `io`, which nobody else uses, until `work` has ended, and returns what it did; nothing when
// it cannot end, which only a bug makes so. `work` has to hold its deadlines, those of `deadlines`,
// which this runs. What it throws is thrown. Returns as soon as it has ended: a lookup of which
// nobody wants the answer may still be under way, and the end of `io` waits for that.
template <typename Result>
std::optional<Result> RunToEnd(asio::io_context& io, Deadlines& deadlines, Awaitable<Result> work) {
  struct Outcome {
    std::optional<Result> result;
    std::exception_ptr failure;
  };
  const auto outcome = std::make_shared<Outcome>();  // the end of `io` may still set it
  asio::co_spawn(io, deadlines.Run(), [](const std::exception_ptr&) {});
  asio::co_spawn(io, std::move(work),
                 [outcome, &deadlines](const std::exception_ptr& failure, Result result) {
                   if (failure) {
                     outcome->failure = failure;
                   } else {
                     outcome->result = std::move(result);
                   }
                   deadlines.Stop();
                 });
  while (!outcome->result && !outcome->failure && io.run_one() > 0) continue;
  if (outcome->failure) std::rethrow_exception(outcome->failure);
  return std::move(outcome->result);
}

}  // namespace gateway::http
