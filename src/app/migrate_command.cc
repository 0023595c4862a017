#include "app/migrate_command.h"

#include <algorithm>
#include <array>
#include <ranges>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "app/config_loader.h"
#include "base/clock.h"

namespace gateway::app {
namespace {

using Kind = store::MigrationGoal::Kind;

struct Verb {
  const char* name;
  Kind kind;
  const char* description;
};
constexpr std::array kVerbs = {
    Verb{"up", Kind::kUp, "Apply all pending steps"},
    Verb{"up-to", Kind::kUpTo, "Apply the pending steps up to a version"},
    Verb{"down", Kind::kDown, "Take steps back, with the data they hold"},
    Verb{"down-to", Kind::kDownTo, "Take all steps after a version back, with the data they hold"},
    Verb{"redo", Kind::kRedo, "Take the newest step back and apply it again: its data is lost"},
    Verb{"reset", Kind::kReset, "Take all steps back: all data is lost"},
};

constexpr auto kSkeleton =
    R"skeleton(// To src/store/schema.cc, before kMigrations. Write SQL that SQLite, PostgreSQL and
// MySQL share, one statement an element; {{text}} is a column for texts of any length (dialect.h).
constexpr std::array<std::string_view, 1> {0}Up = {{
    "CREATE TABLE {1} (id VARCHAR(64) NOT NULL PRIMARY KEY)",
}};
// Takes it back, in the reverse order.
constexpr std::array<std::string_view, 1> {0}Down = {{
    "DROP TABLE {1}",
}};

// To the end of kMigrations; released steps before it are never edited.
    Migration{{{2}, "{1}", {0}Up, {0}Down}},
)skeleton";

void PrintSteps(const std::vector<store::MigrationStep>& steps, bool dry_run) {
  if (steps.empty()) fmt::print("{}the schema is there already\n", dry_run ? "-- " : "");
  for (const auto& step : steps) {
    if (!dry_run) {
      fmt::print("{} {} {}\n", step.up ? "applied" : "took back", step.version, step.name);
      continue;
    }
    fmt::print("-- {} {} {}\n", step.up ? "apply" : "take back", step.version, step.name);
    for (const auto& statement : step.sql) fmt::print("{};\n", statement);
  }
}

void PrintStatus(const std::vector<store::MigrationState>& steps) {
  for (const auto& step : steps) {
    fmt::print("{:>3}  {:<24} {}\n", step.version, step.name,
               step.applied     ? fmt::format("applied {:%Y-%m-%d %H:%M:%S} UTC", *step.applied)
               : step.half_done ? std::string("half done; 'migrate up' finishes it")
                                : std::string("pending"));
  }
}

// Steps are part of the binary, so a new one is code: this is where a developer starts.
Expected<void> PrintSkeleton(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || name.size() > 64 || !std::ranges::all_of(name, fits)) {
    return Fail(ErrorCode::kInvalidArgument,
                "the name of a step is 1 to 64 lower-case letters, digits or '_'");
  }
  std::string constant = "k";
  bool upper = true;
  for (const char c : name) {
    if (c != '_') constant += upper && c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '_';
  }
  fmt::print(kSkeleton, constant, name, store::NewestSchemaVersion() + 1);
  return {};
}

}  // namespace

MigrateCommand::MigrateCommand(CLI::App& app)
    : command_(app.add_subcommand("migrate", "Show or change the schema of the store")) {
  auto* config =
      command_->add_option("--config", config_path_, "Configuration file with store.url");
  command_->add_option("--store", url_, "URL of the store, instead of a configuration file")
      ->excludes(config);
  command_->require_subcommand(1);
  for (const auto& verb : kVerbs) {
    auto* added = command_->add_subcommand(verb.name, verb.description)->fallthrough();
    added->add_flag("--dry-run", dry_run_, "Print the SQL instead, and change nothing");
    if (verb.kind == Kind::kDown) {
      added->add_option("--steps", steps_, "How many")->capture_default_str();
    } else if (verb.kind == Kind::kUpTo || verb.kind == Kind::kDownTo) {
      added->add_option("version", version_, "The version to end at")->required();
    }
  }
  command_->add_subcommand("status", "List all steps")->fallthrough();
  command_->add_subcommand("version", "Print the newest step applied")->fallthrough();
  command_->add_subcommand("create", "Print the skeleton of a new step, for developers")
      ->add_option("name", name_, "Of the step, such as query_tags")
      ->required();
}

Expected<store::StoreOptions> MigrateCommand::Options() const {
  if (!url_.empty()) return store::StoreOptions{.url = url_};
  if (config_path_.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "migrate needs --config FILE or --store URL");
  }
  auto config = LoadConfig(config_path_);
  if (!config) return std::unexpected(std::move(config).error());
  return config->store;
}

store::MigrationGoal MigrateCommand::Goal() const {
  const auto verb = std::ranges::find_if(
      kVerbs, [&](const Verb& known) { return command_->got_subcommand(known.name); });
  return {verb->kind, verb->kind == Kind::kDown ? steps_ : version_};
}

Expected<void> MigrateCommand::Change(const store::StoreOptions& options) const {
  const auto steps = store::Migrate(options, Goal(), SystemClock(), dry_run_);
  if (!steps) return std::unexpected(steps.error());
  PrintSteps(*steps, dry_run_);
  return {};
}

Expected<void> MigrateCommand::Run() const {
  if (command_->got_subcommand("create")) return PrintSkeleton(name_);
  const auto options = Options();
  if (!options) return std::unexpected(options.error());
  if (command_->got_subcommand("status")) {
    const auto steps = store::MigrationStatus(*options);
    if (!steps) return std::unexpected(steps.error());
    PrintStatus(*steps);
    return {};
  }
  if (command_->got_subcommand("version")) {
    const auto version = store::SchemaVersion(*options);
    if (!version) return std::unexpected(version.error());
    fmt::print("{}\n", *version);
    return {};
  }
  return Change(*options);
}

}  // namespace gateway::app
