// The command line: one subcommand each for serving, checking a configuration, and the schema.
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/config_loader.h"
#include "app/explain_command.h"
#include "app/gateway.h"
#include "app/migrate_command.h"

namespace gateway::app {
namespace {

constexpr std::string_view kVersion = "0.1.0";
constexpr int kBadConfiguration = 2;  // as sysexits and most tools: do not restart me unchanged

int Complain(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return error.code == ErrorCode::kInvalidArgument ? kBadConfiguration : 1;
}

int Check(const std::string& path) {
  const auto config = LoadConfig(path);
  if (!config) return Complain(config.error());
  fmt::print("{}: ok ({} backends, {} groups, {} policies)\n", path,
             config->declared.backends.size(), config->declared.groups.size(),
             config->declared.policies.size());
  return 0;
}

int Serve(const std::string& path) {
  auto config = LoadConfig(path);
  if (!config) return Complain(config.error());
  const auto gateway = Gateway::Create(std::move(*config), path);
  if (!gateway) return Complain(gateway.error());
  if (const auto served = (*gateway)->Run(); !served) return Complain(served.error());
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("trino-gateway: one address for many Trino clusters");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(kVersion));
  std::string path;

  auto* serve = app.add_subcommand("serve", "Run the gateway");
  serve->add_option("--config", path, "Configuration file (YAML)")->required();
  auto* check = app.add_subcommand("check", "Check a configuration file and exit");
  check->add_option("--config", path, "Configuration file (YAML)")->required();
  MigrateCommand migrate(app);
  const ExplainCommand explain(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (*serve) return Serve(path);
  if (*check) return Check(path);
  if (explain.asked()) {
    const auto explained = explain.Run();
    return explained ? 0 : Complain(explained.error());
  }
  const auto migrated = migrate.Run();
  return migrated ? 0 : Complain(migrated.error());
}

}  // namespace
}  // namespace gateway::app

int main(int argc, char** argv) {
  try {
    return gateway::app::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "trino-gateway: {}\n", error.what());
    return 1;
  }
}
