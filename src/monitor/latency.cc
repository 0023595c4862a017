#include "monitor/latency.h"

#include <algorithm>

#include <fmt/format.h>

namespace gateway::monitor {
namespace {

using Microseconds = AnswerTimes::Microseconds;

// Of the other members; one that is ejected says nothing about what is usual.
std::optional<Microseconds> MedianOfPeers(std::span<const LatencyMember> members,
                                          std::size_t index) {
  std::vector<Microseconds> averages;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& member = members[i];
    if (i != index && !member.ejected && member.average) averages.push_back(*member.average);
  }
  if (averages.empty()) return std::nullopt;
  // The lower one of the two in the middle: of two peers, the faster one shows what is possible.
  const auto middle = averages.begin() + static_cast<std::ptrdiff_t>((averages.size() - 1) / 2);
  std::ranges::nth_element(averages, middle);
  return *middle;
}

std::optional<std::string> WhySlow(std::span<const LatencyMember> members, std::size_t index) {
  const auto& member = members[index];
  const auto& rule = *member.rule;
  if (!rule.enabled || member.ejected || member.needed || !member.average) return std::nullopt;
  if (*member.average < rule.at_least) return std::nullopt;
  const auto median = MedianOfPeers(members, index);
  if (!median) return std::nullopt;
  const double ratio = static_cast<double>(member.average->count()) /
                       static_cast<double>(std::max<std::int64_t>(1, median->count()));
  if (ratio < rule.times) return std::nullopt;
  return fmt::format(
      "slow: {:.0f} ms on average until a submission is answered, {:.1f} times the {:.1f} ms that "
      "is the median of its peers",
      static_cast<double>(member.average->count()) / 1000, ratio,
      static_cast<double>(median->count()) / 1000);
}

}  // namespace

void AnswerTimes::Note(std::uint64_t answers,
                       Microseconds total,
                       const LatencyRule& rule,
                       Clock::TimePoint now) {
  const auto fresh = answers - answers_;
  if (begun_ && fresh < rule.requests && now - since_ <= rule.window) return;
  // A backend with little traffic is judged by what came within the window, or not at all.
  const bool enough = begun_ && fresh >= rule.requests;
  average_ =
      enough ? std::optional((total - total_) / static_cast<std::int64_t>(fresh)) : std::nullopt;
  begun_ = true;
  answers_ = answers;
  total_ = total;
  since_ = now;
}

std::optional<Microseconds> AnswerTimes::Average(const LatencyRule& rule,
                                                 Clock::TimePoint now) const {
  return now - since_ <= rule.window ? average_ : std::nullopt;
}

std::vector<SlowMember> FindSlow(std::span<const LatencyMember> members) {
  std::vector<SlowMember> slow;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (auto reason = WhySlow(members, i)) slow.push_back({i, std::move(*reason)});
  }
  std::ranges::sort(slow, std::ranges::greater(),
                    [&](const SlowMember& one) { return *members[one.index].average; });
  auto out = static_cast<std::size_t>(
      std::ranges::count_if(members, [](const auto& member) { return member.ejected; }));
  std::vector<SlowMember> chosen;
  for (auto& candidate : slow) {
    const auto percent =
        static_cast<std::size_t>(members[candidate.index].rule->max_ejected_percent);
    if ((out + 1) * 100 > members.size() * percent) continue;
    ++out;
    chosen.push_back(std::move(candidate));
  }
  return chosen;
}

}  // namespace gateway::monitor
