#include "rules/lua_state.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "rules/lua_facts.h"
#include "rules/lua_library.h"
#include "rules/lua_result.h"

namespace gateway::rules {
namespace {

// Instructions from one look at budget and clock to the next. One instruction may compare or copy
// texts as large as the memory allows, so where that is much the looks are closer together.
constexpr int kHookStep = 64;
constexpr int kCloseHookStep = 4;
constexpr std::size_t kMuchMemory = 4 * 1024 * 1024;
constexpr std::int64_t kLibraryCallCost = 8;  // of the time to the next look
constexpr std::size_t kChurnFactor = 16;
constexpr int kMaxRefusals = 32;
constexpr std::size_t kMaxErrorBytes = 1024;

constexpr const char* kInstructionsUsed = "the rule used up its instructions";
constexpr const char* kTimeUsed = "the rule took too much time";

// Registry keys: the addresses matter, not the values.
constexpr char kGlobalsMetatableKey = 0;

void* Allocate(void* user_data, void* block, std::size_t old_size, std::size_t new_size) {
  auto& memory = *static_cast<LuaMemory*>(user_data);
  if (!block) old_size = 0;  // Lua passes the kind of object there
  if (new_size == 0) {
    std::free(block);
    memory.used -= old_size;
    return nullptr;
  }
  if (new_size > old_size) {
    const bool fits = memory.used - old_size + new_size <= memory.limit &&
                      memory.churn + new_size <= memory.churn_limit;
    if (!fits) ++memory.refusals;
    if (!fits || memory.refusals > kMaxRefusals) return nullptr;
    memory.churn += new_size;
  }
  void* moved = std::realloc(block, new_size);
  if (moved) memory.used += new_size - old_size;
  return moved;
}

int HookStep(const LuaLimits& limits) {
  return limits.memory_bytes > kMuchMemory ? kCloseHookStep : kHookStep;
}

[[noreturn]] void GoOverBudget(lua_State* state, const char* message) {
  CallOf(state).over_budget = true;
  luaL_where(state, 0);
  if (lua_tostring(state, -1)[0] == '\0') {
    lua_pop(state, 1);
    luaL_where(state, 1);
  }
  lua_pushstring(state, message);
  lua_concat(state, 2);
  lua_error(state);
  std::abort();  // not reached
}

void OnCount(lua_State* state, lua_Debug*) {
  auto& call = CallOf(state);
  call.instructions_left -= lua_gethookcount(state);
  if (call.instructions_left <= 0) GoOverBudget(state, kInstructionsUsed);
  if (call.clock->Now() >= call.deadline) GoOverBudget(state, kTimeUsed);
}

// In protected mode: gives the script on the stack fresh globals and runs it.
int RunScript(lua_State* state) {
  lua_newtable(state);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kGlobalsMetatableKey);
  lua_setmetatable(state, -2);
  lua_setupvalue(state, 1, 1);
  lua_call(state, 0, 1);
  return 1;
}

// The globals of every call read through to one table with library and facts.
void PrepareGlobals(lua_State* state) {
  lua_newtable(state);
  PushLibrary(state);
  AddFacts(state);
  lua_setfield(state, -2, "__index");
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kGlobalsMetatableKey);
}

}  // namespace

void Spend(lua_State* state, std::int64_t cost) {
  auto& call = CallOf(state);
  call.instructions_left -= cost;
  if (call.instructions_left <= 0) GoOverBudget(state, kInstructionsUsed);
  call.next_look -= cost + kLibraryCallCost;
  if (call.next_look > 0) return;
  call.next_look = kHookStep;
  if (call.clock->Now() >= call.deadline) GoOverBudget(state, kTimeUsed);
}

LuaState::LuaState(const Clock& clock) : state_(lua_newstate(Allocate, &call_.memory)) {
  if (!state_) throw std::bad_alloc();
  call_.clock = &clock;
  *static_cast<LuaCall**>(lua_getextraspace(state_)) = &call_;
  PrepareGlobals(state_);
  resting_bytes_ = call_.memory.used;
}

LuaState::~LuaState() { lua_close(state_); }

Expected<LuaState::Script> LuaState::Compile(std::string_view source, const std::string& name) {
  const auto chunk_name = "@" + name;
  // "t": bytecode could break out of the virtual machine, so only text is taken.
  if (luaL_loadbufferx(state_, source.data(), source.size(), chunk_name.c_str(), "t") != LUA_OK) {
    std::string message(lua_tostring(state_, -1));
    lua_settop(state_, 0);
    return Fail(ErrorCode::kInvalidArgument, std::move(message));
  }
  const int script = luaL_ref(state_, LUA_REGISTRYINDEX);
  lua_gc(state_, LUA_GCCOLLECT);
  resting_bytes_ = call_.memory.used;
  return script;
}

Expected<Decision> LuaState::Run(
    Script script, const LuaLimits& limits, Facts& facts, const Groups& groups, bool text_allowed) {
  BeginCall(limits, facts, groups, text_allowed);
  // Neither push can fail: a light C function and a reference take no memory.
  lua_pushcfunction(state_, RunScript);
  lua_rawgeti(state_, LUA_REGISTRYINDEX, script);
  return EndCall(lua_pcall(state_, 1, 1, 0));
}

void LuaState::BeginCall(const LuaLimits& limits,
                         Facts& facts,
                         const Groups& groups,
                         bool text_allowed) {
  call_.facts = &facts;
  call_.groups = &groups;
  call_.text_allowed = text_allowed;
  call_.over_budget = false;
  call_.instructions_left = limits.instructions;
  call_.deadline = call_.clock->Now() + limits.time;
  call_.memory.limit = resting_bytes_ + limits.memory_bytes;
  call_.memory.churn = 0;
  call_.memory.refusals = 0;
  call_.next_look = kHookStep;
  call_.memory.churn_limit = kChurnFactor * limits.memory_bytes;
  lua_sethook(state_, OnCount, LUA_MASKCOUNT, HookStep(limits));
}

Expected<Decision> LuaState::EndCall(int status) {
  call_.facts = nullptr;
  call_.groups = nullptr;
  call_.memory.limit = SIZE_MAX;
  call_.memory.churn_limit = SIZE_MAX;
  call_.memory.refusals = 0;
  auto decision = status == LUA_OK ? ReadResult(state_) : std::unexpected(Failure(status));
  lua_settop(state_, 0);
  return decision;
}

Error LuaState::Failure(int status) {
  if (status == LUA_ERRMEM) {
    dirty_ = true;
    return {ErrorCode::kTooLarge, Origin::kGateway, "the rule used up its memory"};
  }
  dirty_ = call_.over_budget || status != LUA_ERRRUN;
  const char* text = lua_type(state_, -1) == LUA_TSTRING ? lua_tostring(state_, -1) : nullptr;
  // It goes to the log, and a script may raise anything.
  const std::string_view message = text ? text : "the rule raised an error that is no text";
  return {call_.over_budget ? ErrorCode::kTooLarge : ErrorCode::kInvalidArgument, Origin::kGateway,
          std::string(message.substr(0, kMaxErrorBytes))};
}

}  // namespace gateway::rules
