// Any text as a Lua rule: it must end within its limits and leave nothing behind.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/clock.h"
#include "rules/lua_state.h"
#include "rules/sample_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gateway;
  static const SystemClock clock;
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  rules::LuaState state(clock);
  const auto script = state.Compile(source, "fuzz.lua");
  if (!script) return 0;
  const rules::LuaLimits limits{.instructions = 20'000, .memory_bytes = 256 * 1024};
  rules::SampleFacts facts(true);
  const rules::SampleGroups groups;
  static_cast<void>(state.Run(*script, limits, facts, groups, true));
  if (state.dirty()) return 0;
  // The library is as it was.
  const auto check = state.Compile(
      "return string.lower('OK') .. #request.tags .. math.floor(1.5) .. table.concat({'x'})", "c");
  const auto answer = state.Run(*check, {}, facts, groups, false);
  if (!answer || answer->groups.front() != "ok21x") std::abort();
  return 0;
}
