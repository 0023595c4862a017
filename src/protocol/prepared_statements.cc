#include "protocol/prepared_statements.h"

#include <cstdint>
#include <memory>

#include <zstd.h>

#include "base/strings.h"

namespace gateway::protocol {
namespace {

constexpr std::string_view kCompressed = "$zstd:";

int HexadecimalValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : -1;
}

// Base64 with the alphabet for URLs; the padding may be left out.
std::optional<std::string> DecodeBase64Url(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string decoded;
  decoded.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = Base64Value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    decoded.push_back(static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU));
  }
  return decoded;
}

// In pieces, so that a frame which claims to be huge costs no memory. The window a frame asks for
// is bounded as the text is: a smaller one would refuse frames that Trino makes.
std::optional<std::string> Decompress(std::string_view compressed) {
  constexpr int kWindowLog = 22;  // 4 MiB
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  if (!context) return std::nullopt;
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLog);
  std::string text;
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  for (;;) {
    char piece[16 * 1024];
    ZSTD_outBuffer out{piece, sizeof(piece), 0};
    const auto left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0U) return std::nullopt;
    text.append(piece, out.pos);
    if (text.size() > kMaxPreparedStatementBytes) return std::nullopt;
    if (left == 0) break;                                              // the frame is over
    if (in.pos == in.size && out.pos < out.size) return std::nullopt;  // it was cut off
  }
  if (in.pos != in.size) return std::nullopt;
  return text;
}

std::optional<std::string> DecodeText(std::string_view value) {
  auto text = DecodeForm(value);
  if (!text || !text->starts_with(kCompressed)) return text;
  const auto compressed = DecodeBase64Url(std::string_view(*text).substr(kCompressed.size()));
  return compressed ? Decompress(*compressed) : std::nullopt;
}

}  // namespace

std::optional<std::string> DecodeForm(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = HexadecimalValue(text[i + 1]);
    const int low = HexadecimalValue(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

std::optional<std::string> FindPreparedStatement(std::span<const std::string_view> values,
                                                 std::string_view name) {
  std::optional<std::string_view> text;
  for (const auto value : values) {
    for (const auto element : SplitList(value)) {
      const auto equals = element.find('=');
      if (equals == std::string_view::npos) continue;
      if (DecodeForm(Trim(element.substr(0, equals))) != name) continue;
      text = Trim(element.substr(equals + 1));  // of one name Trino takes the last
    }
  }
  return text ? DecodeText(*text) : std::nullopt;
}

}  // namespace gateway::protocol
