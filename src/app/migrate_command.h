// `trino-gateway migrate ...`: the database's schema by hand.
//
//   up, up-to V, down [--steps N], down-to V, redo, reset   change it; with --dry-run only print
//   how status, version                                         only read; create and lock nothing
//   create NAME                                             prints the skeleton of a new step
#pragma once

#include <string>

#include "base/error.h"
#include "store/migrations.h"
#include "store/store_options.h"

namespace CLI {
class App;
}

namespace gateway::app {

class MigrateCommand {
 public:
  // Adds the subcommand to `app`, which must outlive this.
  explicit MigrateCommand(CLI::App& app);

  // Does what the command line asked for and prints the result. Errors: of the store or the
  // configuration file.
  Expected<void> Run() const;

 private:
  Expected<store::StoreOptions> Options() const;
  Expected<void> Change(const store::StoreOptions& options) const;
  store::MigrationGoal Goal() const;

  CLI::App* command_;
  std::string config_path_;
  std::string url_;
  std::string name_;
  int steps_ = 1;
  int version_ = 0;
  bool dry_run_ = false;
};

}  // namespace gateway::app
