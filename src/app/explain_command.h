// `trino-gateway explain`: where a described query would go by a configuration file, and why.
//
// It reads the file only: no gateway and no cluster is asked, and the external router only when
// told so. All backends are taken to be healthy and idle, but for those named by --down.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/error.h"
#include "explain/described_query.h"

namespace CLI {
class App;
}

namespace gateway::app {

class ExplainCommand {
 public:
  // Adds the subcommand to `app`, which must outlive this.
  explicit ExplainCommand(CLI::App& app);

  bool asked() const;

  // Prints the explanation. Errors: the configuration file, the file of the statement, or a header
  // that is none.
  Expected<void> Run() const;

 private:
  CLI::App* command_;
  std::string config_path_;
  explain::DescribedQuery query_;
  std::vector<std::string> headers_;  // "Name: value"
  std::string sql_file_;
  std::vector<std::string> down_;
  bool json_ = false;
};

// Adds "Name: value" to the query's headers. kInvalidArgument: there is no colon.
[[nodiscard]] Expected<void> AddHeader(std::string_view header, explain::DescribedQuery& query);

// The explanation, as text or JSON; of a query without a port for the first listener.
// kInvalidArgument: what DescribedHead refuses, an unknown
// backend in `down`.
Expected<std::string> ExplainQuery(const AppConfig& config,
                                   const explain::DescribedQuery& query,
                                   const std::vector<std::string>& down,
                                   bool json);

}  // namespace gateway::app
