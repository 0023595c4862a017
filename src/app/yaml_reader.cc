#include "app/yaml_reader.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace gateway::app {
namespace {

constexpr std::size_t kMaxValueBytes = 4096;
constexpr std::size_t kMaxShownKey = 64;
constexpr std::size_t kMaxListed = 10;
// Each mistake is compared with each candidate, letter by letter.
constexpr std::size_t kMaxCandidates = 100;
constexpr std::size_t kMaxGuessed = 32;
constexpr int kMaxMergeDepth = 8;

Position PositionOf(const YAML::Node& node) {
  const auto mark = node.Mark();
  return {std::max(mark.line, 0), std::max(mark.column, 0)};
}

Value MakeValue(const YAML::Node& node, std::string path) {
  return {node, std::move(path), PositionOf(node)};
}

std::string_view KindOf(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return "a single value";
  return "no value";
}

// Levenshtein's distance, one row at a time. Both words are short: the caller sees to that.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string Suggest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > kMaxGuessed || candidates.size() > kMaxCandidates) return {};
  const std::string* best = nullptr;
  auto best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;  // further is no typo
  for (const auto& candidate : candidates) {
    if (candidate.size() >= word.size() + best_distance) continue;
    const auto distance = Distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = &candidate;
  }
  return best ? fmt::format(" did you mean '{}'?", *best) : std::string();
}

std::string ListOf(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  const auto shown = static_cast<std::ptrdiff_t>(std::min(names.size(), kMaxListed));
  auto list = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  if (names.size() > kMaxListed) list += fmt::format(" and {} more", names.size() - kMaxListed);
  return list;
}

YamlReader::YamlReader(Problems& problems, const SubstitutionSources& sources)
    : problems_(problems), sources_(sources) {}

void YamlReader::Report(const Value& value, std::string_view message) {
  problems_.Add(value.position, value.path.empty() ? std::string(message)
                                                   : fmt::format("{}: {}", value.path, message));
}

std::string YamlReader::SuggestIfKept(std::string_view word,
                                      const std::vector<std::string>& candidates) const {
  return problems_.full() ? std::string() : Suggest(word, candidates);
}

std::optional<Scalar> YamlReader::ReadScalar(const Value& value) {
  if (!value.node.IsScalar()) {
    Report(value, fmt::format("{} is not allowed here; allowed: a single value, or leave the key "
                              "out",
                              KindOf(value.node)));
    return std::nullopt;
  }
  const auto& written = value.node.Scalar();
  if (written.size() > kMaxValueBytes) {
    Report(value, fmt::format("the value is too long; allowed: {} characters", kMaxValueBytes));
    return std::nullopt;
  }
  auto substituted = Substitute(written, sources_);
  if (!substituted) {
    Report(value, substituted.error().message);
    return std::nullopt;
  }
  if (substituted->text.empty()) {
    Report(value, substituted->changed ? fmt::format("what '{}' stands for is empty", written)
                                       : "the value is empty; write one, or leave the key out");
    return std::nullopt;
  }
  return Scalar{std::move(substituted->text), written, substituted->changed};
}

std::vector<Value> YamlReader::ReadList(const Value& value) {
  if (!value.node.IsSequence()) {
    Report(value, fmt::format("{} is not allowed here; allowed: a list, such as [] or lines that "
                              "begin with '- '",
                              KindOf(value.node)));
    return {};
  }
  std::vector<Value> elements;
  for (const auto& node : value.node) {
    elements.push_back(MakeValue(node, fmt::format("{}[{}]", value.path, elements.size())));
  }
  return elements;
}

MapReader::MapReader(YamlReader& reader, Value value)
    : reader_(reader), value_(std::move(value)), is_map_(value_.node.IsMap()) {
  std::set<int> merged_marks;
  if (is_map_) Add(value_.node, 0, merged_marks);
}

MapReader::~MapReader() {
  if (!is_map_) {
    reader_.Report(value_, fmt::format("{} is not allowed here; allowed: a map with the keys {}",
                                       KindOf(value_.node), fmt::join(known_, ", ")));
    return;
  }
  for (const auto& [name, entry] : entries_) {
    if (entry.taken) continue;
    auto at_key = value_;
    at_key.path.clear();
    at_key.position = entry.key;
    reader_.Report(
        at_key, fmt::format("unknown key '{}' {};{} allowed: {}", name.substr(0, kMaxShownKey),
                            Place(), reader_.SuggestIfKept(name, known_), fmt::join(known_, ", ")));
  }
}

std::optional<Value> MapReader::Take(std::string_view key) {
  known_.emplace_back(key);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  found->second.taken = true;
  return found->second.value;
}

std::optional<Value> MapReader::Require(std::string_view key) {
  auto value = Take(key);
  if (!value && is_map_) reader_.Report(value_, fmt::format("the key '{}' is missing", key));
  return value;
}

// `merged_marks` holds where the maps that were merged already stand in the file: an alias may
// name one twice, or itself.
void MapReader::Add(const YAML::Node& map, int merge_depth, std::set<int>& merged_marks) {
  std::vector<YAML::Node> merges;
  for (const auto& entry : map) {
    if (entry.first.IsScalar() && entry.first.Scalar() == "<<") {
      merges.push_back(entry.second);
    } else {
      AddEntry(entry.first, entry.second, merge_depth > 0);
    }
  }
  for (const auto& node : merges) Merge(node, merge_depth + 1, merged_marks);
}

void MapReader::AddEntry(const YAML::Node& key, const YAML::Node& value, bool merged) {
  if (!key.IsScalar()) {
    reader_.Report(MakeValue(key, value_.path),
                   fmt::format("{} cannot be a key; allowed: a word", KindOf(key)));
    return;
  }
  const auto& name = key.Scalar();
  const auto shown = name.substr(0, kMaxShownKey);
  auto entry = Entry{MakeValue(value, PathOf(shown)), PositionOf(key), merged, false};
  // A null value has no place of its own where the file ends.
  if (value.IsNull()) entry.value.position = entry.key;
  const auto [found, added] = entries_.try_emplace(name, std::move(entry));
  if (added || merged) return;
  auto at_key = MakeValue(key, "");
  reader_.Report(at_key, fmt::format("key '{}' {} is there already in line {}; keep one", shown,
                                     Place(), found->second.key.line + 1));
}

void MapReader::Merge(const YAML::Node& maps, int merge_depth, std::set<int>& merged_marks) {
  if (merge_depth > kMaxMergeDepth) {
    reader_.Report(MakeValue(maps, value_.path),
                   fmt::format("more than {} merges (<<) inside each other", kMaxMergeDepth));
    return;
  }
  const auto merge_one = [&](const YAML::Node& map) {
    if (!map.IsMap()) {
      reader_.Report(
          MakeValue(map, value_.path),
          fmt::format("{} cannot be merged (<<); allowed: a map or a list of maps", KindOf(map)));
      return;
    }
    if (merged_marks.insert(map.Mark().pos).second) Add(map, merge_depth, merged_marks);
  };
  if (!maps.IsSequence()) return merge_one(maps);
  for (const auto& map : maps) merge_one(map);
}

std::string MapReader::PathOf(std::string_view key) const {
  return value_.path.empty() ? std::string(key) : fmt::format("{}.{}", value_.path, key);
}

std::string MapReader::Place() const {
  return value_.path.empty() ? std::string("at the top level") : fmt::format("in {}", value_.path);
}

}  // namespace gateway::app
