#include "rpc/path_template.h"

#include <fmt/format.h>

namespace gateway::rpc {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "/a/b" -> "a", "b".
std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    segments.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return segments;
}

}  // namespace

std::optional<std::string> DecodePercent(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Expected<PathTemplate> PathTemplate::Parse(std::string_view text) {
  PathTemplate parsed;
  const auto last_slash = text.rfind('/');
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && last_slash != std::string_view::npos &&
      colon > last_slash) {
    parsed.verb_ = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  for (const auto segment : SplitPath(text)) {
    if (segment.starts_with('{') && segment.ends_with('}')) {
      parsed.segments_.push_back({std::string(segment.substr(1, segment.size() - 2)), true});
    } else if (segment.empty() || segment.find_first_of("{}*") != std::string_view::npos) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is no path of a binding", text));
    } else {
      parsed.segments_.push_back({std::string(segment), false});
    }
  }
  if (parsed.segments_.empty()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is no path of a binding", text));
  }
  return parsed;
}

std::optional<PathTemplate::Variables> PathTemplate::Match(std::string_view path) const {
  if (!verb_.empty()) {
    const auto colon = path.rfind(':');
    if (colon == std::string_view::npos || path.substr(colon + 1) != verb_) return std::nullopt;
    path = path.substr(0, colon);
  }
  const auto parts = SplitPath(path);
  if (parts.size() != segments_.size()) return std::nullopt;
  Variables variables;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!segments_[i].variable) {
      if (parts[i] != segments_[i].text) return std::nullopt;
      continue;
    }
    auto value = DecodePercent(parts[i]);
    // Without a verb in the template a colon would be one that nobody knows.
    if (!value || value->empty()) return std::nullopt;
    if (verb_.empty() && parts[i].find(':') != std::string_view::npos) return std::nullopt;
    variables.emplace_back(segments_[i].text, *std::move(value));
  }
  return variables;
}

}  // namespace gateway::rpc
