#include "app/migrate_command.h"

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "app/config_loader.h"
#include "base/clock.h"
#include "store/migrations.h"

namespace gateway::app {
namespace {

void Print(const char* what, const std::vector<store::MigrationState>& steps) {
  if (steps.empty()) fmt::print("the schema is up to date\n");
  for (const auto& step : steps) fmt::print("{} {} {}\n", what, step.version, step.name);
}

void PrintStatus(const std::vector<store::MigrationState>& steps) {
  for (const auto& step : steps) {
    fmt::print("{:>3}  {:<24} {}\n", step.version, step.name,
               step.applied ? fmt::format("applied {:%Y-%m-%d %H:%M:%S} UTC", *step.applied)
                            : std::string("pending"));
  }
}

}  // namespace

MigrateCommand::MigrateCommand(CLI::App& app)
    : command_(app.add_subcommand("migrate", "Show or change the schema of the store")) {
  auto* config =
      command_->add_option("--config", config_path_, "Configuration file with store.url");
  command_->add_option("--store", url_, "URL of the store, instead of a configuration file")
      ->excludes(config);
  command_->require_subcommand(1);
  command_->add_subcommand("up", "Apply all pending steps")->fallthrough();
  auto* down = command_->add_subcommand("down", "Take steps back, with the data they hold");
  down->fallthrough();
  down->add_option("--steps", steps_, "How many")->capture_default_str();
  command_->add_subcommand("status", "List all steps")->fallthrough();
  command_->add_subcommand("version", "Print the newest step applied")->fallthrough();
}

Expected<std::string> MigrateCommand::StoreUrl() const {
  if (!url_.empty()) return url_;
  if (config_path_.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "migrate needs --config FILE or --store URL");
  }
  auto config = LoadConfig(config_path_);
  if (!config) return std::unexpected(std::move(config).error());
  return config->store_url;
}

Expected<void> MigrateCommand::Run() const {
  const auto url = StoreUrl();
  if (!url) return std::unexpected(url.error());
  if (command_->got_subcommand("up")) {
    const auto applied = store::MigrateUp(*url, SystemClock());
    if (!applied) return std::unexpected(applied.error());
    Print("applied", *applied);
  } else if (command_->got_subcommand("down")) {
    const auto undone = store::MigrateDown(*url, steps_);
    if (!undone) return std::unexpected(undone.error());
    Print("took back", *undone);
  } else if (command_->got_subcommand("status")) {
    const auto steps = store::MigrationStatus(*url);
    if (!steps) return std::unexpected(steps.error());
    PrintStatus(*steps);
  } else {
    const auto version = store::SchemaVersion(*url);
    if (!version) return std::unexpected(version.error());
    fmt::print("{}\n", *version);
  }
  return {};
}

}  // namespace gateway::app
