// Addresses of hosts, by their names: asks the name service and remembers what it said.
//
// However many ask for a host, it is looked up once at a time, and nobody waits for longer than he
// can. A name service that fails or hangs does not cut us off from hosts that it once told us of:
// their last addresses serve for a while. When it says that there is no such host, they do not.
// Threads: one event loop only. Memory: the last answer for each host and port.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "base/url.h"
#include "http/asio.h"
#include "http/deadlines.h"

namespace gateway::http {

using Endpoints = std::vector<tcp::endpoint>;

class AddressBook {
 public:
  using Answer = std::move_only_function<void(error_code failure, Endpoints endpoints)>;
  // Begins to ask the name service, which calls back on the loop and never before this returns.
  // When what is returned is gone, the lookup may fail instead. An exception: it could not begin.
  using LookUp = std::function<std::shared_ptr<void>(const Url& url, Answer answer)>;

  // `deadlines` must outlive the book and each run of the loop that ends a lookup; the book must
  // outlive those who wait.
  AddressBook(Deadlines& deadlines, LookUp look_up);
  ~AddressBook() { GiveUp(); }
  AddressBook(const AddressBook&) = delete;
  AddressBook& operator=(const AddressBook&) = delete;

  // The addresses of the host of `url`, with its port. Origin kBackend; kRefused: it has none, or
  // the name service failed. kTimeout: that has not answered by `deadline`. The message names step
  // and host: "resolve 'trino': Host not found".
  Awaitable<Expected<Endpoints>> Find(const Url& url, Clock::TimePoint deadline);

  // Ends lookups that have not begun in fact, so that the loop need not wait for them: for
  // stopping.
  void GiveUp();

 private:
  class Waiter;
  struct Call;
  struct Entry;

  std::shared_ptr<Call> Ask(const Url& url, const std::shared_ptr<Entry>& entry) const;
  static void Take(Entry& entry, error_code failure, Endpoints endpoints, Clock::TimePoint now);

  Deadlines& deadlines_;
  const LookUp look_up_;
  // Shared with the lookups under way, which may end after the book.
  std::unordered_map<std::string, std::shared_ptr<Entry>, StringHash, std::equal_to<>> entries_;
};

// Asks the system's resolver, on the one thread that `io` has for it: one name after the other.
// Nothing ends the one that is under way: the loop and the end of `io`, which must outlive the
// lookups, wait for it.
AddressBook::LookUp SystemLookUp(asio::io_context& io);

}  // namespace gateway::http
