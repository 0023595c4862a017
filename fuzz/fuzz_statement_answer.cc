// Statement answers of any bytes, cut off anywhere: views stay within the text, and rewriting
// changes nothing that is not a URI.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "protocol/statement_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto answer = gateway::protocol::ScanStatementAnswer(text);
  const auto rewritten = gateway::protocol::RewriteUris(text, "https://gw", "/~c1");
  if (answer.has_value() != rewritten.has_value()) std::abort();
  if (!answer) return 0;
  for (const auto view :
       {answer->id, answer->info_uri, answer->next_uri, answer->partial_cancel_uri}) {
    if (view.empty()) continue;
    if (view.data() < text.data() || view.data() + view.size() > text.data() + size) std::abort();
  }
  const bool has_uris =
      !answer->info_uri.empty() || !answer->next_uri.empty() || !answer->partial_cancel_uri.empty();
  if (!has_uris && *rewritten != text) std::abort();
  return 0;
}
