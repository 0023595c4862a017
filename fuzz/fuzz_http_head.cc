// Heads of any bytes: the parser must refuse or accept, and views must stay within the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto within = [text](std::string_view view) {
    return view.empty() ||
           (view.data() >= text.data() && view.data() + view.size() <= text.data() + text.size());
  };
  gateway::http::RequestHead request;
  if (gateway::http::ParseRequestHead(text, 50, request)) {
    // "http://host" becomes "/", which is not a part of the text.
    if (!within(request.target) && request.target != "/") std::abort();
    if (request.target.front() != '/') std::abort();
    for (const auto& field : request.fields) {
      if (!within(field.name) || !within(field.value)) std::abort();
      if (field.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        std::abort();
      }
    }
    static_cast<void>(gateway::http::RequestFraming(request));
  }
  gateway::http::ResponseHead response;
  if (gateway::http::ParseResponseHead(text, 50, response)) {
    static_cast<void>(gateway::http::ResponseFraming(response, "GET"));
  }
  return 0;
}
