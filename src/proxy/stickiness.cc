#include "proxy/stickiness.h"

#include <algorithm>
#include <utility>

namespace gateway::proxy {
namespace {

bool Knows(const Stickiness::Table& table, std::string_view suffix, std::string_view backend_id) {
  return std::ranges::any_of(table, [&](const Sighting& sighting) {
    return sighting.suffix == suffix && sighting.backend_id == backend_id;
  });
}

}  // namespace

Stickiness::Stickiness(std::function<void(const Sighting&)> learned)
    : learned_(std::move(learned)), table_(std::make_shared<const Table>()) {}

void Stickiness::Learn(std::string_view suffix, std::string_view backend_id) {
  if (suffix.empty()) return;
  Sighting sighting{std::string(suffix), std::string(backend_id)};
  {
    const std::lock_guard lock(mutex_);
    if (Knows(*table_, suffix, backend_id)) return;
    auto next = std::make_shared<Table>(*table_);
    if (next->size() >= kMaxSightings) next->erase(next->begin());
    next->push_back(sighting);
    table_ = std::move(next);
    version_.fetch_add(1, std::memory_order_release);
  }
  if (learned_) learned_(sighting);
}

std::shared_ptr<const Stickiness::Table> Stickiness::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

void StickyView::Refresh() {
  if (const auto version = shared_.version(); version != version_) {
    table_ = shared_.table();
    version_ = version;
  }
}

std::vector<std::string_view> StickyView::Owners(std::string_view suffix) {
  Refresh();
  std::vector<std::string_view> owners;
  for (auto sighting = table_->rbegin(); sighting != table_->rend(); ++sighting) {
    if (sighting->suffix == suffix) owners.push_back(sighting->backend_id);
  }
  return owners;
}

void StickyView::Learn(std::string_view suffix, std::string_view backend_id) {
  if (suffix.empty()) return;
  // A worker whose requests all carry tags never asks for owners.
  Refresh();
  if (!Knows(*table_, suffix, backend_id)) shared_.Learn(suffix, backend_id);
}

}  // namespace gateway::proxy
