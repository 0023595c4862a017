#include "rpc/embedded.h"

#include <algorithm>

namespace gateway::rpc {
namespace {

// The build names the folders (--embed-dir): openapi.json is generated, Swagger UI comes from npm.
// The formatter takes the names for expressions.
// clang-format off
constexpr char kOpenapi[] = {
#embed <openapi.json>
};
constexpr char kBundle[] = {
#embed <swagger-ui-bundle.js>
};
constexpr char kStyle[] = {
#embed <swagger-ui.css>
};
constexpr char kIcon[] = {
#embed <favicon-32x32.png>
};
constexpr char kPage[] = {
#embed "index.html"
};
constexpr char kScript[] = {
#embed "start.js"
};
// clang-format on

constexpr std::string_view kJavascript = "text/javascript; charset=utf-8";

template <std::size_t Size>
constexpr std::string_view View(const char (&content)[Size]) {
  return {content, Size};
}

constexpr EmbeddedFile kFiles[] = {
    {"/openapi.json", View(kOpenapi), "application/json"},
    {"/swagger/", View(kPage), "text/html; charset=utf-8"},
    {"/swagger/start.js", View(kScript), kJavascript},
    {"/swagger/swagger-ui-bundle.js", View(kBundle), kJavascript},
    {"/swagger/swagger-ui.css", View(kStyle), "text/css; charset=utf-8"},
    {"/swagger/favicon.png", View(kIcon), "image/png"},
};

}  // namespace

std::optional<EmbeddedFile> FindEmbedded(std::string_view path) {
  const auto found = std::ranges::find(kFiles, path, &EmbeddedFile::path);
  if (found == std::end(kFiles)) return std::nullopt;
  return *found;
}

}  // namespace gateway::rpc
