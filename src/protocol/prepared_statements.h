// The prepared statements that a client carries in X-Trino-Prepared-Statement headers.
//
// A header's value is a list of `name=text`, both form-url-encoded. Trino hands out long texts
// compressed: `$zstd:` and the base64url of a zstd frame.
// Threads: pure functions. Cost: only the text that is asked for is decoded.
// Source: Trino's HttpRequestSessionContextFactory and PreparedStatementEncoder.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gateway::protocol {

// What a text may be decompressed to; the default of Trino's query.max-length is 1,000,000.
inline constexpr std::size_t kMaxPreparedStatementBytes = 4 * 1024 * 1024;

// The text of the last statement of exactly that name in the headers' values. Nothing where
// there is none, or where its text is not encoded as Trino does it.
std::optional<std::string> FindPreparedStatement(std::span<const std::string_view> values,
                                                 std::string_view name);

// `+` and `%41` decoded. Nothing where a percent sign lacks its two hexadecimal digits.
std::optional<std::string> DecodeForm(std::string_view text);

}  // namespace gateway::protocol
