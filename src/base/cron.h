// Which minutes a cron expression means.
//
// Five fields: minute, hour, day of month, month, day of week. Each is `*` (or `?`), a number, a
// range `a-b`, any of them with a step `/n` (`a/n`: from a to the end), or a list of those with
// commas. Months and days of the week have names (`jan`, `MON`), Sunday is 0 and 7. Where both
// days are restricted (have neither `*` nor `?`, unless with a step above 1), one that fits is
// enough.
// `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` and `@hourly` are the usual
// short forms; `@every` names no minute and is refused. `CRON_TZ=Zone ` (or `TZ=Zone `) before an
// expression names its time zone, else it is UTC. Several expressions, joined by ` | ` or line
// breaks, mean the minutes of any of them.
//
// A minute fits as a whole: 09:00:00 up to and including 09:00:59.999. Where clocks are put
// forward, skipped minutes never come; where they are put back, repeated ones fit both times.
//
// Threads: immutable; any thread. Cost: below a microsecond a question.
// Source: crontab(5), robfig/cron v3 (which accepts the same, but for `7` and `@every`; as there,
// `*/2` is a restriction, where some crons take it for a star).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace gateway {

class Cron {
 public:
  // kInvalidArgument: names the field, what is wrong and what is allowed; or the time zone is not
  // known on this machine.
  static Expected<Cron> Parse(std::string_view text);

  // Is `time` in one of the minutes?
  bool Matches(Clock::WallTime time) const;

  // Does one of the expressions mean a day that no year has, such as the 31st of June?
  bool HasImpossibleDay() const;

 private:
  struct Expression;

  explicit Cron(std::shared_ptr<const std::vector<Expression>> expressions);

  std::shared_ptr<const std::vector<Expression>> expressions_;  // not empty
};

}  // namespace gateway
