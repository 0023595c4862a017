#include "store/database_error.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>
#include <soci/mysql/soci-mysql.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

namespace gateway::store {
namespace {

constexpr std::string_view kAccessDenied =
    "the database refuses the user or the password; check store.url and the user's privileges";
constexpr std::string_view kNoDatabase = "the database does not exist on that server; create it";
constexpr std::string_view kReadOnly = "the database is read-only; point store.url at the primary";
constexpr std::string_view kNoConnections =
    "the database server has no connection left; raise its limit or lower store.connections";
constexpr std::string_view kFull = "the database or its disk is full; free some space";
constexpr std::string_view kLost = "the connection to the database was lost; try again";
constexpr std::string_view kNoServer =
    "no database server answers there; check that it runs and that store.url is right";
constexpr std::string_view kTookTooLong =
    "a statement took too long or waited too long for a lock; try again";
constexpr std::string_view kCollided = "another transaction was in the way; try again";
constexpr std::string_view kExists = "it exists already";
constexpr std::string_view kBadText = "the database cannot store this text";
constexpr std::string_view kPacketTooLarge =
    "the statement is larger than the database server takes; raise its max_allowed_packet";
constexpr std::string_view kUnexpected = "unexpected database error";

// SQLite's primary result codes (sqlite.org/rescode.html). SOCI wraps sqlite3.h in a namespace of
// its own and passes the numbers through.
Failure ExplainSqlite(const soci::sqlite3_soci_error* error) {
  using enum ErrorCode;
  const int code = error ? error->result() : 0;
  const auto failure = [&](ErrorCode kind, std::string_view text) {
    return Failure{.code = kind, .text = fmt::format("{} (SQLite code {})", text, code)};
  };
  switch (code & 0xff) {  // the upper bits only refine the primary code
    case 5:               // BUSY
    case 6:               // LOCKED
      return failure(kUnavailable, "the database is locked by another process; try again");
    case 13:  // FULL
      return failure(kUnavailable, kFull);
    case 10:  // IOERR
      return failure(kUnavailable, "reading or writing the database file failed; check the disk");
    case 3:  // PERM
    case 8:  // READONLY
      return failure(kUnavailable,
                     "the database is read-only; make the file and its directory writable");
    case 14:  // CANTOPEN
      return failure(
          kUnavailable,
          "the database file cannot be opened; its directory must exist and be writable");
    case 11:  // CORRUPT
    case 26:  // NOTADB
      return failure(kUnavailable,
                     "the file is damaged or is no SQLite database; restore it from a backup");
    case 19: {  // CONSTRAINT
      auto result = failure(kAlreadyExists, kExists);
      result.exists_already = true;
      return result;
    }
    default:
      return failure(kInternal, kUnexpected);
  }
}

struct Meaning {
  std::string_view state;  // SQLSTATE, or the start of it
  Failure failure;
};

// postgresql.org/docs/current/errcodes-appendix.html; the first match counts.
const Meaning* FindState(std::string_view state) {
  using enum ErrorCode;
  const auto make = [](ErrorCode code, std::string_view text) {
    return Failure{.code = code, .text = std::string(text)};
  };
  const auto broken = [&](std::string_view text) {
    return Failure{.code = kUnavailable, .text = std::string(text), .broken = true};
  };
  static const std::array kMeanings = {
      Meaning{"08", broken(kLost)},
      Meaning{"22", make(kInvalidArgument, kBadText)},
      Meaning{"23505",
              {.code = kAlreadyExists, .text = std::string(kExists), .exists_already = true}},
      Meaning{"25006", broken(kReadOnly)},
      Meaning{"28", broken(kAccessDenied)},
      Meaning{"3D000", broken(kNoDatabase)},
      Meaning{"40", {.code = kUnavailable, .text = std::string(kCollided), .collided = true}},
      Meaning{"42501", make(kUnavailable, kAccessDenied)},
      Meaning{"53100", make(kUnavailable, kFull)},
      Meaning{"53300", broken(kNoConnections)},
      Meaning{"53", broken("the database server is out of resources; try again")},
      Meaning{"55P03", make(kUnavailable, kTookTooLong)},
      Meaning{"57014", make(kUnavailable, kTookTooLong)},
      Meaning{"57", broken(kLost)},  // shutting down, starting up
      Meaning{"58", make(kUnavailable, "the database server has an I/O error; check its disk")},
  };
  const auto found = std::ranges::find_if(
      kMeanings, [&](const Meaning& meaning) { return state.starts_with(meaning.state); });
  return found == kMeanings.end() ? nullptr : &*found;
}

Failure ExplainPostgresql(const soci::postgresql_soci_error* error) {
  if (!error) return Failure{.text = std::string(kUnexpected)};
  const auto state = error->sqlstate();
  const auto* meaning = FindState(state);
  auto failure = meaning ? meaning->failure : Failure{.text = std::string(kUnexpected)};
  failure.text += fmt::format(" (PostgreSQL state {})", state);
  return failure;
}

// dev.mysql.com/doc/mysql-errors/8.0/en/; 1969 is MariaDB's own.
Failure MeaningOfMysql(unsigned code) {
  using enum ErrorCode;
  const auto make = [](ErrorCode kind, std::string_view text, bool broken = false) {
    return Failure{.code = kind, .text = std::string(text), .broken = broken};
  };
  switch (code) {
    case 1044:
    case 1045:
    case 1142:
    case 1227:
    case 1698:
      return make(kUnavailable, kAccessDenied);
    case 1049:
      return make(kUnavailable, kNoDatabase);
    case 1040:
    case 1203:
    case 1226:
      return make(kUnavailable, kNoConnections, true);
    case 1153:
    case 2020:
      // The server takes no more from this connection. Trying again would not help.
      return make(kTooLarge, kPacketTooLarge, true);
    case 1053:
    case 1080:
    case 1152:
    case 1158:
    case 1159:
    case 1160:
    case 1161:
    case 1317:
    case 1927:
    case 2006:
    case 2013:
    case 2014:
    case 2055:
      return make(kUnavailable, kLost, true);
    case 2002:
    case 2003:
    case 2004:
    case 2005:
      return make(kUnavailable, kNoServer, true);
    case 2026:
      return make(kUnavailable, "no TLS connection could be made; check the ssl_ options", true);
    case 1021:
    case 1114:
      return make(kUnavailable, kFull);
    case 1205:
    case 1969:
    case 3024:
      return make(kUnavailable, kTookTooLong);
    case 1213:
      return {.code = kUnavailable, .text = std::string(kCollided), .collided = true};
    case 1290:
    case 1792:
    case 1836:
      return make(kUnavailable, kReadOnly, true);
    case 1366:
    case 1406:
      return make(kInvalidArgument, kBadText);
    case 1050:
    case 1060:
    case 1061:
    case 1062:
      return {.code = kAlreadyExists, .text = std::string(kExists), .exists_already = true};
    case 1051:
    case 1054:
    case 1091:
      return {.text = "it does not exist", .is_gone = true};
    default:
      return make(kInternal, kUnexpected);
  }
}

Failure ExplainMysql(const soci::mysql_soci_error* error) {
  const unsigned code = error ? error->err_num_ : 0;
  auto failure = MeaningOfMysql(code);
  failure.text += fmt::format(" (MySQL code {})", code);
  return failure;
}

// libpq reports a failed connect as text only: SOCI's own line, then libpq's reason, which names
// host, port and user, then hints.
Failure ExplainPostgresqlConnect(const StoreUrl& url, const std::exception& exception) {
  std::string text = exception.what();
  text.erase(0, text.find('\n') + 1);
  text.erase(std::min(text.find('\n'), text.size()));
  for (std::size_t at = 0; !url.password.empty(); at += 3) {
    at = text.find(url.password, at);
    if (at == std::string::npos) break;
    text.replace(at, url.password.size(), "***");
  }
  return {.code = ErrorCode::kUnavailable,
          .text = fmt::format("no connection to the database server: {}", text),
          .broken = true};
}

}  // namespace

Failure Explain(const StoreUrl& url, const std::exception& exception, bool connecting) {
  switch (url.engine) {
    case Engine::kSqlite:
      return ExplainSqlite(dynamic_cast<const soci::sqlite3_soci_error*>(&exception));
    case Engine::kPostgresql: {
      const auto* error = dynamic_cast<const soci::postgresql_soci_error*>(&exception);
      if (connecting && !error) return ExplainPostgresqlConnect(url, exception);
      return ExplainPostgresql(error);
    }
    case Engine::kMysql: {
      auto failure = ExplainMysql(dynamic_cast<const soci::mysql_soci_error*>(&exception));
      if (connecting) failure.code = ErrorCode::kUnavailable;
      return failure;
    }
  }
  return {};
}

Error ToError(std::string_view what, const Failure& failure) {
  return Error{failure.code, Origin::kStore, fmt::format("{}: {}", what, failure.text)};
}

}  // namespace gateway::store
