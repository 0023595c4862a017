#include "rpc/json_writer.h"

#include <cmath>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/field_mask.pb.h>

#include "telemetry/logger.h"

namespace gateway::rpc {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;
using telemetry::AppendJsonString;

// Reads one value; hides whether it is an element of a repeated field.
class Value {
 public:
  static constexpr int kSingle = -1;

  Value(const pb::Message& message, const Field& field, int index)
      : message_(message), reflection_(*message.GetReflection()), field_(field), index_(index) {}

  void AppendTo(std::string& out) const;

 private:
  template <typename T>
  T Get(T (pb::Reflection::*single)(const pb::Message&, const Field*) const,
        T (pb::Reflection::*element)(const pb::Message&, const Field*, int) const) const {
    return index_ == kSingle ? (reflection_.*single)(message_, &field_)
                             : (reflection_.*element)(message_, &field_, index_);
  }
  void AppendNumber(std::string& out) const;
  void AppendEnum(std::string& out) const;
  std::string Text() const {
    std::string scratch;
    return index_ == kSingle ? reflection_.GetString(message_, &field_)
                             : reflection_.GetRepeatedString(message_, &field_, index_);
  }
  const pb::Message& Sub() const {
    return index_ == kSingle ? reflection_.GetMessage(message_, &field_)
                             : reflection_.GetRepeatedMessage(message_, &field_, index_);
  }

  const pb::Message& message_;
  const pb::Reflection& reflection_;
  const Field& field_;
  const int index_;
};

void AppendMessage(std::string& out, const pb::Message& message);

void Value::AppendTo(std::string& out) const {
  switch (field_.cpp_type()) {
    case Field::CPPTYPE_STRING:
      return AppendJsonString(out, Text());
    case Field::CPPTYPE_BOOL:
      out += Get(&pb::Reflection::GetBool, &pb::Reflection::GetRepeatedBool) ? "true" : "false";
      return;
    case Field::CPPTYPE_ENUM:
      return AppendEnum(out);
    case Field::CPPTYPE_MESSAGE:
      return AppendMessage(out, Sub());
    default:
      return AppendNumber(out);
  }
}

void Value::AppendNumber(std::string& out) const {
  switch (field_.cpp_type()) {
    case Field::CPPTYPE_INT32:
      out += fmt::format("{}", Get(&pb::Reflection::GetInt32, &pb::Reflection::GetRepeatedInt32));
      return;
    case Field::CPPTYPE_INT64:
      out +=
          fmt::format("\"{}\"", Get(&pb::Reflection::GetInt64, &pb::Reflection::GetRepeatedInt64));
      return;
    default: {
      const auto number = Get(&pb::Reflection::GetDouble, &pb::Reflection::GetRepeatedDouble);
      out += std::isfinite(number) ? fmt::format("{}", number) : "null";
    }
  }
}

void Value::AppendEnum(std::string& out) const {
  const int number = Get(&pb::Reflection::GetEnumValue, &pb::Reflection::GetRepeatedEnumValue);
  const auto* value = field_.enum_type()->FindValueByNumber(number);
  if (value) {
    AppendJsonString(out, value->name());
  } else {
    out += std::to_string(number);
  }
}

void AppendList(std::string& out, const pb::Message& message, const Field& field) {
  out += '[';
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    if (i > 0) out += ',';
    Value(message, field, i).AppendTo(out);
  }
  out += ']';
}

// Keys are strings in all our messages.
void AppendMap(std::string& out, const pb::Message& message, const Field& field) {
  out += '{';
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (i > 0) out += ',';
    const auto& entry = reflection.GetRepeatedMessage(message, &field, i);
    Value(entry, *field.message_type()->map_key(), Value::kSingle).AppendTo(out);
    out += ':';
    Value(entry, *field.message_type()->map_value(), Value::kSingle).AppendTo(out);
  }
  out += '}';
}

void AppendMask(std::string& out, const pb::FieldMask& mask) {
  std::string paths;
  for (const auto& path : mask.paths()) {
    if (!paths.empty()) paths += ',';
    paths += path;
  }
  AppendJsonString(out, paths);
}

void AppendMessage(std::string& out, const pb::Message& message) {
  if (message.GetDescriptor() == pb::FieldMask::descriptor()) {
    return AppendMask(out, static_cast<const pb::FieldMask&>(message));
  }
  const auto& type = *message.GetDescriptor();
  bool first = true;
  out += '{';
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    if (field.has_presence() && !message.GetReflection()->HasField(message, &field)) continue;
    if (!first) out += ',';
    first = false;
    AppendJsonString(out, field.name());
    out += ':';
    if (field.is_map()) {
      AppendMap(out, message, field);
    } else if (field.is_repeated()) {
      AppendList(out, message, field);
    } else {
      Value(message, field, Value::kSingle).AppendTo(out);
    }
  }
  out += '}';
}

}  // namespace

std::string WriteJson(const pb::Message& message) {
  std::string out;
  AppendMessage(out, message);
  return out;
}

}  // namespace gateway::rpc
