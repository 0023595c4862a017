#include "rpc/unknown_fields.h"

#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

namespace gateway::rpc {

namespace pb = google::protobuf;

// Recursion is as deep as the parser lets messages be, which is 100 levels.
Expected<void> CheckFieldsAreKnown(const pb::Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} has no field with number {}: the client is of another version",
                            message.GetDescriptor()->name(), unknown.field(0).number()),
                Origin::kClient);
  }
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (auto known = CheckFieldsAreKnown(reflection.GetMessage(message, field)); !known) {
        return known;
      }
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      const auto& element = reflection.GetRepeatedMessage(message, field, i);
      if (auto known = CheckFieldsAreKnown(element); !known) return known;
    }
  }
  return {};
}

}  // namespace gateway::rpc
