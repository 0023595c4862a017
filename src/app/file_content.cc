#include "app/file_content.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

namespace gateway::app {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::unexpected<Error> FailWith(int number) {
  return Fail(number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
              std::generic_category().message(number));
}

Expected<void> CheckKind(const std::string& path, FileKind kind) {
  // A NUL would end the name early and open another file.
  if (path.find('\0') != std::string::npos) {
    return Fail(ErrorCode::kUnavailable, "its name contains a NUL character");
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return FailWith(errno);
  if (S_ISDIR(status.st_mode)) return FailWith(EISDIR);
  if (kind == FileKind::kRegular && !S_ISREG(status.st_mode)) {
    return Fail(ErrorCode::kUnavailable, "not a regular file");
  }
  return {};
}

}  // namespace

Expected<std::string> ReadFile(const std::string& path, std::size_t limit_bytes, FileKind kind) {
  if (auto checked = CheckKind(path, kind); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  const File file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (!file) return FailWith(errno);
  std::string content;
  char piece[16 * 1024];
  while (const auto count = std::fread(piece, 1, sizeof(piece), file.get())) {
    content.append(piece, count);
    if (content.size() > limit_bytes) {
      return Fail(ErrorCode::kTooLarge,
                  fmt::format("larger than {} bytes; that much is allowed", limit_bytes));
    }
  }
  if (std::ferror(file.get())) return FailWith(errno);
  return content;
}

}  // namespace gateway::app
