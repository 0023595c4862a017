#include "rpc/enum_names.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gateway::rpc {

std::string NamesOf(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string_view> names;
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace gateway::rpc
