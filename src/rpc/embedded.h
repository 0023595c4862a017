// Files that are part of the binary: the API's definition and Swagger UI.
//
// Threads: constants.
#pragma once

#include <optional>
#include <string_view>

namespace gateway::rpc {

struct EmbeddedFile {
  std::string_view path;  // under which it is served
  std::string_view content;
  std::string_view content_type;
};

// Nothing: there is none of that path.
std::optional<EmbeddedFile> FindEmbedded(std::string_view path);

}  // namespace gateway::rpc
