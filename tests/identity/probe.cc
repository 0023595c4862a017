// The room identity as a program, for tests against real directories and providers.
//
// gateway_identity_probe --config FILE reads a configuration of the gateway and then one JSON
// object a line from stdin; each is answered by one JSON object a line on stdout:
//   {"user": "ann", "password": "x", "token": "", "session": "", "client": ""}
//       -> {"principal": {"name": ..., "role": ..., "via": ...}, "cookie": a Set-Cookie header}
//   {"begin": "/path"} -> {"location": ..., "cookies": [...]}: the login at the provider begins
//   {"query": "code=...", "cookie": "..."} -> {"principal": ..., "location": ..., "cookies": [...]}
//   any error -> {"error": {"code": ..., "message": ...}}
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/config_loader.h"
#include "base/process_signals.h"
#include "identity/identity.h"

namespace {

namespace json = boost::json;
using namespace gateway;

std::string Text(const json::object& line, std::string_view key) {
  const auto* value = line.if_contains(json::string_view(key.data(), key.size()));
  return value ? json::value_to<std::string>(*value) : std::string();
}

json::object Answer(const Error& error) {
  return {{"error", {{"code", std::string(NameOf(error.code))}, {"message", error.message}}}};
}

json::object Answer(const identity::Principal& principal, const identity::Sessions& sessions) {
  return {{"principal",
           {{"name", principal.name},
            {"role", std::string(identity::NameOf(principal.role))},
            {"via", principal.via}}},
          {"cookie", sessions.Begin(principal)}};
}

json::object Authenticate(identity::Identity& identity, const json::object& line) {
  identity::Credentials credentials;
  credentials.user = Text(line, "user");
  credentials.password = Text(line, "password");
  credentials.token = Text(line, "token");
  credentials.session = Text(line, "session");
  credentials.client = Text(line, "client");
  const auto principal = identity.authenticator().Authenticate(credentials);
  return principal ? Answer(*principal, identity.sessions()) : Answer(principal.error());
}

json::object Answer(const identity::LoginRedirect& redirect) {
  return {{"location", redirect.location},
          {"cookies", json::array(redirect.cookies.begin(), redirect.cookies.end())}};
}

json::object Begin(identity::LoginFlow& flow, const json::object& line) {
  const auto begun = flow.Begin(Text(line, "begin"));
  return begun ? Answer(*begun) : Answer(begun.error());
}

json::object Finish(identity::Identity& identity, const json::object& line) {
  const auto login = identity.login_flow()->Finish(Text(line, "query"), Text(line, "cookie"));
  if (!login) return Answer(login.error());
  auto answer = Answer(login->redirect);
  answer["principal"] = Answer(login->principal, identity.sessions())["principal"];
  return answer;
}

json::object Serve(identity::Identity& identity, const json::object& line) {
  if (line.contains("begin")) return Begin(*identity.login_flow(), line);
  if (line.contains("query")) return Finish(identity, line);
  return Authenticate(identity, line);
}

int Run(const std::string& path) {
  IgnoreSignalsOfFailedWrites();
  auto config = app::LoadConfig(path);
  if (!config) {
    fmt::print(stderr, "{}\n", config.error().message);
    return 2;
  }
  const SystemClock clock;
  telemetry::Logger logger(telemetry::Level::kInfo);
  identity::Identity identity(std::move(config->admin.identity), true, clock, logger);
  for (std::string line; std::getline(std::cin, line);) {
    const auto answer = Serve(identity, json::parse(line).as_object());
    std::cout << json::serialize(answer) << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--config") {
    fmt::print(stderr, "usage: gateway_identity_probe --config FILE <LINES\n");
    return 2;
  }
  try {
    return Run(argv[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "gateway_identity_probe: {}\n", error.what());
    return 1;
  }
}
