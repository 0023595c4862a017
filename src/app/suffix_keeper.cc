#include "app/suffix_keeper.h"

#include <boost/asio/post.hpp>

namespace gateway::app {

SuffixKeeper::SuffixKeeper(store::Store& store, telemetry::Logger& logger)
    : store_(store), logger_(logger) {}

SuffixKeeper::~SuffixKeeper() { thread_.join(); }

void SuffixKeeper::Keep(const proxy::Sighting& sighting) {
  using telemetry::Level;
  if (pending_.fetch_add(1) >= kMaxPending) {
    --pending_;
    logger_.Event(Level::kWarn, "store.suffix_dropped", {{"backend", sighting.backend_id}});
    return;
  }
  boost::asio::post(thread_, [this, sighting] {
    if (auto saved = store_.SaveSuffix(sighting.suffix, sighting.backend_id); !saved) {
      logger_.Event(Level::kWarn, "store.suffix_not_saved",
                    {{"backend", sighting.backend_id}, {"reason", saved.error().message}});
    }
    --pending_;
  });
}

}  // namespace gateway::app
