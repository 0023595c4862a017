// Bodies, paths and parameters of the admin API of any bytes: reading ends with a message or a
// refusal, and what was read is the same after it was written as JSON and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rpc/entity_tags.h"
#include "rpc/json_reader.h"
#include "rpc/json_writer.h"
#include "rpc/listing.h"
#include "rpc/origin_form.h"
#include "rpc/path_template.h"
#include "trino/gateway/v1/group.pb.h"
#include "trino/gateway/v1/policy.pb.h"

namespace {

using namespace gateway::rpc;
namespace v1 = ::trino::gateway::v1;

void Require(bool holds) {
  if (!holds) std::abort();
}

template <typename Message>
void CheckBody(std::string_view json) {
  Message message;
  if (const auto read = ReadJson(json, message); !read) {
    Require(!read.error().message.empty());
    return;
  }
  Message again;
  Require(ReadJson(WriteJson(message), again).has_value());
  Require(WriteJson(again).size() == WriteJson(message).size());
}

void CheckTarget(std::string_view target) {
  static const auto path = *PathTemplate::Parse("/api/v1/policies/{policy.id}:enable");
  if (const auto variables = path.Match(target)) Require(!variables->front().second.empty());
  v1::PatchPolicyRequest request;
  const auto equals = target.find('=');
  const auto value = equals == std::string_view::npos ? "" : target.substr(equals + 1);
  const auto read = ReadParameter(target.substr(0, equals), value, request);
  Require(read || !read.error().message.empty());
  const auto terms = ParseFilter(target, {{"id"}, {"enabled", {"true", "false"}}});
  Require(terms || !terms.error().message.empty());
  const auto tags = ParseEntityTags("If-Match", target);
  Require(!tags || tags->any || !tags->tags.empty());
  Request request_line;
  request_line.target = target;
  Require(!TakeOriginForm(request_line, 1, true) || request_line.target == "*" ||
          request_line.target.starts_with('/'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckBody<v1::Policy>(text);
  CheckBody<v1::Group>(text);
  CheckTarget(text);
  return 0;
}
