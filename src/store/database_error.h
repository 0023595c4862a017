// What an exception of a database driver means: the one table for all three databases.
//
// Private to this room. The database's own text is left out of messages, as it quotes statements;
// the reason for which no connection could be made is kept, without the password.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "base/error.h"
#include "store/store_url.h"

namespace gateway::store {

struct Failure {
  ErrorCode code = ErrorCode::kInternal;
  std::string text;             // what to do, and the database's number for it
  bool broken = false;          // the connection cannot be used any more
  bool collided = false;        // with another transaction: the same again may succeed
  bool exists_already = false;  // a table, column or row that was to be created
  bool is_gone = false;         // a table or column that was to be dropped
};

// `connecting`: no connection existed yet.
Failure Explain(const StoreUrl& url, const std::exception& exception, bool connecting = false);

// `what: text`, with Origin::kStore.
Error ToError(std::string_view what, const Failure& failure);

}  // namespace gateway::store
