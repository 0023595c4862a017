#include "http/idle_connections.h"

#include <algorithm>
#include <utility>

namespace gateway::http {

ConnectionPtr IdleConnections::Take(std::string_view key) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  auto& idle = found->second;
  while (!idle.empty()) {
    // The one used last: it is the least likely to be closed, and the others may time out.
    auto connection = std::move(idle.back());
    idle.pop_back();
    connection->OnActivity(nullptr);
    connection->ClearDeadline();
    if (connection->open() && !connection->ended()) return connection;
  }
  idle_.erase(found);
  return nullptr;
}

bool IdleConnections::Usable(const Connection& connection) const {
  if (!connection.open() || connection.ended() || !connection.unread().empty()) return false;
  return limits_.life.count() == 0 || deadlines_.Now() - connection.made() < limits_.life;
}

void IdleConnections::Keep(std::string key, ConnectionPtr connection) {
  if (!Usable(*connection)) return connection->Close();
  auto& idle = idle_[key];
  if (idle.size() >= limits_.per_key) return connection->Close();
  connection->Shrink();
  connection->SetDeadline(deadlines_.Now() + limits_.idle_timeout);
  connection->OnActivity([this, key = std::move(key), raw = connection.get()] { Drop(key, raw); });
  connection->Watch();
  idle.push_back(std::move(connection));
}

void IdleConnections::Drop(const std::string& key, const Connection* connection) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return;
  const auto position = std::ranges::find(found->second, connection, &ConnectionPtr::get);
  if (position == found->second.end()) return;
  const auto kept = std::move(*position);
  found->second.erase(position);
  // Keys come and go with what is configured.
  if (found->second.empty()) idle_.erase(found);
  kept->OnActivity(nullptr);
  kept->Close();
}

void IdleConnections::Clear() {
  for (auto& [key, idle] : idle_) {
    for (auto& connection : idle) {
      connection->OnActivity(nullptr);
      connection->Close();
    }
  }
  idle_.clear();
}

}  // namespace gateway::http
