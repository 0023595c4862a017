#include "rpc/json_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/field_mask.pb.h>

#include "base/strings.h"
#include "rpc/enum_names.h"

namespace gateway::rpc {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

constexpr std::size_t kMaxDepth = 32;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

std::unexpected<Error> WrongType(std::string_view where, std::string_view wanted) {
  return Invalid(fmt::format("field '{}' must be {}", where, wanted));
}

// What people wrote, short enough for a message.
std::string Quoted(std::string_view text) {
  constexpr std::size_t kMost = 64;
  return fmt::format("'{}{}'", text.substr(0, kMost), text.size() > kMost ? "..." : "");
}

std::string PathOf(std::string_view where, std::string_view name) {
  return where.empty() ? std::string(name) : fmt::format("{}.{}", where, name);
}

std::string_view View(json::string_view text) { return {text.data(), text.size()}; }

const Field* FindField(const pb::Descriptor& type, std::string_view name) {
  const std::string key(name);
  if (const auto* field = type.FindFieldByName(key)) return field;
  const auto* field = type.FindFieldByCamelcaseName(key);
  return field && field->json_name() == key ? field : nullptr;
}

std::unexpected<Error> UnknownField(const pb::Descriptor& type,
                                    std::string_view where,
                                    std::string_view name) {
  std::vector<std::string_view> allowed;
  allowed.reserve(static_cast<std::size_t>(type.field_count()));
  for (int i = 0; i < type.field_count(); ++i) allowed.push_back(type.field(i)->name());
  return Invalid(
      fmt::format("unknown field {}; allowed: {}", Quoted(PathOf(where, name)),
                  allowed.empty() ? "none" : fmt::format("{}", fmt::join(allowed, ", "))));
}

Expected<const pb::EnumValueDescriptor*> ParseEnum(const pb::EnumDescriptor& type,
                                                   std::string_view where,
                                                   std::string_view name) {
  for (int i = 0; i < type.value_count(); ++i) {
    if (EqualsIgnoreCase(type.value(i)->name(), name)) return type.value(i);
  }
  return Invalid(
      fmt::format("field '{}': {} is not known; allowed: {}", where, Quoted(name), NamesOf(type)));
}

// A whole number in text, as JSON writes it. Nothing: none, or out of range.
std::optional<std::int64_t> ParseInteger(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto digits = ParseDecimal(negative ? text.substr(1) : text);
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (!digits || *digits > kMax) return std::nullopt;
  const auto value = static_cast<std::int64_t>(*digits);
  return negative ? -value : value;
}

std::optional<std::int64_t> IntegerOf(const json::value& value) {
  if (const auto* number = value.if_int64()) return *number;
  if (const auto* text = value.if_string()) return ParseInteger(View(*text));
  if (const auto* number = value.if_double()) {
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (std::trunc(*number) == *number && std::abs(*number) <= kExact) {
      return static_cast<std::int64_t>(*number);
    }
  }
  return std::nullopt;
}

// Sets or adds one value; hides which of the two the field takes.
class Slot {
 public:
  Slot(pb::Message& message, const Field& field)
      : message_(message), reflection_(*message.GetReflection()), field_(field) {}

  void Put(std::int32_t value) {
    field_.is_repeated() ? reflection_.AddInt32(&message_, &field_, value)
                         : reflection_.SetInt32(&message_, &field_, value);
  }
  void Put(std::int64_t value) {
    field_.is_repeated() ? reflection_.AddInt64(&message_, &field_, value)
                         : reflection_.SetInt64(&message_, &field_, value);
  }
  void Put(double value) {
    field_.is_repeated() ? reflection_.AddDouble(&message_, &field_, value)
                         : reflection_.SetDouble(&message_, &field_, value);
  }
  void Put(bool value) {
    field_.is_repeated() ? reflection_.AddBool(&message_, &field_, value)
                         : reflection_.SetBool(&message_, &field_, value);
  }
  void Put(std::string value) {
    field_.is_repeated() ? reflection_.AddString(&message_, &field_, std::move(value))
                         : reflection_.SetString(&message_, &field_, std::move(value));
  }
  void Put(const pb::EnumValueDescriptor& value) {
    field_.is_repeated() ? reflection_.AddEnum(&message_, &field_, &value)
                         : reflection_.SetEnum(&message_, &field_, &value);
  }
  pb::Message& Sub() {
    return field_.is_repeated() ? *reflection_.AddMessage(&message_, &field_)
                                : *reflection_.MutableMessage(&message_, &field_);
  }
  const Field& field() const { return field_; }

 private:
  pb::Message& message_;
  const pb::Reflection& reflection_;
  const Field& field_;
};

Expected<void> ReadObject(const json::value& value,
                          std::string_view where,
                          pb::Message& message,
                          std::vector<std::string>* present);

// "hashKey" -> "hash_key": field masks are written in either form.
std::string ToSnakeCase(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

void ReadMask(std::string_view text, pb::Message& message) {
  auto& mask = static_cast<pb::FieldMask&>(message);
  for (const auto path : SplitList(text)) mask.add_paths(ToSnakeCase(path));
}

bool IsMask(const Field& field) { return field.message_type() == pb::FieldMask::descriptor(); }

Expected<void> PutInteger(std::optional<std::int64_t> number, std::string_view where, Slot slot) {
  if (slot.field().cpp_type() == Field::CPPTYPE_INT64) {
    if (!number) return WrongType(where, "a whole number");
    slot.Put(*number);
    return {};
  }
  if (!number || *number < std::numeric_limits<std::int32_t>::min() ||
      *number > std::numeric_limits<std::int32_t>::max()) {
    return WrongType(where, "a whole number from -2147483648 to 2147483647");
  }
  slot.Put(static_cast<std::int32_t>(*number));
  return {};
}

Expected<void> PutEnum(const json::value& value, std::string_view where, Slot slot) {
  const auto& type = *slot.field().enum_type();
  if (const auto* name = value.if_string()) {
    const auto found = ParseEnum(type, where, View(*name));
    if (!found) return std::unexpected(found.error());
    slot.Put(**found);
    return {};
  }
  const auto number = IntegerOf(value);
  if (!number) return WrongType(where, "the name of one of its values");
  const auto* found = *number == static_cast<int>(*number)
                          ? type.FindValueByNumber(static_cast<int>(*number))
                          : nullptr;
  if (!found) return std::unexpected(ParseEnum(type, where, std::to_string(*number)).error());
  slot.Put(*found);
  return {};
}

Expected<void> PutValue(const json::value& value, std::string_view where, Slot slot) {
  switch (slot.field().cpp_type()) {
    case Field::CPPTYPE_BOOL:
      if (!value.is_bool()) return WrongType(where, "true or false");
      slot.Put(value.get_bool());
      return {};
    case Field::CPPTYPE_STRING:
      if (!value.is_string()) return WrongType(where, "a string");
      slot.Put(std::string(View(value.get_string())));
      return {};
    case Field::CPPTYPE_INT32:
    case Field::CPPTYPE_INT64:
      return PutInteger(IntegerOf(value), where, slot);
    case Field::CPPTYPE_DOUBLE:
      // 1e999 is a number to a parser, and infinite.
      if (!value.is_number() || !std::isfinite(value.to_number<double>())) {
        return WrongType(where, "a number");
      }
      slot.Put(value.to_number<double>());
      return {};
    case Field::CPPTYPE_ENUM:
      return PutEnum(value, where, slot);
    case Field::CPPTYPE_MESSAGE:
      if (IsMask(slot.field())) {
        if (!value.is_string()) return WrongType(where, "a string of field names");
        ReadMask(View(value.get_string()), slot.Sub());
        return {};
      }
      return ReadObject(value, where, slot.Sub(), nullptr);
    default:
      return Fail(ErrorCode::kInternal, fmt::format("field '{}' has a type of no use here", where));
  }
}

// A map is repeated entries of `key` and `value` underneath.
Expected<void> ReadMap(const json::value& value,
                       std::string_view where,
                       pb::Message& message,
                       const Field& field) {
  const auto* object = value.if_object();
  if (!object) return WrongType(where, "an object");
  for (const auto& [key, element] : *object) {
    auto& entry = Slot(message, field).Sub();
    Slot(entry, *field.message_type()->map_key()).Put(std::string(View(key)));
    const auto read = PutValue(element, PathOf(where, View(key)),
                               Slot(entry, *field.message_type()->map_value()));
    if (!read) return read;
  }
  return {};
}

Expected<void> ReadField(const json::value& value,
                         std::string_view where,
                         pb::Message& message,
                         const Field& field) {
  if (value.is_null()) return {};
  if (field.is_map()) return ReadMap(value, where, message, field);
  if (!field.is_repeated()) return PutValue(value, where, Slot(message, field));
  const auto* array = value.if_array();
  if (!array) return WrongType(where, "an array");
  for (const auto& element : *array) {
    if (auto read = PutValue(element, where, Slot(message, field)); !read) return read;
  }
  return {};
}

Expected<void> ReadObject(const json::value& value,
                          std::string_view where,
                          pb::Message& message,
                          std::vector<std::string>* present) {
  const auto* object = value.if_object();
  if (!object) {
    if (where.empty()) return Invalid("the body must be a JSON object");
    return WrongType(where, "an object");
  }
  const auto& type = *message.GetDescriptor();
  for (const auto& [key, element] : *object) {
    const auto* field = FindField(type, View(key));
    if (!field) return UnknownField(type, where, View(key));
    if (auto read = ReadField(element, PathOf(where, field->name()), message, *field); !read) {
      return read;
    }
    if (present) present->push_back(field->name());
  }
  return {};
}

// Line and column of a byte, both from 1.
std::string Position(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto begin = before.rfind('\n');
  const auto column = begin == std::string_view::npos ? offset + 1 : offset - begin;
  return fmt::format("line {}, column {}", line, column);
}

// JSON of a scalar's text, for the checks above.
Expected<void> PutText(std::string_view text, std::string_view where, Slot slot) {
  switch (slot.field().cpp_type()) {
    case Field::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return WrongType(where, "true or false");
      slot.Put(text == "true");
      return {};
    case Field::CPPTYPE_DOUBLE: {
      boost::json::error_code ec;
      const auto value = json::parse(json::string_view(text.data(), text.size()), ec);
      if (ec) return WrongType(where, "a number");
      return PutValue(value, where, slot);
    }
    case Field::CPPTYPE_ENUM:
      if (const auto number = ParseInteger(text)) return PutEnum(json::value(*number), where, slot);
      [[fallthrough]];
    default:
      return PutValue(json::value(json::string_view(text.data(), text.size())), where, slot);
  }
}

}  // namespace

Expected<void> ReadJson(std::string_view text,
                        pb::Message& message,
                        std::vector<std::string>* present) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::stream_parser parser({}, options);
  json::error_code ec;
  const auto consumed = parser.write_some(text.data(), text.size(), ec);
  if (!ec && consumed < text.size()) ec = json::error::extra_data;
  if (!ec) parser.finish(ec);
  if (ec) {
    return Fail(ErrorCode::kProtocol,
                fmt::format("the json request could not be decoded: {} at {}", ec.message(),
                            Position(text, consumed)),
                Origin::kClient);
  }
  return ReadObject(parser.release(), "", message, present);
}

Expected<void> ReadParameter(std::string_view path, std::string_view text, pb::Message& message) {
  const auto dot = path.find('.');
  const auto* field = FindField(*message.GetDescriptor(), path.substr(0, dot));
  if (!field) return Invalid(fmt::format("unknown parameter {}", Quoted(path)));
  if (dot != std::string_view::npos) {
    if (field->is_repeated() || field->cpp_type() != Field::CPPTYPE_MESSAGE || IsMask(*field)) {
      return Invalid(fmt::format("unknown parameter {}", Quoted(path)));
    }
    return ReadParameter(path.substr(dot + 1), text, Slot(message, *field).Sub());
  }
  if (field->cpp_type() == Field::CPPTYPE_MESSAGE && !IsMask(*field)) {
    return Invalid(fmt::format("parameter {} is an object: name a field of it", Quoted(path)));
  }
  if (!field->is_repeated()) message.GetReflection()->ClearField(&message, field);
  return PutText(text, field->name(), Slot(message, *field));
}

}  // namespace gateway::rpc
