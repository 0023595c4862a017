#include "app/explain_command.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/config_loader.h"
#include "base/ranges.h"
#include "base/strings.h"
#include "model/registry.h"
#include "proxy/request_facts.h"
#include "routing/explanation.h"

namespace gateway::app {
namespace {

// The head that such a query has, so that it is read like all others.
class DescribedHead {
 public:
  static Expected<DescribedHead> Create(const DescribedQuery& query) {
    DescribedHead made;
    made.Add("X-Trino-User", query.user);
    made.Add("X-Trino-Source", query.source);
    made.Add("X-Trino-Client-Tags", fmt::format("{}", fmt::join(query.tags, ",")));
    made.Add("X-Trino-Catalog", query.catalog);
    made.Add("X-Trino-Schema", query.schema);
    for (const auto& header : query.headers) {
      const auto colon = header.find(':');
      if (colon == 0 || colon == std::string::npos) {
        return Fail(ErrorCode::kInvalidArgument,
                    fmt::format("--header '{}' is no header; write 'Name: value'", header));
      }
      const std::string_view text(header);
      made.Add(Trim(text.substr(0, colon)), Trim(text.substr(colon + 1)));
    }
    made.host_ = query.host;
    return made;
  }

  // Points into this.
  http::RequestHead Head() const {
    http::RequestHead head;
    head.method = "POST";
    head.target = "/v1/statement";
    head.host = host_;
    for (const auto& [name, value] : fields_) head.fields.push_back({name, value});
    return head;
  }

 private:
  void Add(std::string_view name, std::string_view value) {
    if (!value.empty()) fields_.emplace_back(name, value);
  }

  std::vector<std::pair<std::string, std::string>> fields_;
  std::string host_;
};

}  // namespace

ExplainCommand::ExplainCommand(CLI::App& app)
    : command_(app.add_subcommand("explain",
                                  "Tell where a query would go by a configuration file, and why")) {
  auto& command = *command_;
  command.add_option("--config", config_path_, "Configuration file (YAML)")->required();
  command.add_option("--user", query_.user, "X-Trino-User");
  command.add_option("--source", query_.source, "X-Trino-Source");
  command.add_option("--tag", query_.tags, "One of X-Trino-Client-Tags; may be repeated");
  command.add_option("--header", query_.headers, "'Name: value'; may be repeated");
  command.add_option("--port", query_.port, "Port of the listener")->capture_default_str();
  command.add_option("--host", query_.host, "Host header");
  command.add_option("--client-ip", query_.client_ip, "Address of the client");
  command.add_option("--catalog", query_.catalog, "X-Trino-Catalog: the default catalog");
  command.add_option("--schema", query_.schema, "X-Trino-Schema: the default schema");
  command.add_option("--sql", query_.sql, "Text of the statement");
  command.add_option("--down", down_, "A backend to take for unhealthy; may be repeated");
  command.add_flag("--json", json_, "Print JSON");
}

bool ExplainCommand::asked() const { return command_->parsed(); }

Expected<void> ExplainCommand::Run() const {
  const auto config = LoadConfig(config_path_);
  if (!config) return std::unexpected(config.error());
  const auto text = ExplainQuery(*config, query_, down_, json_);
  if (!text) return std::unexpected(text.error());
  fmt::print("{}", *text);
  return {};
}

Expected<std::string> ExplainQuery(const AppConfig& config,
                                   const DescribedQuery& query,
                                   const std::vector<std::string>& down,
                                   bool json) {
  const auto described = DescribedHead::Create(query);
  if (!described) return std::unexpected(described.error());
  const SystemClock clock;
  model::Registry registry(clock, config.default_group);
  registry.ReplaceFile(config.declared, config.default_group);
  for (const auto& id : down) {
    if (!registry.Current()->FindBackend(id)) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("--down '{}': no such backend is declared", id));
    }
  }
  for (const auto& backend : config.declared.backends) {
    model::BackendStatus status{.health = model::Health::kHealthy, .reason = ""};
    if (Contains(down, backend.id)) {
      status.health = model::Health::kUnhealthy;
      status.reason = "taken for unhealthy";
    }
    registry.ReportStatus(backend.id, status);
  }

  const auto head = described->Head();
  const auto request = proxy::ViewRequest(head);
  const proxy::HeaderLookup headers(head);
  auto facts = proxy::FactsOf(request, headers, config.proxy.session_header);
  facts.port = query.port;
  facts.client_address = query.client_ip;
  facts.now = clock.WallNow();
  if (!query.sql.empty()) facts.text_bytes = query.sql.size();
  const auto snapshot = registry.Current();
  SystemRandom random;
  const auto explanation = routing::Explain(facts, *snapshot, clock, random);
  return json ? routing::ToJson(explanation) + "\n" : routing::ToText(explanation);
}

}  // namespace gateway::app
