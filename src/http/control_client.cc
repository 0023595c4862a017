#include "http/control_client.h"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <fmt/format.h>

namespace gateway::http {
namespace {

namespace beast = boost::beast;
namespace ssl = boost::asio::ssl;

using Stream = beast::basic_stream<tcp, Executor>;
using TlsStream = ssl::stream<Stream>;
using Request = beast::http::request<beast::http::string_body>;

std::unexpected<Error> FailStep(std::string_view step, const error_code& ec) {
  auto code = ErrorCode::kClosed;
  if (ec == beast::error::timeout) {
    code = ErrorCode::kTimeout;
  } else if (ec == asio::error::operation_aborted) {
    code = ErrorCode::kCancelled;
  } else if (step == "connect" || step == "resolve") {
    code = ErrorCode::kRefused;
  } else if (ec == beast::http::error::body_limit) {
    code = ErrorCode::kTooLarge;
  } else if (step == "tls" || (ec.category() == make_error_code(beast::http::error::bad_version).category() &&
                               ec != beast::http::error::end_of_stream)) {
    code = ErrorCode::kProtocol;
  }
  const auto message = code == ErrorCode::kTimeout ? std::string("timed out") : ec.message();
  return Fail(code, fmt::format("{}: {}", step, message), Origin::kBackend);
}

Request BuildRequest(const ControlRequest& request) {
  Request message(beast::http::string_to_verb(request.method), request.target, 11);
  message.set(beast::http::field::host, request.url.Authority());
  message.set(beast::http::field::user_agent, "trino-gateway");
  for (const auto& [name, value] : request.fields) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();
  message.keep_alive(false);
  return message;
}

template <typename AnyStream>
Awaitable<Expected<ControlResponse>> Exchange(AnyStream& stream, const ControlRequest& request) {
  const auto message = BuildRequest(request);
  const auto [write_error, written] =
      co_await beast::http::async_write(stream, message, kTuple);
  if (write_error) co_return FailStep("send", write_error);

  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(request.body_limit);
  const auto [read_error, size] = co_await beast::http::async_read(stream, buffer, parser, kTuple);
  if (read_error) co_return FailStep("receive", read_error);

  auto& answer = parser.get();
  ControlResponse response;
  response.status = static_cast<int>(answer.result_int());
  response.content_type = std::string(answer[beast::http::field::content_type]);
  response.location = std::string(answer[beast::http::field::location]);
  response.body = std::move(answer.body());
  co_return response;
}

Awaitable<Expected<ControlResponse>> ExchangeTls(Stream stream, const ControlRequest& request) {
  ssl::context context(ssl::context::tls_client);
  error_code ec;
  context.set_default_verify_paths(ec);
  TlsStream tls(std::move(stream), context);
  tls.set_verify_mode(ssl::verify_peer, ec);
  tls.set_verify_callback(ssl::host_name_verification(request.url.host), ec);
  SSL_set_tlsext_host_name(tls.native_handle(), request.url.host.c_str());
  const auto [shake_error] = co_await tls.async_handshake(ssl::stream_base::client, kTuple);
  if (shake_error) co_return FailStep("tls", shake_error);
  co_return co_await Exchange(tls, request);
}

}  // namespace

Awaitable<Expected<ControlResponse>> Fetch(asio::io_context& io, ControlRequest request) {
  asio::ip::basic_resolver<tcp, Executor> resolver(io.get_executor());
  const auto [resolve_error, endpoints] =
      co_await resolver.async_resolve(request.url.host, std::to_string(request.url.port), kTuple);
  if (resolve_error) co_return FailStep("resolve", resolve_error);

  Stream stream(io.get_executor());
  stream.expires_at(request.deadline);
  const auto [connect_error, endpoint] = co_await stream.async_connect(endpoints, kTuple);
  if (connect_error) co_return FailStep("connect", connect_error);
  if (request.url.tls) co_return co_await ExchangeTls(std::move(stream), request);
  co_return co_await Exchange(stream, request);
}

}  // namespace gateway::http
