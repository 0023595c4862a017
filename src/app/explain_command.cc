#include "app/explain_command.h"

#include <cstdint>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/config_loader.h"
#include "app/file_content.h"
#include "base/ranges.h"
#include "base/strings.h"
#include "explain/explainer.h"
#include "model/registry.h"
#include "proxy/stickiness.h"
#include "rpc/convert_explanation.h"
#include "rpc/json_writer.h"
#include "rules/rule_book.h"
#include "telemetry/logger.h"

namespace gateway::app {
namespace {

constexpr std::size_t kMaxSqlBytes = 16 * 1024 * 1024;

// Healthy and idle, but for those of `down`.
Expected<void> ReportBackends(const AppConfig& config,
                              const std::vector<std::string>& down,
                              model::Registry& registry) {
  for (const auto& id : down) {
    if (registry.Current()->FindBackend(id)) continue;
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--down '{}': no such backend is declared", id));
  }
  for (const auto& backend : config.declared.backends) {
    model::BackendStatus status{.health = model::Health::kHealthy, .reason = ""};
    if (Contains(down, backend.id)) {
      status.health = model::Health::kUnhealthy;
      status.reason = "taken for unhealthy";
    }
    registry.ReportStatus(backend.id, status);
  }
  return {};
}

}  // namespace

ExplainCommand::ExplainCommand(CLI::App& app)
    : command_(app.add_subcommand("explain",
                                  "Tell where a query would go by a configuration file, and why")) {
  auto& command = *command_;
  command.add_option("--config", config_path_, "Configuration file (YAML)")->required();
  command.add_option("--user", query_.user, "X-Trino-User");
  command.add_option("--source", query_.source, "X-Trino-Source");
  command.add_option("--tag", query_.tags, "One of X-Trino-Client-Tags; may be repeated");
  command.add_option("--header", headers_, "'Name: value'; may be repeated");
  command.add_option("--port", query_.port,
                     "Port of the listener; without it that of the first one in the file");
  command.add_option("--host", query_.host, "Host header");
  command.add_option("--client-ip", query_.client_address, "Address of the client");
  command.add_option("--catalog", query_.catalog, "X-Trino-Catalog: the default catalog");
  command.add_option("--schema", query_.schema, "X-Trino-Schema: the default schema");
  auto* sql = command.add_option("--sql", query_.sql, "Text of the statement");
  command.add_option("--file", sql_file_, "File with the text of the statement")->excludes(sql);
  command.add_flag("--ask-external", query_.ask_external,
                   "Ask the external router that is configured");
  command.add_option("--down", down_, "A backend to take for unhealthy; may be repeated");
  command.add_flag("--json", json_, "Print JSON");
}

bool ExplainCommand::asked() const { return command_->parsed(); }

Expected<void> ExplainCommand::Run() const {
  const auto config = LoadConfig(config_path_);
  if (!config) return std::unexpected(config.error());
  auto query = query_;
  for (const auto& header : headers_) {
    if (auto added = AddHeader(header, query); !added) return added;
  }
  if (!sql_file_.empty()) {
    auto sql = ReadFile(sql_file_, kMaxSqlBytes, FileKind::kAny);
    if (!sql) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("--file '{}': {}", sql_file_, sql.error().message));
    }
    query.sql = *std::move(sql);
  }
  const auto text = ExplainQuery(*config, query, down_, json_);
  if (!text) return std::unexpected(text.error());
  fmt::print("{}", *text);
  return {};
}

Expected<void> AddHeader(std::string_view header, explain::DescribedQuery& query) {
  const auto colon = header.find(':');
  if (colon == 0 || colon == std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--header '{}' is no header; write 'Name: value'", header));
  }
  query.headers.emplace_back(Trim(header.substr(0, colon)), Trim(header.substr(colon + 1)));
  return {};
}

Expected<std::string> ExplainQuery(const AppConfig& config,
                                   const explain::DescribedQuery& query,
                                   const std::vector<std::string>& down,
                                   bool json) {
  auto described = query;
  if (described.port == 0) described.port = config.proxy.listeners.front().port;
  const SystemClock clock;
  model::Registry registry(clock, config.default_group);
  registry.ReplaceFile(config.declared, config.default_group);
  if (auto reported = ReportBackends(config, down, registry); !reported) {
    return std::unexpected(reported.error());
  }
  rules::RuleBook rules(clock);
  if (auto taken = rules.ReplaceFile(rules::RulesOf(config.declared.rules)); !taken) {
    return std::unexpected(taken.error());
  }
  proxy::Stickiness stickiness;
  telemetry::Logger logger(telemetry::Level::kError);
  const explain::Explainer explainer({clock, registry, rules, config.proxy, stickiness, logger});
  const auto explanation = explainer.Explain(described);
  if (!explanation) return std::unexpected(explanation.error());
  return json ? rpc::WriteJson(rpc::ToProto(*explanation)) + "\n" : explain::ToText(*explanation);
}

}  // namespace gateway::app
