#include "rpc/patch.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <fmt/format.h>
#include <google/api/field_behavior.pb.h>
#include <google/protobuf/descriptor.h>

namespace gateway::rpc {
namespace {

namespace pb = google::protobuf;

bool NamesTheObject(std::string_view path) { return path == "id" || path == "etag"; }

bool IsOnlyShown(const pb::FieldDescriptor* field) {
  const auto& options = field->options();
  for (int i = 0; i < options.ExtensionSize(google::api::field_behavior); ++i) {
    if (options.GetExtension(google::api::field_behavior, i) == google::api::OUTPUT_ONLY) {
      return true;
    }
  }
  return false;
}

bool Has(const pb::Message& message, const pb::FieldDescriptor* field) {
  return field->is_repeated() ? message.GetReflection()->FieldSize(message, field) > 0
                              : message.GetReflection()->HasField(message, field);
}

// Makes the field of `target` as that of `patch`.
void TakeOver(const pb::Message& patch, const pb::FieldDescriptor* field, pb::Message& target) {
  target.GetReflection()->ClearField(&target, field);
  if (!Has(patch, field)) return;
  const std::unique_ptr<pb::Message> only(patch.New());
  only->CopyFrom(patch);
  std::vector<const pb::FieldDescriptor*> set;
  only->GetReflection()->ListFields(*only, &set);
  for (const auto* other : set) {
    if (other != field) only->GetReflection()->ClearField(only.get(), other);
  }
  target.MergeFrom(*only);
}

Expected<void> ApplyPath(const pb::Message& patch, std::string_view path, pb::Message& target) {
  const auto dot = path.find('.');
  const auto* field = patch.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  const bool leaf = dot == std::string_view::npos;
  if (!field || (!leaf && (field->is_repeated() ||
                           field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE))) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("update_mask names '{}', which is not a field", path.substr(0, 64)),
                Origin::kClient);
  }
  if (IsOnlyShown(field)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("field '{}' is only shown: no write changes it, so leave it out", path),
                Origin::kClient);
  }
  if (leaf) {
    TakeOver(patch, field, target);
    return {};
  }
  return ApplyPath(patch.GetReflection()->GetMessage(patch, field), path.substr(dot + 1),
                   *target.GetReflection()->MutableMessage(&target, field));
}

}  // namespace

std::vector<std::string> PathsOf(const pb::FieldMask& mask, const pb::Message& patch) {
  std::vector<std::string> paths(mask.paths().begin(), mask.paths().end());
  if (paths.empty()) {
    std::vector<const pb::FieldDescriptor*> set;
    patch.GetReflection()->ListFields(patch, &set);
    for (const auto* field : set) paths.push_back(field->name());
  }
  std::erase_if(paths, NamesTheObject);
  return paths;
}

Expected<void> ApplyPatch(const pb::Message& patch,
                          const std::vector<std::string>& paths,
                          pb::Message& target) {
  for (const auto& path : paths) {
    if (auto applied = ApplyPath(patch, path, target); !applied) return applied;
  }
  return {};
}

}  // namespace gateway::rpc
