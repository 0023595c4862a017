#include "protocol/statement_answer.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <utility>

namespace gateway::protocol {
namespace {

// A column of nested rows takes four levels for each row in it.
constexpr std::size_t kMaxDepth = 256;

// What a string cannot go on over without a look: its end, escapes, control characters.
constexpr auto kEndsPlainText = [] {
  std::array<bool, 256> ends{};
  std::fill_n(ends.begin(), 0x20, true);
  ends['"'] = ends['\\'] = true;
  return ends;
}();

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Walks JSON text that may end at any byte. Every Take...() returns false when the text ended;
// malformed() tells then whether that was the reason.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  bool malformed() const { return malformed_; }

  // Skips blanks; what comes next, or 0 at the end.
  char Peek() {
    while (position_ < text_.size() && IsBlank(text_[position_])) ++position_;
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
      if (!kEndsPlainText[static_cast<unsigned char>(c)]) continue;
      if (c == '"') {
        contents = text_.substr(begin, position_++ - begin);
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return Malformed();
      if (c == '\\' && !SkipEscape()) return false;
    }
    return false;
  }

  // Any value, without keeping it. What is open is a stack of bits, not of calls: the text decides
  // how deep it is.
  bool SkipValue() {
    Nesting open;
    do {
      const char next = Peek();
      std::string_view ignored;
      if (next == '{' || next == '[') {
        if (open.depth == kMaxDepth) return Malformed();
        ++position_;
        open.is_object[open.depth++] = next == '{';
        if (Peek() != open.Closer()) {
          if (next == '{' && !TakeName(ignored)) return false;
          continue;
        }
      } else if (next == '"') {
        if (!TakeString(ignored)) return false;
      } else if (!SkipWord()) {
        return false;
      }
      if (!EndValue(open)) return false;
    } while (open.depth > 0);
    return true;
  }

  // A member's name and the colon after it.
  bool TakeName(std::string_view& name) { return TakeString(name) && Take(':'); }

 private:
  struct Nesting {
    std::bitset<kMaxDepth> is_object;  // else an array
    std::size_t depth = 0;

    char Closer() const { return is_object[depth - 1] ? '}' : ']'; }
  };

  bool Malformed() {
    malformed_ = true;
    return false;
  }

  // What may stand after a value: the ends of what it was the last of, or a comma, and in an object
  // the name of the next one.
  bool EndValue(Nesting& open) {
    std::string_view ignored;
    for (; open.depth > 0; --open.depth) {
      if (Peek() == ',') {
        ++position_;
        return !open.is_object[open.depth - 1] || TakeName(ignored);
      }
      if (!Take(open.Closer())) return false;
    }
    return true;
  }

  // From a backslash to the last character of its escape.
  bool SkipEscape() {
    if (++position_ >= text_.size()) return false;
    const char kind = text_[position_];
    if (kind != 'u') return std::string_view("\"\\/bfnrt").contains(kind) || Malformed();
    for (int digits = 0; digits < 4; ++digits) {
      if (++position_ >= text_.size()) return false;
      if (!IsHexDigit(text_[position_])) return Malformed();
    }
    return true;
  }

  // A number or a literal; complete only when something follows, but never something else.
  bool SkipWord() {
    constexpr std::array<std::string_view, 3> kLiterals = {"true", "false", "null"};
    const auto rest = text_.substr(position_);
    const auto size = std::min(rest.find_first_of(" \t\r\n,]}"), rest.size());
    const auto word = rest.substr(0, size);
    const bool ended = size == rest.size();
    position_ += size;
    // That a number has its parts in order is left to who computes with it.
    const bool number =
        !word.empty() && word.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
    const bool literal = std::ranges::any_of(kLiterals, [&](std::string_view known) {
      return ended ? known.starts_with(word) : known == word;
    });
    return number || literal ? !ended : Malformed();
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
    if (!walker.TakeName(name) || name == "data") break;
    if (!member(name, walker)) break;
    if (walker.Peek() == '}') return true;
  } while (walker.Take(','));
  return !walker.malformed();
}

// How much of `uri` is scheme and authority; 0 when it is not an absolute http(s) URI. JSON may
// escape slashes.
std::size_t OriginSize(std::string_view uri) {
  auto rest = uri;
  if (rest.starts_with("https:")) {
    rest.remove_prefix(6);
  } else if (rest.starts_with("http:")) {
    rest.remove_prefix(5);
  } else {
    return 0;
  }
  for (int slashes = 0; slashes < 2; ++slashes) {
    if (rest.starts_with('\\')) rest.remove_prefix(1);
    if (!rest.starts_with('/')) return 0;
    rest.remove_prefix(1);
  }
  const auto authority = std::min(rest.find_first_of("/\\?#"), rest.size());
  return uri.size() - rest.size() + authority;
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
    const auto size = OriginSize(uri);
    if (size == 0) continue;
    rewritten.append(copied, uri.data()).append(origin).append(prefix);
    copied = uri.data() + size;
  }
  rewritten.append(copied, json_head.data() + json_head.size());
  return rewritten;
}

}  // namespace gateway::protocol
