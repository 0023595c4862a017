// The one error type of all rooms, and the result type that carries it.
//
// A code exists because a caller acts on it; what only a reader needs is in the message.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

enum class ErrorCode : std::uint8_t {
  kInvalidArgument,   // the input is wrong and stays wrong: tell its author what is allowed
  kNotFound,          // nothing of that name
  kAlreadyExists,     // something of that name is there
  kConflict,          // the state forbids it: referred to, owned by the file
  kAborted,           // it was changed meanwhile: read it again and repeat
  kAmbiguous,         // several answers where one is needed
  kTooLarge,          // over a configured limit
  kTimeout,           // no answer before the deadline
  kCancelled,         // the caller gave up, or we are shutting down
  kRefused,           // no connection could be made
  kTlsVersion,        // the peer speaks no TLS, or no version that we accept
  kTlsCertificate,    // we do not accept the peer's certificate, or it does not accept ours
  kClosed,            // the connection ended, before or amid a message
  kProtocol,          // bytes that are not what the protocol allows
  kUnsupported,       // allowed by the protocol, but not done here
  kUnauthenticated,   // who calls is not known, or not proven: send credentials
  kPermissionDenied,  // known, but may not do this
  kUnavailable,       // not now: retry later
  kInternal,          // our own fault
};

// Whose fault it is.
enum class Origin : std::uint8_t { kGateway, kClient, kBackend, kStore };

struct Error {
  ErrorCode code;
  Origin origin;
  std::string message;  // for the log and the operator; never a credential, never SQL
};

template <typename T>
using Expected = std::expected<T, Error>;

// The unexpected value to return from a function that failed.
[[nodiscard]] inline std::unexpected<Error> Fail(ErrorCode code,
                                                 std::string message,
                                                 Origin origin = Origin::kGateway) {
  return std::unexpected(Error{code, origin, std::move(message)});
}

// Names for logs and metrics: "invalid_argument", "backend". Static storage.
std::string_view NameOf(ErrorCode code);
std::string_view NameOf(Origin origin);

}  // namespace gateway
