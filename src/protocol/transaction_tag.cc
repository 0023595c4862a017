#include "protocol/transaction_tag.h"

#include "base/strings.h"

namespace gateway::protocol {

std::string TagTransaction(std::string_view id, std::string_view backend_id) {
  std::string tagged;
  tagged.reserve(id.size() + 1 + backend_id.size());
  tagged.append(id).append("~").append(backend_id);
  return tagged;
}

TaggedTransaction SplitTransaction(std::string_view value) {
  const auto mark = value.rfind('~');
  if (mark == std::string_view::npos || !IsValidId(value.substr(mark + 1))) return {value, {}};
  return {value.substr(0, mark), value.substr(mark + 1)};
}

bool NamesTransaction(std::string_view value) {
  return !value.empty() && !EqualsIgnoreCase(value, "NONE");
}

}  // namespace gateway::protocol
