#include "monitor/answers.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <boost/json.hpp>
#include <openssl/evp.h>

#include "base/strings.h"

namespace gateway::monitor {
namespace {

namespace json = boost::json;

std::optional<json::value> Parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = 32;
  boost::system::error_code ec;
  auto value = json::parse(json::string_view(text.data(), text.size()), ec, {}, options);
  if (ec) return std::nullopt;
  return value;
}

const json::value* Member(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object ? object->if_contains(json::string_view(name.data(), name.size())) : nullptr;
}

std::string TextOf(const json::value* value) {
  if (!value || !value->is_string()) return {};
  return std::string(value->get_string());
}

std::optional<double> NumberOf(const json::value* value) {
  if (!value || !value->is_number()) return std::nullopt;
  const auto number = value->to_number<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

// A name for people: cut off where it is too long, between two characters.
std::string NameOf(const json::value* value) {
  auto name = TextOf(value);
  if (name.size() <= kMaxName) return name;
  auto end = kMaxName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  name.resize(end);
  return name;
}

// An id: one that was cut off would be another's.
std::string IdOf(const json::value* value) {
  auto id = TextOf(value);
  return id.size() <= kMaxName ? id : std::string();
}

// "http://host:port/path?query" without what is before the path: a probe always talks to the
// address it was told.
std::string TargetOf(std::string_view uri) {
  const auto scheme = uri.find("://");
  const auto path = uri.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  return path == std::string_view::npos ? "/" : std::string(uri.substr(path));
}

// A value of a row as people write it: text without its quotes.
std::string CellOf(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  return json::serialize(value);
}

void AppendRows(const json::value& data, QueryPage& page) {
  const auto* rows = data.if_array();
  if (!rows) return;
  for (const auto& row : *rows) {
    const auto* cells = row.if_array();
    if (!cells || page.rows.size() >= kMaxRows) return;
    auto& texts = page.rows.emplace_back();
    for (const auto& cell : *cells) texts.push_back(CellOf(cell));
  }
}

std::string DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  const auto size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()));
  if (size < 0) return {};
  bytes.resize(static_cast<std::size_t>(size));
  // It counts the padding as zero bytes.
  for (auto end = text; end.ends_with('=') && !bytes.empty(); end.remove_suffix(1)) {
    bytes.pop_back();
  }
  return bytes;
}

// The protocol with segments; the first ones are inline, and a probe's result has no others.
void AppendSegments(const json::value& data, QueryPage& page) {
  const auto* segments = Member(data, "segments");
  if (!segments || !segments->is_array()) return;
  for (const auto& segment : segments->get_array()) {
    const auto rows = Parse(DecodeBase64(TextOf(Member(segment, "data"))));
    if (rows) AppendRows(*rows, page);
  }
}

}  // namespace

std::optional<double> ParseDuration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 7> kUnits = {{
      {"ns", 1e-9},
      {"us", 1e-6},
      {"ms", 1e-3},
      {"s", 1},
      {"m", 60},
      {"h", 3600},
      {"d", 86400},
  }};
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  for (const auto& [name, seconds] : kUnits) {
    if (name == unit) return number * seconds;
  }
  return std::nullopt;
}

Expected<Info> ParseInfo(std::string_view text) {
  const auto value = Parse(text);
  const auto* starting = value ? Member(*value, "starting") : nullptr;
  if (!starting || !starting->is_bool()) {
    return Fail(ErrorCode::kProtocol, "/v1/info is not a Trino coordinator's", Origin::kBackend);
  }
  Info info;
  const auto* coordinator = Member(*value, "coordinator");
  info.coordinator = !coordinator || !coordinator->is_bool() || coordinator->get_bool();
  info.starting = starting->get_bool();
  if (const auto* version = Member(*value, "nodeVersion")) {
    info.version = NameOf(Member(*version, "version"));
  }
  info.environment = NameOf(Member(*value, "environment"));
  info.uptime = ParseDuration(TextOf(Member(*value, "uptime")));
  return info;
}

std::string ParseNodeId(std::string_view text) {
  const auto value = Parse(text);
  return value ? IdOf(Member(*value, "nodeId")) : std::string();
}

std::optional<std::vector<LiveQuery>> ParseQueryState(std::string_view text) {
  const auto value = Parse(text);
  if (!value || !value->is_array()) return std::nullopt;
  std::vector<LiveQuery> queries;
  for (const auto& entry : value->get_array()) {
    if (!entry.is_object()) return std::nullopt;
    const auto* progress = Member(entry, "progress");
    const auto* blocked = progress ? Member(*progress, "blocked") : nullptr;
    queries.push_back({TextOf(Member(entry, "queryId")), TextOf(Member(entry, "queryState")),
                       TextOf(Member(entry, "source")),
                       blocked && blocked->is_bool() && blocked->get_bool()});
  }
  return queries;
}

Expected<QueryPage> ParseQueryPage(std::string_view text) {
  const auto value = Parse(text);
  if (!value || !value->is_object()) {
    return Fail(ErrorCode::kProtocol, "the answer is not JSON", Origin::kBackend);
  }
  QueryPage page;
  page.id = IdOf(Member(*value, "id"));
  if (const auto uri = TextOf(Member(*value, "nextUri")); !uri.empty()) page.target = TargetOf(uri);
  const auto* error = Member(*value, "error");
  if (error && !error->is_null()) {
    page.error = TextOf(Member(*error, "message"));
    if (page.error.empty()) page.error = "no message";
  }
  if (const auto* data = Member(*value, "data"); data && !data->is_null()) {
    page.spooling = data->is_object();
    if (*page.spooling) {
      AppendSegments(*data, page);
    } else {
      AppendRows(*data, page);
    }
  }
  return page;
}

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

Numbers ParseMetrics(std::string_view text) {
  Numbers numbers;
  for (const auto line : SplitList(text, '\n')) {
    if (line.starts_with('#')) continue;
    // A name may have labels with blanks in their values; a time may follow the value.
    const auto labels = line.rfind('}');
    const auto end = line.find(' ', labels == std::string_view::npos ? 0 : labels);
    if (end == std::string_view::npos) continue;
    const auto value = Trim(line.substr(end));
    const auto number = ParseNumber(value.substr(0, value.find_first_of(" \t\r")));
    if (number) numbers.insert_or_assign(std::string(line.substr(0, end)), *number);
  }
  return numbers;
}

std::optional<Numbers> ParseNumbers(std::string_view text) {
  const auto value = Parse(text);
  if (!value || !value->is_object()) return std::nullopt;
  Numbers numbers;
  for (const auto& [name, member] : value->get_object()) {
    if (const auto number = NumberOf(&member)) numbers.emplace(name, *number);
  }
  return numbers;
}

std::optional<Numbers> ParseMbean(std::string_view text) {
  const auto value = Parse(text);
  const auto* attributes = value ? Member(*value, "attributes") : nullptr;
  if (!attributes || !attributes->is_array()) return std::nullopt;
  Numbers numbers;
  for (const auto& attribute : attributes->get_array()) {
    if (const auto number = NumberOf(Member(attribute, "value"))) {
      numbers.emplace(TextOf(Member(attribute, "name")), *number);
    }
  }
  return numbers;
}

}  // namespace gateway::monitor
