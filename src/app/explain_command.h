// `trino-gateway explain`: where a described query would go by a configuration file, and why.
//
// It reads the file only: no gateway and no cluster is asked. All backends are taken to be healthy
// and idle, but for those named by --down.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/error.h"

namespace CLI {
class App;
}

namespace gateway::app {

// A query, as far as its head and text are described.
struct DescribedQuery {
  std::string user;
  std::string source;
  std::vector<std::string> tags;
  std::vector<std::string> headers;  // "Name: value"
  std::string host;
  std::string client_ip;
  std::string catalog;
  std::string schema;
  std::string sql;
  std::uint16_t port = 8080;  // of the listener
};

class ExplainCommand {
 public:
  // Adds the subcommand to `app`, which must outlive this.
  explicit ExplainCommand(CLI::App& app);

  bool asked() const;

  // Prints the explanation. Errors: the configuration file, or a header that is none.
  Expected<void> Run() const;

 private:
  CLI::App* command_;
  std::string config_path_;
  DescribedQuery query_;
  std::vector<std::string> down_;
  bool json_ = false;
};

// The explanation, as text or JSON. kInvalidArgument: a header without colon, an unknown backend in
// `down`.
Expected<std::string> ExplainQuery(const AppConfig& config,
                                   const DescribedQuery& query,
                                   const std::vector<std::string>& down,
                                   bool json);

}  // namespace gateway::app
