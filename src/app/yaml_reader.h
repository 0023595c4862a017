// Reads maps, lists and single values out of a YAML document, strictly.
//
// Every problem is reported and reading goes on, so one run finds them all. A map knows its keys
// from the calls that take them; what nobody took is an unknown key, so the list of allowed keys
// in a message cannot differ from what is read.
// Threads: not synchronised; one reader for each file.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "app/problems.h"
#include "app/substitution.h"
#include "base/error.h"

namespace gateway::app {

// A part of the document.
struct Value {
  YAML::Node node;
  std::string path;  // for messages: "groups[0].strategy"; empty for the whole
  Position position;
};

// A single value with its substitutions done.
struct Scalar {
  std::string text;
  std::string written;  // as it is in the file: what messages may show
  bool substituted = false;
};

class YamlReader {
 public:
  // Both must outlive the reader.
  YamlReader(Problems& problems, const SubstitutionSources& sources);

  // Prefixes the message with the path.
  void Report(const Value& value, std::string_view message);

  // Suggest(), but only where the message will be kept: comparing takes long in a hostile file.
  std::string SuggestIfKept(std::string_view word,
                            const std::vector<std::string>& candidates) const;

  // Nothing: no single value, or empty, too long, or a substitution failed; that was reported.
  std::optional<Scalar> ReadScalar(const Value& value);

  // The elements of a list; none when it is no list, which was reported.
  std::vector<Value> ReadList(const Value& value);

  // What `parse`, an Expected<T>(std::string_view), makes of the value. Its complaint is reported;
  // for a substituted value the one about the text as written, so that nothing secret is shown.
  template <typename Parse>
  auto Read(const Value& value, const Parse& parse)
      -> std::optional<typename decltype(parse(std::string_view()))::value_type> {
    const auto scalar = ReadScalar(value);
    if (!scalar) return std::nullopt;
    auto parsed = parse(std::string_view(scalar->text));
    if (parsed) return *std::move(parsed);
    if (!scalar->substituted) {
      Report(value, parsed.error().message);
    } else if (const auto shown = parse(std::string_view(scalar->written)); !shown) {
      Report(value, fmt::format("{} (what was put in is not shown)", shown.error().message));
    } else {
      Report(value, fmt::format("what '{}' stands for is not allowed here", scalar->written));
    }
    return std::nullopt;
  }

 private:
  Problems& problems_;
  const SubstitutionSources& sources_;
};

// The keys of one map. Each is taken once; the destructor reports those that were not.
// Merge keys (`<<: *defaults`) are followed; the map's own keys come first.
class MapReader {
 public:
  // `reader` must outlive this. What is no map is reported and then reads as an empty one.
  MapReader(YamlReader& reader, Value value);
  ~MapReader();
  MapReader(const MapReader&) = delete;
  MapReader& operator=(const MapReader&) = delete;

  // The value of `key`, if it is there.
  std::optional<Value> Take(std::string_view key);
  // The same, reported when it is not there.
  std::optional<Value> Require(std::string_view key);

  // Sets `target` when `key` is there and `parse` takes its value.
  template <typename T, typename Parse>
  void Read(std::string_view key, T& target, const Parse& parse) {
    const auto value = Take(key);
    if (!value) return;
    if (auto parsed = reader_.Read(*value, parse)) target = static_cast<T>(*std::move(parsed));
  }

 private:
  struct Entry {
    Value value;
    Position key;
    bool merged = false;
    bool taken = false;
  };

  void Add(const YAML::Node& map, int merge_depth, std::set<int>& merged_marks);
  void AddEntry(const YAML::Node& key, const YAML::Node& value, bool merged);
  void Merge(const YAML::Node& maps, int merge_depth, std::set<int>& merged_marks);
  std::string PathOf(std::string_view key) const;
  std::string Place() const;

  YamlReader& reader_;
  const Value value_;
  bool is_map_ = false;
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::string> known_;  // in the order in which they were asked for
};

// " did you mean 'strategy'?" with the candidate that is a typo away from `word`; else empty.
std::string Suggest(std::string_view word, const std::vector<std::string>& candidates);

// "a, b, c", shortened after ten; "none" for an empty list.
std::string ListOf(const std::vector<std::string>& names);

}  // namespace gateway::app
