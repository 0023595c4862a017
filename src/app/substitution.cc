#include "app/substitution.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "app/file_content.h"

namespace gateway::app {
namespace {

constexpr std::size_t kMaxFileBytes = 64 * 1024;
constexpr std::string_view kAllowed =
    "allowed: ${env:NAME}, ${file:PATH}, and $${ for a literal ${";

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

bool IsVariableName(std::string_view name) {
  const auto is_letter = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Expected<std::string> Variable(std::string_view name, const SubstitutionSources& sources) {
  if (!IsVariableName(name)) {
    return Refuse(
        fmt::format("'${{env:{}}}' does not name a variable: letters, digits and '_', "
                    "the first one no digit",
                    name));
  }
  if (auto value = sources.variable(name)) return *std::move(value);
  return Refuse(fmt::format("the environment variable {} is not set", name));
}

Expected<std::string> File(std::string_view path, const SubstitutionSources& sources) {
  if (path.empty()) return Refuse("'${file:}' names no file");
  auto content = sources.file(path);
  if (content) return content;
  return Refuse(fmt::format("'${{file:{}}}' cannot be used: {}", path, content.error().message));
}

// `inside` is what stands between `${` and `}`.
Expected<std::string> ValueOf(std::string_view inside, const SubstitutionSources& sources) {
  if (inside.starts_with("env:")) return Variable(inside.substr(4), sources);
  if (inside.starts_with("file:")) return File(inside.substr(5), sources);
  return Refuse(fmt::format("'${{{}}}' is not known; {}", inside, kAllowed));
}

}  // namespace

SubstitutionSources SystemSources(std::string directory) {
  SubstitutionSources sources;
  sources.variable = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  sources.file = [directory = std::move(directory)](std::string_view path) {
    // An absolute path replaces the directory.
    const auto where = (std::filesystem::path(directory) / path).string();
    auto content = ReadFile(where, kMaxFileBytes, FileKind::kRegular);
    // Editors and `kubectl create secret --from-file` end a file with a line break.
    if (content && content->ends_with('\n')) content->pop_back();
    if (content && content->ends_with('\r')) content->pop_back();
    return content;
  };
  return sources;
}

Expected<Substituted> Substitute(std::string_view written, const SubstitutionSources& sources) {
  Substituted result;
  while (true) {
    const auto start = written.find("${");
    result.text += written.substr(0, start);
    if (start == std::string_view::npos) return result;
    if (start > 0 && written[start - 1] == '$') {  // $${: one dollar is there already
      result.text += '{';
      written.remove_prefix(start + 2);
      continue;
    }
    const auto end = written.find('}', start);
    if (end == std::string_view::npos) {
      return Refuse(fmt::format("'{}' has no closing '}}'; {}", written.substr(start), kAllowed));
    }
    auto value = ValueOf(written.substr(start + 2, end - start - 2), sources);
    if (!value) return std::unexpected(std::move(value).error());
    result.text += *value;
    result.changed = true;
    written.remove_prefix(end + 1);
  }
}

}  // namespace gateway::app
