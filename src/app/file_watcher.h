// Notices that the content of a file has changed.
//
// Asked about once a second. The content decides, not its time stamp: a Kubernetes ConfigMap
// changes by a symbolic link far above the file, and touching a file is no reason to reload.
// A change counts once it held still from one call to the next, so that a file in the middle of
// being written is not taken for the new one.
// Threads: not synchronised. Cost: reads the file (4 MiB at most) on each call; blocks on the disk.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace gateway::app {

class FileWatcher {
 public:
  // What is there now counts as known.
  explicit FileWatcher(std::string path);

  // Is there, for the first time, a content other than the last known one? False while the file
  // is missing or not readable, and for what is not a regular file.
  bool Changed();

 private:
  // A hash, not the content: it may hold secrets.
  std::optional<std::size_t> Look() const;

  const std::string path_;
  std::optional<std::size_t> known_;
  std::optional<std::size_t> candidate_;  // seen once
};

}  // namespace gateway::app
