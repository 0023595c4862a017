#include "rules/router_messages.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/strings.h"
#include "base/utf8.h"

namespace gateway::rules {
namespace {

namespace json = boost::json;

json::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

// Of what a client sent, which may be any bytes; JSON is UTF-8.
json::string ClientText(std::string_view text) { return json::string(ToUtf8(text)); }

json::value TextOrNull(std::string_view text) {
  if (text.empty()) return nullptr;
  return ClientText(text);
}

json::array List(const std::vector<std::string>& texts) {
  json::array list;
  for (const auto& text : texts) list.push_back(ClientText(text));
  return list;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// As in application/x-www-form-urlencoded; what is no escape stands for itself.
std::string Decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (text[i] == '%' && high >= 0 && low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

json::object Parameters(std::string_view query) {
  json::object parameters;
  for (const auto pair : SplitList(query, '&')) {
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = ToUtf8(Decode(pair.substr(0, equals)));
    auto& values = parameters[name];
    if (!values.is_array()) values = json::array();
    values.get_array().push_back(
        ClientText(Decode(pair.substr(std::min(equals + 1, pair.size())))));
  }
  return parameters;
}

json::object QueryProperties(Facts& facts) {
  const auto& statement = facts.statement();
  json::object properties;
  properties["body"] = ClientText(facts.text());
  properties["queryType"] = Text(statement.type);
  properties["resourceGroupQueryType"] = TextOrNull(statement.category);
  properties["tables"] = List(statement.tables);
  properties["defaultCatalog"] = TextOrNull(facts.Header("X-Trino-Catalog").value_or(""));
  properties["defaultSchema"] = TextOrNull(facts.Header("X-Trino-Schema").value_or(""));
  properties["catalogs"] = List(statement.catalogs);
  properties["schemas"] = List(statement.schemas);
  properties["catalogSchemas"] = List(statement.catalog_schemas);
  properties["isNewQuerySubmission"] = true;
  properties["isQueryParsingSuccessful"] = statement.parsed;
  properties["errorMessage"] = TextOrNull(statement.error);
  return properties;
}

std::unexpected<Error> Garbage(std::string_view what) {
  return Fail(ErrorCode::kProtocol, fmt::format("the external router's answer is {}", what),
              Origin::kBackend);
}

// The text of member `name`, which may be null or missing.
Expected<std::string> ReadText(const json::object& answer, std::string_view name) {
  const auto* value = answer.if_contains(Text(name));
  if (!value || value->is_null()) return std::string();
  if (!value->is_string()) return Garbage(fmt::format("wrong: '{}' is no string", name));
  return std::string(std::string_view(value->get_string()));
}

Expected<std::vector<std::string>> ReadErrors(const json::object& answer) {
  std::vector<std::string> errors;
  const auto* value = answer.if_contains("errors");
  if (!value || value->is_null()) return errors;
  if (!value->is_array()) return Garbage("wrong: 'errors' is no list");
  for (const auto& error : value->get_array()) {
    if (!error.is_string()) return Garbage("wrong: 'errors' holds something else than strings");
    errors.emplace_back(std::string_view(error.get_string()));
  }
  return errors;
}

Expected<std::vector<std::pair<std::string, std::string>>> ReadHeaders(const json::object& answer) {
  std::vector<std::pair<std::string, std::string>> headers;
  const auto* value = answer.if_contains("externalHeaders");
  if (!value || value->is_null()) return headers;
  if (!value->is_object()) return Garbage("wrong: 'externalHeaders' is no object");
  for (const auto& [name, text] : value->get_object()) {
    if (text.is_null()) continue;
    if (!text.is_string()) {
      return Garbage("wrong: 'externalHeaders' holds something else than strings");
    }
    headers.emplace_back(std::string_view(name), std::string_view(text.get_string()));
  }
  return headers;
}

}  // namespace

std::string RouterRequestJson(Facts& facts, bool with_statement) {
  const auto& request = facts.request();
  const auto question = std::min(request.target.find('?'), request.target.size());
  const auto query = request.target.substr(std::min(question + 1, request.target.size()));
  json::object message;
  if (with_statement) {
    message["trinoQueryProperties"] = QueryProperties(facts);
    message["trinoRequestUser"] =
        json::object{{"user", TextOrNull(request.user)}, {"userInfo", nullptr}};
  }
  message["contentType"] = "application/json";
  message["remoteUser"] = nullptr;
  message["method"] = ClientText(request.method);
  message["requestURI"] = ClientText(request.target.substr(0, question));
  message["queryString"] = TextOrNull(query);
  message["session"] = nullptr;
  message["remoteAddr"] = Text(request.client_address);
  message["remoteHost"] = Text(request.client_address);
  message["parameters"] = Parameters(query);
  return json::serialize(message);
}

Expected<RouterAnswer> ParseRouterAnswer(std::string_view body) {
  boost::system::error_code ec;
  const auto value = json::parse(Text(body), ec);
  if (ec) return Garbage("no JSON");
  if (!value.is_object()) return Garbage("no JSON object");
  auto group = ReadText(value.get_object(), "routingGroup");
  if (!group) return std::unexpected(std::move(group).error());
  auto errors = ReadErrors(value.get_object());
  if (!errors) return std::unexpected(std::move(errors).error());
  auto headers = ReadHeaders(value.get_object());
  if (!headers) return std::unexpected(std::move(headers).error());
  return RouterAnswer{*std::move(group), *std::move(errors), *std::move(headers)};
}

}  // namespace gateway::rules
