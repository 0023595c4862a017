#include "app/hash_commands.h"

#include <cstdio>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include "app/config_values.h"
#include "identity/digest.h"
#include "identity/password_hash.h"

namespace gateway::app {
namespace {

// Keeps a terminal from showing what is typed; does nothing for pipes and files.
class HiddenInput {
 public:
  explicit HiddenInput(const char* prompt) {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    auto hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
    fmt::print(stderr, "{}: ", prompt);
  }
  ~HiddenInput() {
    if (!changed_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    fmt::print(stderr, "\n");
  }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

Expected<std::string> ReadSecret(const char* prompt) {
  const HiddenInput hidden(prompt);
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("the {} is missing: write it, one line, to the standard input", prompt));
  }
  return line;
}

Expected<std::string> HashToken(const std::string& token) {
  const auto usable = ParseToken(token);
  if (!usable) return usable;
  return fmt::format("sha256:{}", identity::ToHex(identity::Sha256(token)));
}

}  // namespace

HashCommands::HashCommands(CLI::App& app)
    : password_(app.add_subcommand("hash-password",
                                   "Read a password from stdin, print what admin.users holds")),
      token_(app.add_subcommand("hash-token",
                                "Read a token from stdin, print what admin.tokens holds")) {}

bool HashCommands::Asked() const { return password_->parsed() || token_->parsed(); }

Expected<void> HashCommands::Run() const {
  const bool is_token = token_->parsed();
  const auto secret = ReadSecret(is_token ? "token" : "password");
  if (!secret) return std::unexpected(secret.error());
  const auto hash = is_token ? HashToken(*secret) : identity::HashPassword(*secret);
  if (!hash) return std::unexpected(hash.error());
  fmt::print("{}\n", *hash);
  return {};
}

}  // namespace gateway::app
