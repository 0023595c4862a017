#include "store/history_writer.h"

#include <span>
#include <utility>

#include "store/within.h"

namespace gateway::store {
namespace {

using telemetry::Level;

constexpr std::chrono::milliseconds kGathering{100};  // rows of this time share a transaction
constexpr std::chrono::milliseconds kRetryPause{1000};
constexpr std::size_t kBatch = 500;  // rows of one transaction, and bytes
constexpr std::size_t kBatchBytes = 8 * 1024 * 1024;
constexpr std::string_view kEllipsis = "\u2026";

void Cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  // Not amid a UTF-8 character: step back over its continuation bytes.
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  text.resize(limit);
  text += kEllipsis;
}

std::size_t BytesOf(const QueryRecord& query) {
  return sizeof(query) + query.id.size() + query.text.size() + query.user.size() +
         query.source.size() + query.client.size() + query.group_id.size() +
         query.backend_id.size() + query.server_host.size() + query.trace.size();
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
  const auto bytes = BytesOf(query);
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= options_.capacity || held_bytes_ + bytes > options_.max_bytes) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  held_bytes_ += bytes;
  waiting_.push_back(std::move(query));
  if (waiting_.size() == 1) wake_.notify_one();
}

void HistoryWriter::Run() {
  while (true) {
    const auto batch = Take();
    if (batch.empty()) return;
    std::span<const QueryRecord> rest(batch);
    while (!Write(rest)) {
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

bool HistoryWriter::Write(std::span<const QueryRecord>& rest) {
  while (!rest.empty()) {
    const auto size = CountWithin(rest, kBatch, kBatchBytes, BytesOf);
    if (auto saved = store_.SaveQueries(rest.first(size)); !saved) {
      if (!failing_) {
        logger_.Event(Level::kWarn, "history.not_saved",
                      {{"reason", saved.error().message}, {"effect", "rows wait in memory"}});
      }
      failing_ = true;
      // What the database refuses for good must not block what comes after it.
      if (saved.error().code == ErrorCode::kUnavailable) return false;
      dropped_.fetch_add(size, std::memory_order_relaxed);
    }
    Release(rest.first(size));
    rest = rest.subspan(size);
  }
  if (std::exchange(failing_, false)) logger_.Event(Level::kInfo, "history.saved_again", {});
  return true;
}

void HistoryWriter::Release(std::span<const QueryRecord> done) {
  const std::lock_guard lock(mutex_);
  for (const auto& query : done) held_bytes_ -= BytesOf(query);
}

}  // namespace gateway::store
