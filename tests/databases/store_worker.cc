// A gateway's use of its database and nothing else, for tests that take the database away.
//
//   store_worker URL write NAME [impatient]
//                                 adds backends NAME-1, NAME-2, ... until its input ends; prints a
//                                 line for each: `saved NAME-1 3 COUNTER@TIME` or
//                                 `failed NAME-1 3 MESSAGE`, the 3 being the milliseconds it took.
//                                 impatient: with short timeouts, for a server that hangs
//   store_worker URL watch        prints `changed COUNTER TIME` for each change it learns of, until
//                                 its input ends. TIME: microseconds of the wall clock
//   store_worker URL list         prints the ids of all backends
//
// All print `migrated VERSION NAME` for each step of the schema that they took.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

// Who is patient does not mistake a busy machine for a server that hangs.
StoreOptions OptionsOf(std::string url, bool impatient) {
  StoreOptions options;
  options.url = std::move(url);
  options.connect_timeout = impatient ? 2s : 30s;
  options.statement_timeout = impatient ? 1s : 30s;
  options.acquire_timeout = impatient ? 2s : 30s;
  return options;
}

long long Now() { return std::chrono::system_clock::now().time_since_epoch() / 1us; }

bool InputEnded(std::chrono::milliseconds wait) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, static_cast<int>(wait.count())) > 0;
}

template <typename... Arguments>
void Say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::print(format, std::forward<Arguments>(arguments)...);
  std::fflush(stdout);
}

void Write(Store& store, const std::string& name) {
  for (int i = 1; !InputEnded(1ms); ++i) {
    const auto id = fmt::format("{}-{}", name, i);
    const auto began = std::chrono::steady_clock::now();
    const auto edited = store.Edit("cannot save", [&](ConfigurationEdit& edit) {
      return edit.Put(model::Backend{.id = id, .url = Url{false, "127.0.0.1", 8080}});
    });
    const auto took = (std::chrono::steady_clock::now() - began) / 1ms;
    if (edited) {
      Say("saved {} {} {}@{}\n", id, took, edited->counter, Now());
    } else {
      Say("failed {} {} {}\n", id, took, edited.error().message);
      std::this_thread::sleep_for(20ms);
    }
  }
}

void Watch(Store& store) {
  std::atomic<bool> stop{false};
  std::jthread input([&] {
    while (!InputEnded(100ms)) continue;
    stop = true;
  });
  std::uint64_t known = 0;
  while (!stop) {
    const auto counter = store.AwaitChange(known, 10s, stop);
    if (!counter) {
      std::this_thread::sleep_for(100ms);
    } else if (*counter != known) {
      known = *counter;
      Say("changed {} {}\n", known, Now());
    }
  }
}

int List(Store& store) {
  const auto loaded = store.LoadConfiguration();
  if (!loaded) {
    fmt::print(stderr, "{}\n", loaded.error().message);
    return 1;
  }
  for (const auto& backend : loaded->configuration->backends) Say("{}\n", backend.id);
  return 0;
}

int Main(int argc, char** argv) {
  const SystemClock clock;
  const std::string what = argc > 2 ? argv[2] : "";
  const bool impatient = argc > 4 && std::string_view(argv[4]) == "impatient";
  const auto on_migrated = [](int version, std::string_view name) {
    Say("migrated {} {}\n", version, name);
  };
  auto store = argc > 2 ? Store::OpenLazily(OptionsOf(argv[1], impatient), clock, on_migrated)
                        : Fail(ErrorCode::kInvalidArgument, "usage: store_worker URL COMMAND");
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().message);
    return 2;
  }
  if (what == "list") return List(**store);
  if (what == "watch") {
    Watch(**store);
  } else if (what == "write" && argc > 3) {
    Write(**store, argv[3]);
  }
  return 0;
}

}  // namespace
}  // namespace gateway::store

int main(int argc, char** argv) { return gateway::store::Main(argc, argv); }
