// The command line: one subcommand each for serving, checking a configuration, and the schema.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/analyze_sql_command.h"
#include "app/config_loader.h"
#include "app/explain_command.h"
#include "app/gateway.h"
#include "app/hash_commands.h"
#include "app/migrate_command.h"
#include "base/process_descriptors.h"
#include "base/process_signals.h"

namespace gateway::app {
namespace {

// Called before the initialisers of libraries: that of gRPC opens a descriptor, which would get the
// first number that is free.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*open_standard_descriptors)() = OpenStandardDescriptors;

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
  IgnoreSignalsOfFailedWrites();
  IgnoreEarlyReloads();
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
  auto* analyze_sql = app.add_subcommand(
      "analyze-sql", "Analyse statements: JSON lines from standard input to standard output");
  MigrateCommand migrate(app);
  const HashCommands hash(app);
  const ExplainCommand explain(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (*serve) return Serve(path);
  if (*check) return Check(path);
  if (*analyze_sql) {
    AnalyzeSql(std::cin, std::cout);
    return 0;
  }
  if (explain.asked()) {
    const auto explained = explain.Run();
    return explained ? 0 : Complain(explained.error());
  }
  const auto done = hash.Asked() ? hash.Run() : migrate.Run();
  return done ? 0 : Complain(done.error());
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
