#include "app/file_watcher.h"

#include <functional>
#include <utility>

#include "app/config_loader.h"
#include "app/file_content.h"

namespace gateway::app {

FileWatcher::FileWatcher(std::string path) : path_(std::move(path)), known_(Look()) {}

bool FileWatcher::Changed() {
  const auto now = Look();
  if (!now || now == known_) {
    candidate_.reset();
    return false;
  }
  if (now != candidate_) {
    candidate_ = now;
    return false;
  }
  known_ = now;
  candidate_.reset();
  return true;
}

std::optional<std::size_t> FileWatcher::Look() const {
  const auto content = ReadFile(path_, kMaxConfigBytes, FileKind::kRegular);
  if (!content) return std::nullopt;
  return std::hash<std::string>{}(*content);
}

}  // namespace gateway::app
