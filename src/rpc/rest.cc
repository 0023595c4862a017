#include "rpc/rest.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <google/api/annotations.pb.h>
#include <google/protobuf/field_mask.pb.h>

#include "base/strings.h"
#include "rpc/entity_tags.h"
#include "rpc/json_reader.h"
#include "rpc/json_writer.h"
#include "rpc/status.h"
#include "telemetry/logger.h"

namespace gateway::rpc {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kMask = "update_mask";

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

const pb::FieldDescriptor* FieldNamed(const pb::Message& message, std::string_view name) {
  return message.GetDescriptor()->FindFieldByName(std::string(name));
}

std::pair<std::string_view, std::string_view> VerbAndPath(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    default:
      return {"", ""};
  }
}

// The message that the body fills.
pb::Message& BodyOf(pb::Message& message, const std::string& body) {
  if (body.empty() || body == "*") return message;
  return *message.GetReflection()->MutableMessage(&message, FieldNamed(message, body));
}

// Sets update_mask to what the body has, for requests that have such a field and did not name any.
void FillMask(pb::Message& message, const std::vector<std::string>& present) {
  const auto* field = FieldNamed(message, kMask);
  if (!field) return;
  auto& mask =
      static_cast<pb::FieldMask&>(*message.GetReflection()->MutableMessage(&message, field));
  if (mask.paths_size() > 0) return;
  for (const auto& name : present) mask.add_paths(name);
}

// A path and a body that both name the object must name the same one.
Expected<void> ReadVariable(const std::string& path,
                            const std::string& text,
                            pb::Message& message) {
  const std::unique_ptr<pb::Message> before(message.New());
  before->CopyFrom(message);
  if (auto read = ReadParameter(path, text, message); !read) return read;
  const auto dot = path.find('.');
  if (dot == std::string::npos) return {};
  const auto& sub =
      before->GetReflection()->GetMessage(*before, FieldNamed(*before, path.substr(0, dot)));
  const auto* field = FieldNamed(sub, path.substr(dot + 1));
  const auto given = sub.GetReflection()->GetString(sub, field);
  if (given.empty() || given == text) return {};
  return Invalid(fmt::format("field '{}' says '{}', but the path says '{}'", field->name(),
                             given.substr(0, 64), text.substr(0, 64)));
}

Expected<void> ReadQuery(const Request& request,
                         pb::Message& message,
                         const Rest::Binding& binding) {
  const auto mark = request.target.find('?');
  if (mark == std::string::npos) return {};
  for (const auto pair : SplitList(std::string_view(request.target).substr(mark + 1), '&')) {
    const auto equals = pair.find('=');
    const auto name = DecodePercent(pair.substr(0, equals), true);
    const auto value = equals == std::string_view::npos
                           ? std::optional<std::string>(std::in_place)
                           : DecodePercent(pair.substr(equals + 1), true);
    if (!name || !value) return Invalid("the query string has a broken %-escape");
    if (binding.body == "*")
      return Invalid(
          fmt::format("unknown parameter '{}': fields go in the body", name->substr(0, 64)));
    if (auto read = ReadParameter(*name, *value, message); !read) return read;
  }
  return {};
}

Expected<void> ReadIfMatch(const Request& request, pb::Message& message, const std::string& body) {
  if (!request.if_match) return {};
  auto& holder = body == "*" ? message : BodyOf(message, body);
  const auto* field = FieldNamed(holder, "etag");
  if (!field) return Invalid("If-Match is not for this method");
  const auto etag = EtagFieldOf(*request.if_match);
  if (!etag) return std::unexpected(etag.error());
  const auto& reflection = *holder.GetReflection();
  const auto given = reflection.GetString(holder, field);
  // A whole object that was read has its etag.
  const auto listed = "," + *etag + ",";
  if (!given.empty() && (*etag == "*" || listed.contains("," + given + ","))) return {};
  if (!given.empty()) {
    return Invalid(fmt::format("field 'etag' says '{}', but If-Match '{}'; send one of the two",
                               given.substr(0, 64), etag->substr(0, 64)));
  }
  reflection.SetString(&holder, field, *etag);
  return {};
}

Expected<void> CheckIfNoneMatch(const Request& request) {
  if (!request.if_none_match) return {};
  if (!request.IsRead()) {
    return Invalid(
        "If-None-Match is for GET and HEAD; POST creates only what is not there, If-Match changes "
        "only what was seen");
  }
  const auto tags = ParseEntityTags("If-None-Match", *request.if_none_match);
  return tags ? Expected<void>() : std::unexpected(tags.error());
}

// Etags are of what is declared; these messages tell what is known now, too.
bool TellsState(const pb::Message& message) { return FieldNamed(message, "health") != nullptr; }

// Has the caller what the answer would tell?
bool IsKnown(const Request& request, std::string_view etag) {
  if (!request.if_none_match || !request.IsRead()) return false;
  const auto tags = ParseEntityTags("If-None-Match", *request.if_none_match);
  return tags && (tags->any || (!etag.empty() && tags->MatchWeakly(etag)));
}

}  // namespace

Response RestError(unsigned status, std::string_view code, std::string_view message) {
  std::string body = "{\"error\":{\"code\":";
  telemetry::AppendJsonString(body, code);
  body += ",\"message\":";
  telemetry::AppendJsonString(body, message);
  body += "}}\n";
  Response response{status, std::move(body)};
  AddAdvice(response);
  return response;
}

void AddAdvice(Response& response) {
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (response.status == 503) response.headers.emplace_back("Retry-After", "1");
}

Response RestError(const Error& error) {
  const auto& status = StatusOf(error.code);
  return RestError(status.http_status, status.name, MessageFor(error));
}

Rest::Rest(const MethodTable& table) {
  for (const auto& [name, method] : table.methods()) {
    const auto& options = method.descriptor->options();
    if (!options.HasExtension(google::api::http)) continue;
    const auto& rule = options.GetExtension(google::api::http);
    const auto [verb, path] = VerbAndPath(rule);
    auto parsed = PathTemplate::Parse(path);
    if (!parsed) {
      std::fputs(fmt::format("{}: {}\n", name, parsed.error().message).c_str(), stderr);
      std::abort();  // a bug in api/, found by the first test
    }
    bindings_.push_back(
        {&method, std::string(verb), *std::move(parsed), rule.body(), rule.response_body()});
  }
}

std::optional<Rest::Target> Rest::Find(const Request& request, Response& refusal) const {
  const std::string_view verb = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allow;
  for (const auto& binding : bindings_) {
    auto variables = binding.path.Match(request.path());
    if (!variables) continue;
    if (binding.verb == verb) return Target{&binding, *std::move(variables)};
    if (!allow.empty()) allow += ", ";
    allow += binding.verb == "GET" ? "GET, HEAD" : binding.verb;
  }
  if (allow.empty()) {
    refusal = RestError(404, "not_found", "there is nothing at this address; GET / lists what is");
    return std::nullopt;
  }
  refusal = RestError(405, "method_not_allowed",
                      fmt::format("{} is not allowed here; allowed: {}", request.method, allow));
  refusal.headers.emplace_back("Allow", std::move(allow));
  return std::nullopt;
}

Expected<void> Rest::Decode(const Target& target, const Request& request, pb::Message& message) {
  const auto& binding = *target.binding;
  if (auto valid = CheckIfNoneMatch(request); !valid) return valid;
  std::vector<std::string> present;
  if (!binding.body.empty()) {
    // An action without a body is one that takes all defaults.
    const bool nothing = request.body.empty() && binding.body == "*";
    const std::string_view body = nothing ? std::string_view("{}") : std::string_view(request.body);
    if (auto read = ReadJson(body, BodyOf(message, binding.body), &present); !read) return read;
  } else if (!request.body.empty() && request.body != "{}") {
    return Invalid("this method takes no body");
  }
  for (const auto& [path, text] : target.variables) {
    if (auto read = ReadVariable(path, text, message); !read) return read;
  }
  if (auto read = ReadQuery(request, message, binding); !read) return read;
  FillMask(message, present);
  return ReadIfMatch(request, message, binding.body);
}

Response Rest::Encode(const Target& target, const Request& request, const pb::Message& message) {
  const auto& binding = *target.binding;
  if (binding.verb == "DELETE") return {204, ""};
  const auto* shown = &message;
  if (!binding.response_body.empty()) {
    shown =
        &message.GetReflection()->GetMessage(message, FieldNamed(message, binding.response_body));
  }
  Response response{200, WriteJson(*shown) + "\n"};
  if (target.binding->method->name().starts_with("Create")) response.status = 201;
  std::string etag;
  if (const auto* field = FieldNamed(*shown, "etag")) {
    etag = shown->GetReflection()->GetString(*shown, field);
    if (!etag.empty()) response.headers.emplace_back("ETag", '"' + etag + '"');
  }
  if (!TellsState(*shown) && IsKnown(request, etag)) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

}  // namespace gateway::rpc
