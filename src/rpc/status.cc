#include "rpc/status.h"

namespace gateway::rpc {
namespace {

constexpr Status kInvalidArgument{"invalid_argument", 3, 400, 400, "invalid_argument"};
constexpr Status kNotFound{"not_found", 5, 404, 404, "not_found"};
constexpr Status kAlreadyExists{"already_exists", 6, 409, 409, "already_exists"};
// Twirp answers 412 for failed_precondition by itself; nothing here depends on a header, though.
constexpr Status kFailedPrecondition{"failed_precondition", 9, 409, 409, "failed_precondition"};
// RFC 9110 §13.1.1: a false If-Match is 412.
constexpr Status kAborted{"aborted", 10, 412, 409, "aborted"};
constexpr Status kResourceExhausted{"resource_exhausted", 8, 413, 413, "resource_exhausted"};
constexpr Status kCancelled{"cancelled", 1, 499, 408, "canceled"};
constexpr Status kUnimplemented{"unimplemented", 12, 501, 501, "unimplemented"};
constexpr Status kUnauthenticated{"unauthenticated", 16, 401, 401, "unauthenticated"};
constexpr Status kPermissionDenied{"permission_denied", 7, 403, 403, "permission_denied"};
constexpr Status kUnavailable{"unavailable", 14, 503, 503, "unavailable"};
constexpr Status kInternal{"internal", 13, 500, 500, "internal"};

}  // namespace

const Status& StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kProtocol:
      return kInvalidArgument;
    case ErrorCode::kNotFound:
      return kNotFound;
    case ErrorCode::kAlreadyExists:
      return kAlreadyExists;
    case ErrorCode::kConflict:
    case ErrorCode::kAmbiguous:
      return kFailedPrecondition;
    case ErrorCode::kAborted:
      return kAborted;
    case ErrorCode::kTooLarge:
      return kResourceExhausted;
    case ErrorCode::kCancelled:
      return kCancelled;
    case ErrorCode::kUnsupported:
      return kUnimplemented;
    case ErrorCode::kUnauthenticated:
      return kUnauthenticated;
    case ErrorCode::kPermissionDenied:
      return kPermissionDenied;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
    case ErrorCode::kRefused:
    case ErrorCode::kClosed:
    case ErrorCode::kTlsVersion:
    case ErrorCode::kTlsCertificate:
      return kUnavailable;
    case ErrorCode::kInternal:
      return kInternal;
  }
  return kInternal;
}

std::string_view MessageFor(const Error& error) {
  if (error.code == ErrorCode::kInternal) return "a fault of the gateway; its log says more";
  return error.message;
}

}  // namespace gateway::rpc
