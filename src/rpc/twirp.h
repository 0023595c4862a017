// Twirp: POST /twirp/PACKAGE.SERVICE/METHOD with JSON or protobuf, as the clients of the system
// that users come from speak it. PACKAGE is ours or theirs; neither encoding carries it.
//
// Source: https://twitchtv.github.io/twirp/docs/spec_v7.html
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "rpc/message.h"
#include "rpc/method_table.h"

namespace gateway::rpc {

inline constexpr std::string_view kTwirpPrefix = "/twirp/";

// {"code":"not_found","msg":"..."}; always JSON.
Response TwirpError(const Error& error);
// For what is wrong before there is a method. `code`: one of Twirp's.
Response TwirpError(unsigned status, std::string_view code, std::string_view message);

// Null, with `refusal` filled (bad_route, 404): no such method, not a POST, another content type.
const Method* FindTwirpMethod(const MethodTable& table, const Request& request, Response& refusal);

// kInvalidArgument: the body is not what the method takes. kProtocol: it is no JSON or protobuf at
// all; TwirpError calls that `malformed`.
Expected<void> DecodeTwirp(const Request& request, google::protobuf::Message& message);

Response EncodeTwirp(const Request& request, const google::protobuf::Message& message);

}  // namespace gateway::rpc
