// The notations of single values in the configuration file.
//
// Each parser takes the text of a value. kInvalidArgument: the message quotes the text, unless it
// is a secret, and says what is allowed.
// Threads: pure functions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "app/config.h"
#include "base/error.h"
#include "telemetry/access_log.h"

namespace gateway::app {

// `10s`, `500ms`, `2m`, `1h`, from `minimum` to 24h.
Expected<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                  std::chrono::milliseconds minimum);

// `64KiB`, `1MiB`, or plain bytes, from `minimum` to `maximum` bytes.
Expected<std::size_t> ParseSize(std::string_view text, std::size_t minimum, std::size_t maximum);

// Decimal digits, from `minimum` to `maximum`.
Expected<std::uint64_t> ParseCount(std::string_view text,
                                   std::uint64_t minimum,
                                   std::uint64_t maximum);

// `true` or `false`.
Expected<bool> ParseBool(std::string_view text);

// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`. No other names, as they may stand for several
// addresses; localhost is 127.0.0.1. Port 0: any.
Expected<Address> ParseAddress(std::string_view text);

Expected<std::string> ParseId(std::string_view text);

// Any text; the reader has refused an empty one.
Expected<std::string> ParseText(std::string_view text);

// What may stand in a header: printable ASCII.
Expected<std::string> ParseUser(std::string_view text);

// `off`, `sampled` or `all`.
Expected<telemetry::AccessLogOptions::Mode> ParseAccessMode(std::string_view text);

// `none` (false) or `delegated` (true).
Expected<bool> ParseListenerAuth(std::string_view text);

// `route` (false) or `refuse` (true).
Expected<bool> ParseTransactions(std::string_view text);

// Any name that a header can have.
Expected<std::string> ParseHeaderName(std::string_view text);

// A secret that is sent in a header: printable ASCII without blanks.
Expected<std::string> ParseToken(std::string_view text);

// A password: printable ASCII, blanks included.
Expected<std::string> ParseSecret(std::string_view text);

// As store/store_url.h says. A secret: it may carry a password.
Expected<std::string> ParseStoreUrl(std::string_view text);

}  // namespace gateway::app
