#include "app/yaml_document.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include "base/utf8.h"

namespace gateway::app {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 100'000;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct Complaint {
  Position position;
  std::string message;
};

Position PositionOf(const YAML::Mark& mark) {
  return {std::max(mark.line, 0), std::max(mark.column, 0)};
}

Position PositionAt(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(std::ranges::count(before, '\n')),
          static_cast<int>(offset - line_start)};
}

std::optional<Complaint> CheckCharacters(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto length = Utf8Length(text.substr(i));
    if (length == 0) {
      return Complaint{PositionAt(text, i), "the file is not UTF-8; save it as UTF-8"};
    }
    const char c = text[i];
    if ((c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
      return Complaint{PositionAt(text, i), "control character; allowed: printable characters"};
    }
    i += length;
  }
  return std::nullopt;
}

// The last line up to `line` whose indentation has a tab. yaml-cpp's words for it ("illegal map
// value") lead nobody there.
std::optional<Position> FindTab(std::string_view text, int line) {
  std::optional<Position> found;
  for (int number = 0; number <= line && !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto indentation = text.substr(0, text.substr(0, end).find_first_not_of(" \t\r"));
    const auto tab = indentation.substr(0, end).find('\t');
    if (tab != std::string_view::npos) found = Position{number, static_cast<int>(tab)};
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

// Where in `text` a position is.
std::size_t OffsetOf(std::string_view text, Position position) {
  std::size_t line_start = 0;
  for (int line = 0; line < position.line; ++line) line_start = text.find('\n', line_start) + 1;
  return std::min(line_start + static_cast<std::size_t>(position.column), text.size());
}

// Does `text` begin with a quote that nothing closes?
bool IsOpenQuote(std::string_view text) {
  if (!text.starts_with('\'') && !text.starts_with('"')) return false;
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool doubled = quote == '\'' && text.substr(i).starts_with("''");
    if (doubled || (quote == '"' && text[i] == '\\')) {
      ++i;  // stands for a character of the value
    } else if (text[i] == quote) {
      return false;
    }
  }
  return true;
}

// Counts documents, depth and nodes, and remembers where the last of the single values is.
//
// An alias counts as all that it names: a list of aliases to a long list is short in the file and
// endless to who reads it.
class Surveyor final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { document_ = PositionOf(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { AddLeaf(mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = sizes_.find(anchor);
    if (named == sizes_.end()) {
      throw Complaint{PositionOf(mark), "this alias stands inside what it names"};
    }
    AddNodes(mark, named->second);
  }
  void OnScalar(const YAML::Mark& mark,
                const std::string&,
                YAML::anchor_t anchor,
                const std::string&) override {
    last_scalar_ = PositionOf(mark);
    AddLeaf(mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Enter(mark, anchor);
  }
  void OnSequenceEnd() override { Leave(); }
  void OnMapStart(const YAML::Mark& mark,
                  const std::string&,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Enter(mark, anchor);
  }
  void OnMapEnd() override { Leave(); }

  // Where the last document began.
  Position document() const { return document_; }
  Position last_scalar() const { return last_scalar_; }

 private:
  struct Open {
    YAML::anchor_t anchor;
    std::size_t nodes_before;
  };

  // An exception is the only way out of yaml-cpp's recursion; ParseYaml() catches it.
  void Enter(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() == kMaxDepth) {
      throw Complaint{
          PositionOf(mark),
          fmt::format("nested more than {} levels deep; no setting needs that", kMaxDepth)};
    }
    open_.push_back({anchor, nodes_});
    AddNodes(mark, 1);
  }

  void Leave() {
    const auto [anchor, nodes_before] = open_.back();
    open_.pop_back();
    sizes_[anchor] = nodes_ - nodes_before;
  }

  void AddLeaf(const YAML::Mark& mark, YAML::anchor_t anchor) {
    AddNodes(mark, 1);
    sizes_[anchor] = 1;
  }

  void AddNodes(const YAML::Mark& mark, std::size_t count) {
    nodes_ += count;
    if (nodes_ > kMaxNodes) {
      throw Complaint{PositionOf(mark),
                      fmt::format("the file is too long from here on; allowed: {} keys and values, "
                                  "an alias counting as all that it names",
                                  kMaxNodes)};
    }
  }

  std::vector<Open> open_;  // lists and maps that have not ended, from the outside in
  std::map<YAML::anchor_t, std::size_t> sizes_;  // nodes of what ended; 0: all without an anchor
  std::size_t nodes_ = 0;
  Position document_;
  Position last_scalar_;
};

void Survey(const std::string& text) {
  std::istringstream input(text);
  YAML::Parser parser(input);
  Surveyor surveyor;
  if (!parser.HandleNextDocument(surveyor)) {
    throw Complaint{{}, "the file is empty; needed at least: listeners"};
  }
  if (parser.HandleNextDocument(surveyor)) {
    throw Complaint{surveyor.document(),
                    "a second document begins here; allowed: one document in the file"};
  }
  // yaml-cpp takes the end of the file for the missing quote, so everything to there is the value.
  const auto last = surveyor.last_scalar();
  if (IsOpenQuote(std::string_view(text).substr(OffsetOf(text, last)))) {
    throw Complaint{last, "this quote is never closed"};
  }
}

Complaint Explain(const YAML::Exception& error, std::string_view text) {
  const auto position = PositionOf(error.mark);
  if (const auto tab = FindTab(text, position.line)) {
    return {*tab, "a tab indents this line; allowed: blanks"};
  }
  // What follows a colon is text of the file, which may be a secret that begins with '*'.
  const auto reason = error.msg.substr(0, error.msg.find(':'));
  return {position, fmt::format("not valid YAML: {}; look for a missing quote, bracket or "
                                "indentation here or just before",
                                reason)};
}

}  // namespace

std::optional<YAML::Node> ParseYaml(std::string_view text, Problems& problems) {
  if (const auto bad = CheckCharacters(text)) {
    problems.Add(bad->position, bad->message);
    return std::nullopt;
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string copy(text);
  try {
    Survey(copy);
    return YAML::Load(copy);
  } catch (const Complaint& complaint) {
    problems.Add(complaint.position, complaint.message);
  } catch (const YAML::Exception& error) {
    const auto complaint = Explain(error, text);
    problems.Add(complaint.position, complaint.message);
  }
  return std::nullopt;
}

}  // namespace gateway::app
