#include "store/database.h"

#include <cstdint>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>

namespace gateway::store {
namespace {

// SQLite's primary result codes (sqlite.org/rescode.html). SOCI wraps sqlite3.h in a namespace of
// its own and passes the numbers through.
enum SqliteCode : std::uint8_t {
  kPermission = 3,
  kBusy = 5,
  kLocked = 6,
  kReadOnly = 8,
  kIoError = 10,
  kCorrupt = 11,
  kFull = 13,
  kCannotOpen = 14,
  kConstraint = 19,
  kNotADatabase = 26,
};

struct Explanation {
  ErrorCode code;
  std::string_view text;
};

Explanation Explain(int sqlite_code) {
  switch (sqlite_code & 0xff) {  // the upper bits only refine the primary code
    case kBusy:
    case kLocked:
      return {ErrorCode::kUnavailable, "the database is locked by another process; try again"};
    case kFull:
      return {ErrorCode::kUnavailable, "the database or its disk is full; free some space"};
    case kIoError:
      return {ErrorCode::kUnavailable,
              "reading or writing the database file failed; check the disk"};
    case kReadOnly:
    case kPermission:
      return {ErrorCode::kUnavailable,
              "the database is read-only; make the file and its directory writable"};
    case kCannotOpen:
      return {ErrorCode::kUnavailable,
              "the database file cannot be opened; its directory must exist and be writable"};
    case kCorrupt:
    case kNotADatabase:
      return {ErrorCode::kUnavailable,
              "the file is damaged or is no SQLite database; restore it from a backup"};
    case kConstraint:
      return {ErrorCode::kAlreadyExists, "it exists already"};
    default:
      return {ErrorCode::kInternal, "unexpected database error"};
  }
}

Expected<std::string> PathOf(std::string_view url) {
  constexpr std::string_view kScheme = "sqlite:";
  if (!url.starts_with(kScheme)) {
    // Only the scheme is shown: what follows may hold a password.
    const auto scheme = url.substr(0, url.find(':'));
    return Fail(ErrorCode::kUnsupported,
                fmt::format("store url with scheme '{}' is not supported; "
                            "allowed: sqlite:PATH or sqlite::memory:",
                            url.find(':') == std::string_view::npos ? "" : scheme));
  }
  const auto path = url.substr(kScheme.size());
  // A quote or a NUL would end the path early in SOCI's connect string.
  if (path.empty() || path.find_first_of(std::string_view("\"\0", 2)) != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument,
                "store url needs a path without double quotes: sqlite:PATH or sqlite::memory:");
  }
  return std::string(path);
}

bool IsBusy(const soci::soci_error& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  return sqlite && (sqlite->result() & 0xff) == kBusy;
}

// Readers and the one writer do not wait for each other then. Two processes that do this to a new
// file at the same time hold what the other needs; SQLite ends such a stalemate by failing one of
// them at once, whatever its busy timeout, so we do the waiting.
void TurnOnWriteAheadLog(soci::session& session, std::chrono::milliseconds busy_timeout) {
  constexpr std::chrono::milliseconds kPause{5};
  const auto deadline = std::chrono::steady_clock::now() + busy_timeout;
  while (true) {
    try {
      std::string mode;  // `memory` is what :memory: answers
      session << "PRAGMA journal_mode = WAL", soci::into(mode);
      return;
    } catch (const soci::soci_error& error) {
      if (!IsBusy(error) || std::chrono::steady_clock::now() >= deadline) throw;
    }
    std::this_thread::sleep_for(kPause);
  }
}

void Configure(soci::session& session, std::chrono::milliseconds busy_timeout) {
  session << fmt::format("PRAGMA busy_timeout = {}", busy_timeout.count());
  session << "PRAGMA foreign_keys = ON";
  TurnOnWriteAheadLog(session, busy_timeout);
}

}  // namespace

Expected<std::unique_ptr<Database>> Database::Open(std::string_view url,
                                                   std::chrono::milliseconds busy_timeout) {
  const auto path = PathOf(url);
  if (!path) return std::unexpected(path.error());
  try {
    std::unique_ptr<Database> database(new Database);
    database->session_.open(soci::sqlite3, fmt::format("dbname=\"{}\"", *path));
    Configure(database->session_, busy_timeout);
    return database;
  } catch (const std::exception& error) {
    return std::unexpected(ToError(fmt::format("cannot open the store {}", url), error));
  }
}

Error Database::ToError(std::string_view what, const std::exception& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  const int code = sqlite ? sqlite->result() : 0;
  const auto [kind, text] = Explain(code);
  return Error{kind, Origin::kStore, fmt::format("{}: {} (SQLite code {})", what, text, code)};
}

}  // namespace gateway::store
