#include "store/change_listener.h"

#include <algorithm>
#include <thread>

#include <poll.h>
#include <soci/postgresql/soci-postgresql.h>

#include "store/changes.h"

namespace gateway::store {

ChangeListener::ChangeListener(Database& database) : database_(database) {}

Expected<void> ChangeListener::Listen() {
  if (database_.engine() != Engine::kPostgresql || session_) return {};
  constexpr std::string_view kWhat = "cannot listen for changes";
  auto session = database_.Connect(kWhat);
  if (!session) return std::unexpected(std::move(session).error());
  try {
    **session << "LISTEN " << kChangeChannel;
  } catch (const std::exception& error) {
    return std::unexpected(ToError(kWhat, Explain(database_.url(), error)));
  }
  session_ = *std::move(session);
  return {};
}

bool ChangeListener::Wait(std::chrono::milliseconds timeout) {
  if (!session_) {
    std::this_thread::sleep_for(timeout);
    return true;
  }
  auto* connection = static_cast<soci::postgresql_session_backend*>(session_->get_backend())->conn_;
  pollfd descriptor{PQsocket(connection), POLLIN, 0};
  if (::poll(&descriptor, 1, static_cast<int>(timeout.count())) <= 0) return false;
  if (PQconsumeInput(connection) == 0 || PQstatus(connection) != CONNECTION_OK) {
    session_.reset();
    return true;
  }
  // What they say is known: something has changed.
  while (auto* notification = PQnotifies(connection)) PQfreemem(notification);
  return true;
}

}  // namespace gateway::store
