#include "protocol/statement_answer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gateway::protocol {
namespace {

constexpr int kMaxDepth = 64;

// Walks JSON text that may end at any byte. Every Take...() returns false when the text ended;
// malformed() tells then whether that was the reason.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  bool malformed() const { return malformed_; }

  // Skips blanks; what comes next, or 0 at the end.
  char Peek() {
    position_ = std::min(text_.find_first_not_of(" \t\r\n", position_), text_.size());
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  bool Take(char expected) {
    const char next = Peek();
    if (next == expected) {
      ++position_;
      return true;
    }
    malformed_ = malformed_ || position_ < text_.size();
    return false;
  }

  // A whole string; `contents` is what stands between its quotes.
  bool TakeString(std::string_view& contents) {
    if (!Take('"')) return false;
    const auto begin = position_;
    for (; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == '"') {
        contents = text_.substr(begin, position_++ - begin);
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        malformed_ = true;
        return false;
      }
      if (c == '\\') ++position_;
    }
    return false;
  }

  // Any value, without looking into it.
  bool SkipValue() {
    int depth = 0;
    do {
      const char next = Peek();
      std::string_view ignored;
      if (next == '"') {
        if (!TakeString(ignored)) return false;
      } else if (next == '{' || next == '[') {
        ++position_;
        if (++depth > kMaxDepth) return Malformed();
      } else if (next == '}' || next == ']') {
        ++position_;
        if (--depth < 0) return Malformed();
      } else if ((next == ',' || next == ':') && depth > 0) {
        ++position_;
      } else if (!SkipWord()) {
        return false;
      }
    } while (depth > 0);
    return true;
  }

 private:
  bool Malformed() {
    malformed_ = true;
    return false;
  }

  // A number or a literal; complete only when something follows.
  bool SkipWord() {
    const auto begin = position_;
    const auto is_word = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '-' || c == '+' || c == '.';
    };
    while (position_ < text_.size() && is_word(text_[position_])) ++position_;
    if (position_ == text_.size()) return false;
    return position_ > begin || Malformed();
  }

  std::string_view text_;
  std::size_t position_ = 0;
  bool malformed_ = false;
};

// Calls `member(name, walker)` for each top-level member up to "data"; it takes the value and
// returns false when the text ended in it. False: malformed.
template <typename Member>
bool WalkMembers(std::string_view json, Member member) {
  Walker walker(json);
  if (!walker.Take('{')) return !walker.malformed();
  if (walker.Peek() == '}') return true;
  do {
    std::string_view name;
    if (!walker.TakeString(name) || !walker.Take(':') || name == "data") break;
    if (!member(name, walker)) break;
    if (walker.Peek() == '}') return true;
  } while (walker.Take(','));
  return !walker.malformed();
}

std::unexpected<Error> NotAnAnswer() {
  return Fail(ErrorCode::kProtocol, "malformed JSON", Origin::kBackend);
}

}  // namespace

Expected<StatementAnswer> ScanStatementAnswer(std::string_view json) {
  StatementAnswer answer;
  const std::array<std::pair<std::string_view, std::string_view*>, 4> texts = {{
      {"id", &answer.id},
      {"infoUri", &answer.info_uri},
      {"nextUri", &answer.next_uri},
      {"partialCancelUri", &answer.partial_cancel_uri},
  }};
  const bool intact = WalkMembers(json, [&](std::string_view name, Walker& walker) {
    const char first = walker.Peek();
    if (name == "error" && first == '{') answer.has_error = true;
    const auto* text = std::ranges::find(texts, name, &decltype(texts)::value_type::first);
    if (text != texts.end() && first == '"') return walker.TakeString(*text->second);
    return walker.SkipValue();
  });
  if (!intact || json.empty()) return NotAnAnswer();
  return answer;
}

Expected<std::string> RewriteUris(std::string_view json_head,
                                  std::string_view origin,
                                  std::string_view prefix) {
  const auto answer = ScanStatementAnswer(json_head);
  if (!answer) return std::unexpected(answer.error());

  std::array uris = {answer->info_uri, answer->partial_cancel_uri, answer->next_uri};
  std::ranges::sort(uris, {}, [](std::string_view uri) { return uri.data(); });
  std::string rewritten;
  rewritten.reserve(json_head.size() + 3 * (origin.size() + prefix.size()));
  const char* copied = json_head.data();
  for (const auto uri : uris) {
    // JSON may escape slashes; then the URI is not taken apart but left as it is.
    const std::size_t scheme = uri.starts_with("https://") ? 8 : uri.starts_with("http://") ? 7 : 0;
    if (scheme == 0) continue;
    const auto path = std::min(uri.find('/', scheme), uri.size());
    rewritten.append(copied, uri.data()).append(origin).append(prefix);
    copied = uri.data() + path;
  }
  rewritten.append(copied, json_head.data() + json_head.size());
  return rewritten;
}

}  // namespace gateway::protocol
