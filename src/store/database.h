// A connection to the database and the one place where its exceptions become errors.
//
// Private to this room: SOCI is a heavy header, so only .cc files here include this one.
// Threads: one call at a time; the owner synchronises.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include <soci/soci.h>

#include "base/error.h"

namespace gateway::store {

class Database {
 public:
  // See Store::Open() for `url` and the errors. Does not touch the schema.
  static Expected<std::unique_ptr<Database>> Open(std::string_view url,
                                                  std::chrono::milliseconds busy_timeout);

  // Runs `body(session)`, which returns an Expected, in one transaction: committed when it returns
  // a value, rolled back when it returns an error or throws. `what` starts the message of an error
  // that the database raised: "cannot save backend 'c1'".
  template <typename Body>
  auto Transact(std::string_view what, Body body)
      -> decltype(body(std::declval<soci::session&>())) {
    try {
      soci::transaction transaction(session_);
      auto result = body(session_);
      if (result) transaction.commit();
      return result;
    } catch (const std::exception& error) {
      return std::unexpected(ToError(what, error));
    }
  }

 private:
  Database() = default;
  // The database's own text is left out: it quotes the statement.
  static Error ToError(std::string_view what, const std::exception& error);

  soci::session session_;
};

}  // namespace gateway::store
