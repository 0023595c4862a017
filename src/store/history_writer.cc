#include "store/history_writer.h"

#include <span>
#include <utility>

namespace gateway::store {
namespace {

using telemetry::Level;

constexpr std::chrono::milliseconds kGathering{100};  // rows of this time share a transaction
constexpr std::chrono::milliseconds kRetryPause{1000};
constexpr std::size_t kBatch = 500;
constexpr std::string_view kEllipsis = "\u2026";

void Cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  // Not amid a UTF-8 character: step back over its continuation bytes.
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  text.resize(limit);
  text += kEllipsis;
}

}  // namespace

HistoryWriter::HistoryWriter(HistoryOptions options, Store& store, telemetry::Logger& logger)
    : options_(options), store_(store), logger_(logger), thread_([this] { Run(); }) {}

HistoryWriter::~HistoryWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void HistoryWriter::Record(QueryRecord query) {
  if (!options_.enabled) return;
  if (options_.max_text == 0) {
    query.text.clear();
  } else {
    Cut(query.text, options_.max_text);
  }
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= options_.capacity) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  waiting_.push_back(std::move(query));
  if (waiting_.size() == 1) wake_.notify_one();
}

void HistoryWriter::Run() {
  while (true) {
    const auto batch = Take();
    if (batch.empty()) return;
    while (!Write(batch)) {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kRetryPause, [this] { return stopping_; })) return;
    }
  }
}

std::vector<QueryRecord> HistoryWriter::Take() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  wake_.wait_for(lock, kGathering, [this] { return stopping_; });
  return std::exchange(waiting_, {});
}

bool HistoryWriter::Write(const std::vector<QueryRecord>& batch) {
  for (std::size_t begin = 0; begin < batch.size(); begin += kBatch) {
    const auto size = std::min(kBatch, batch.size() - begin);
    // A batch that is written again after a failure replaces its rows.
    if (auto saved = store_.SaveQueries(std::span(batch).subspan(begin, size)); !saved) {
      if (!failing_) {
        logger_.Event(Level::kWarn, "history.not_saved",
                      {{"reason", saved.error().message}, {"effect", "rows wait in memory"}});
      }
      failing_ = true;
      // What the database refuses for good must not block what comes after it.
      if (saved.error().code == ErrorCode::kUnavailable) return false;
      dropped_.fetch_add(size, std::memory_order_relaxed);
    }
  }
  if (std::exchange(failing_, false)) logger_.Event(Level::kInfo, "history.saved_again", {});
  return true;
}

}  // namespace gateway::store
