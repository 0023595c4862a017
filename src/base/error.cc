#include "base/error.h"

namespace gateway {

std::string_view NameOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kAlreadyExists:
      return "already_exists";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kAborted:
      return "aborted";
    case ErrorCode::kAmbiguous:
      return "ambiguous";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kRefused:
      return "refused";
    case ErrorCode::kTlsVersion:
      return "tls_version";
    case ErrorCode::kTlsCertificate:
      return "tls_certificate";
    case ErrorCode::kClosed:
      return "closed";
    case ErrorCode::kProtocol:
      return "protocol";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "unknown";
}

std::string_view NameOf(Origin origin) {
  switch (origin) {
    case Origin::kGateway:
      return "gateway";
    case Origin::kClient:
      return "client";
    case Origin::kBackend:
      return "backend";
    case Origin::kStore:
      return "store";
  }
  return "unknown";
}

}  // namespace gateway
