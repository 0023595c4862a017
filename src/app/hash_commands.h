// `trino-gateway hash-password` and `hash-token`: from a secret to what the configuration holds.
#pragma once

#include <string>

#include "base/error.h"

namespace CLI {
class App;
}

namespace gateway::app {

class HashCommands {
 public:
  // Adds both subcommands to `app`, which must outlive this.
  explicit HashCommands(CLI::App& app);

  // Was one of them asked for?
  bool Asked() const;

  // Reads the secret, one line, from stdin (a terminal does not show it) and prints its hash.
  // kInvalidArgument: there is no usable secret.
  Expected<void> Run() const;

 private:
  CLI::App* password_;
  CLI::App* token_;
};

}  // namespace gateway::app
