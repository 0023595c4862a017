#include "store/store_url.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"

namespace gateway::store {
namespace {

struct Scheme {
  std::string_view name;
  Engine engine;
};
constexpr std::array kServerSchemes = {
    Scheme{"postgresql", Engine::kPostgresql},
    Scheme{"postgres", Engine::kPostgresql},
    Scheme{"mysql", Engine::kMysql},
    Scheme{"mariadb", Engine::kMysql},
};

// Only what changes where and how safely we connect. Timeouts have settings of their own.
constexpr std::array<std::string_view, 8> kPostgresqlOptions = {
    "application_name", "channel_binding", "gssencmode",  "sslcert",
    "sslkey",           "sslmode",         "sslrootcert", "target_session_attrs"};
constexpr std::array<std::string_view, 4> kMysqlOptions = {"ssl_ca", "ssl_cert", "ssl_key",
                                                           "unix_socket"};

std::span<const std::string_view> OptionsOf(Engine engine) {
  if (engine == Engine::kPostgresql) return kPostgresqlOptions;
  return kMysqlOptions;
}

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "store url: " + std::move(message), Origin::kStore);
}

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// Nothing: a broken escape, or a character that would end a C string early.
std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const auto high = HexDigit(text[i + 1]);
      const auto low = HexDigit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(*high * 16 + *low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    decoded.push_back(c);
  }
  return decoded;
}

Expected<void> Decode(std::string_view what, std::string_view text, std::string& into) {
  auto decoded = PercentDecode(text);
  if (!decoded) return Invalid(fmt::format("the {} has a bad percent escape", what));
  into = *std::move(decoded);
  return {};
}

Expected<void> ReadUserInfo(std::string_view text, StoreUrl& url) {
  const auto colon = text.find(':');
  if (auto read = Decode("user", text.substr(0, colon), url.user); !read) return read;
  if (colon == std::string_view::npos) return {};
  return Decode("password", text.substr(colon + 1), url.password);
}

Expected<void> ReadHostAndPort(std::string_view text, StoreUrl& url) {
  auto rest = text;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return Invalid("the IPv6 address misses its ']'");
    url.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    url.host = text.substr(0, text.find(':'));
    rest = text.substr(url.host.size());
  }
  const bool plain = std::ranges::all_of(url.host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  });
  if (!plain) return Invalid("the host has a character that no host has (encode the password?)");
  url.port = url.engine == Engine::kPostgresql ? 5432 : 3306;
  if (rest.empty()) return {};
  const auto port = ParseDecimal(rest.substr(1));
  if (!rest.starts_with(':') || !port || *port == 0 || *port > 65535) {
    return Invalid("the port must be 1 to 65535 (encode '@', ':' and '/' of a password)");
  }
  url.port = static_cast<std::uint16_t>(*port);
  return {};
}

Expected<void> ReadOptions(std::string_view text, StoreUrl& url) {
  while (!text.empty()) {
    const auto one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const auto equals = one.find('=');
    const auto name = one.substr(0, equals);
    const auto allowed = OptionsOf(url.engine);
    if (equals == std::string_view::npos || std::ranges::find(allowed, name) == allowed.end()) {
      return Invalid(
          fmt::format("an option is not supported; allowed: {}", fmt::join(allowed, ", ")));
    }
    if (auto read = Decode(name, one.substr(equals + 1), url.options[std::string(name)]); !read) {
      return read;
    }
  }
  return {};
}

// `rest`: what follows `scheme://`.
Expected<StoreUrl> ParseServerUrl(Engine engine, std::string_view rest) {
  StoreUrl url{.engine = engine};
  const auto question = rest.find('?');
  const auto options =
      question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  rest = rest.substr(0, question);
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size()) {
    return Invalid("it needs a database: scheme://USER:PASSWORD@HOST:PORT/DATABASE");
  }
  if (auto read = Decode("database", rest.substr(slash + 1), url.database); !read) {
    return std::unexpected(read.error());
  }
  const auto authority = rest.substr(0, slash);
  const auto at = authority.rfind('@');
  const auto host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  if (at != std::string_view::npos) {
    if (auto read = ReadUserInfo(authority.substr(0, at), url); !read) {
      return std::unexpected(read.error());
    }
  }
  if (host.empty()) return Invalid("it needs a host: scheme://USER:PASSWORD@HOST:PORT/DATABASE");
  if (auto read = ReadHostAndPort(host, url); !read) return std::unexpected(read.error());
  if (auto read = ReadOptions(options, url); !read) return std::unexpected(read.error());
  return url;
}

Expected<StoreUrl> ParseSqliteUrl(std::string_view path) {
  // A quote or a NUL would end the path early in SOCI's connect string.
  if (path.empty() || path.find_first_of(std::string_view("\"\0", 2)) != std::string_view::npos) {
    return Invalid("it needs a path without double quotes: sqlite:PATH or sqlite::memory:");
  }
  return StoreUrl{.engine = Engine::kSqlite, .path = std::string(path)};
}

}  // namespace

std::string_view NameOf(Engine engine) {
  switch (engine) {
    case Engine::kSqlite:
      return "SQLite";
    case Engine::kPostgresql:
      return "PostgreSQL";
    case Engine::kMysql:
      return "MySQL";
  }
  return "?";
}

std::string StoreUrl::ToDisplay() const {
  if (engine == Engine::kSqlite) return "sqlite:" + path;
  const auto name = engine == Engine::kPostgresql ? "postgresql" : "mysql";
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}/{}", name, user, user.empty() ? "" : "@",
                     ipv6 ? fmt::format("[{}]", host) : host, port, database);
}

Expected<StoreUrl> ParseStoreUrl(std::string_view url) {
  const auto colon = url.find(':');
  const auto name = colon == std::string_view::npos ? std::string_view() : url.substr(0, colon);
  if (name == "sqlite") return ParseSqliteUrl(url.substr(colon + 1));
  for (const auto& scheme : kServerSchemes) {
    if (name == scheme.name && url.substr(colon).starts_with("://")) {
      return ParseServerUrl(scheme.engine, url.substr(colon + 3));
    }
  }
  // Nothing of it is shown: what looks like a scheme may be a password.
  return Fail(ErrorCode::kUnsupported,
              "store url: the scheme is not supported; allowed: sqlite:PATH, sqlite::memory:, "
              "postgresql://USER:PASSWORD@HOST:PORT/DATABASE or mysql://... likewise",
              Origin::kStore);
}

}  // namespace gateway::store
