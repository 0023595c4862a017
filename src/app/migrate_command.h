// `trino-gateway migrate up|down|status|version`: the database's schema by hand.
#pragma once

#include <string>

#include "base/error.h"

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
  Expected<std::string> StoreUrl() const;

  CLI::App* command_;
  std::string config_path_;
  std::string url_;
  int steps_ = 1;
};

}  // namespace gateway::app
