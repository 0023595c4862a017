// Statement answers of any bytes: a text that ends early must never be worse than the whole, and
// rewriting must leave an answer that reads the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/error_answer.h"
#include "protocol/statement_answer.h"

namespace {

using gateway::protocol::QueryErrorJson;
using gateway::protocol::RewriteUris;
using gateway::protocol::ScanStatementAnswer;

constexpr std::string_view kGateway = "https://gw.example:8443";

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckScan(std::string_view text, std::size_t cut) {
  const auto answer = ScanStatementAnswer(text);
  if (!answer) return;
  for (const auto view :
       {answer->id, answer->info_uri, answer->next_uri, answer->partial_cancel_uri}) {
    Require(view.empty() ||
            (view.data() > text.data() && view.data() + view.size() < text.data() + text.size()));
  }
  if (cut > 0) Require(ScanStatementAnswer(text.substr(0, cut)).has_value());
}

void CheckRewrite(std::string_view text) {
  const auto before = ScanStatementAnswer(text);
  const auto once = RewriteUris(text, kGateway, "");
  Require(once.has_value() == before.has_value());
  if (!once) return;
  const auto after = ScanStatementAnswer(*once);
  Require(after && after->id == before->id && after->has_error == before->has_error);
  Require(RewriteUris(*once, kGateway, "") == *once);
  const auto tagged = RewriteUris(text, kGateway, "/~c1");
  Require(tagged.has_value() && tagged->size() >= once->size());
  const bool has_uris =
      !before->info_uri.empty() || !before->next_uri.empty() || !before->partial_cancel_uri.empty();
  Require(has_uris || *tagged == text);
}

// Whatever a client sent may come back in an error; it must stay one JSON text.
void CheckError(std::string_view text) {
  const auto json = QueryErrorJson(text, text, {text, 1, text});
  const auto answer = ScanStatementAnswer(json);
  Require(answer && answer->has_error && answer->next_uri.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Derived from the text, so that seeds can be plain JSON.
  CheckScan(text, size == 0 ? 0 : data[size / 2] * size / 256);
  CheckRewrite(text);
  CheckError(text.substr(0, 256));  // it only escapes: more text is no other case
  return 0;
}
