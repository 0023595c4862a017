#include "rpc/convert_rule.h"

#include "rpc/convert.h"

namespace gateway::rpc {

v1::Rule ToProto(const model::Rule& rule) {
  v1::Rule out;
  out.set_id(rule.id);
  out.set_script(ToText(rule.script));
  out.set_priority(rule.priority);
  out.set_instructions(static_cast<std::int32_t>(rule.instructions));
  out.set_memory_bytes(static_cast<std::int32_t>(rule.memory_bytes));
  out.set_text(rule.text);
  out.set_is_enabled(rule.enabled);
  out.set_source(ToProto(rule.source));
  out.set_file(ToText(rule.file));
  out.set_etag(EtagOf(rule.version));
  return out;
}

Expected<model::Rule> FromProto(const v1::Rule& rule, WhenUnset when_unset) {
  if (!v1::Rule::Kind_IsValid(rule.kind())) return InvalidField("kind", "lua");
  if (rule.instructions() < 0) return InvalidField("instructions", "0 or more");
  if (rule.memory_bytes() < 0) return InvalidField("memory_bytes", "0 or more");
  model::Rule out{
      .id = rule.id(), .script = rule.script(), .priority = rule.priority(), .text = rule.text()};
  if (rule.instructions() > 0) out.instructions = rule.instructions();
  if (rule.memory_bytes() > 0) out.memory_bytes = static_cast<std::size_t>(rule.memory_bytes());
  out.enabled = rule.has_is_enabled() ? rule.is_enabled() : when_unset == WhenUnset::kEnabled;
  return out;
}

}  // namespace gateway::rpc
