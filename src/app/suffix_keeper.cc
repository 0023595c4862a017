#include "app/suffix_keeper.h"

#include <boost/asio/post.hpp>

namespace gateway::app {

SuffixKeeper::SuffixKeeper(store::Store& store, telemetry::Logger& logger)
    : store_(store), logger_(logger) {}

SuffixKeeper::~SuffixKeeper() {
  ending_ = true;
  thread_.join();
}

void SuffixKeeper::Keep(const proxy::Sighting& sighting) {
  using telemetry::Level;
  if (pending_.fetch_add(1) >= kMaxPending) {
    --pending_;
    logger_.Event(Level::kWarn, "store.suffix_dropped", {{"backend", sighting.backend_id}});
    return;
  }
  boost::asio::post(thread_, [this, sighting] {
    Save(sighting);
    --pending_;
  });
}

void SuffixKeeper::Save(const proxy::Sighting& sighting) {
  if (given_up_) return;
  const auto saved = store_.SaveSuffix(sighting.suffix, sighting.backend_id);
  if (saved) return;
  logger_.Event(telemetry::Level::kWarn, "store.suffix_not_saved",
                {{"backend", sighting.backend_id}, {"reason", saved.error().message}});
  given_up_ = ending_ && saved.error().code == ErrorCode::kUnavailable;
}

}  // namespace gateway::app
