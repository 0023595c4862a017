// The text of /metrics, made anew for a tenth of the time at most.
//
// Anybody may ask for /metrics, and making the text takes milliseconds with many backends and
// series, on a thread that has other things to do. Whoever asks gets a new one as long as those of
// late took less than a tenth of the time and a tenth of a second; the last one otherwise.
// Threads: not synchronised. Memory: one text, shared by those that are being sent.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"

namespace gateway::telemetry {

class ScrapeCache {
 public:
  // `make` makes the text; `clock` must outlive this.
  ScrapeCache(const Clock& clock, std::function<std::string()> make)
      : clock_(clock), make_(std::move(make)) {}

  std::shared_ptr<const std::string> Text() {
    const auto begin = clock_.Now();
    spent_ -= std::min(spent_, (begin - last_) / kShare);
    last_ = begin;
    if (text_ && spent_ >= kAtOnce) return text_;
    text_ = std::make_shared<const std::string>(make_());
    spent_ += std::min<Clock::TimePoint::duration>(clock_.Now() - begin, kMost);
    return text_;
  }

 private:
  static constexpr int kShare = 10;
  static constexpr std::chrono::milliseconds kAtOnce{100};
  // No text takes longer than this by itself: then the machine was at something else.
  static constexpr std::chrono::milliseconds kMost{200};

  const Clock& clock_;
  const std::function<std::string()> make_;
  std::shared_ptr<const std::string> text_;  // null: none yet
  Clock::TimePoint last_{};                  // when somebody asked
  Clock::TimePoint::duration spent_{};       // on texts, less a tenth of the time since
};

}  // namespace gateway::telemetry
