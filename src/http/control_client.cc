#include "http/control_client.h"

#include <fmt/format.h>

#include "http/body.h"
#include "http/head.h"

namespace gateway::http {
namespace {

constexpr std::size_t kHeadLimit = 64 * 1024;
constexpr std::size_t kMaxFields = 200;

std::string Serialise(const ControlRequest& request) {
  auto text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: trino-gateway\r\n"
                          "Accept: application/json\r\nConnection: close\r\n",
                          request.method, request.target, request.url.Authority());
  for (const auto& [name, value] : request.fields) {
    fmt::format_to(std::back_inserter(text), "{}: {}\r\n", name, value);
  }
  if (request.method != "GET") {
    fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", request.body.size());
  }
  return text + "\r\n" + request.body;
}

std::string ValueOf(const ResponseHead& head, std::string_view name) {
  const auto* field = FindField(head.fields, name);
  return field ? std::string(field->value) : std::string();
}

Awaitable<Expected<std::string>> ReceiveHead(Connection& connection) {
  while (true) {
    const auto arrived = connection.unread();
    const auto end = FindHeadEnd(arrived);
    if (end != std::string_view::npos) {
      std::string text(arrived.substr(0, end));
      connection.Consume(end);
      co_return text;
    }
    auto filled = co_await connection.Fill(kHeadLimit);
    if (!filled) co_return std::unexpected(std::move(filled).error());
  }
}

}  // namespace

ControlClient::ControlClient(asio::io_context& io, Deadlines& deadlines)
    : deadlines_(deadlines), connector_(io, deadlines) {}

Awaitable<Expected<ControlResponse>> ControlClient::Fetch(ControlRequest request) {
  const auto connected = co_await connector_.Connect(request.url, request.deadline);
  if (!connected) co_return std::unexpected(connected.error());
  auto& connection = **connected;
  connection.SetDeadline(request.deadline);
  auto written = co_await connection.Write(Serialise(request));
  if (!written) co_return std::unexpected(std::move(written).error());

  const auto text = co_await ReceiveHead(connection);
  if (!text) co_return std::unexpected(text.error());
  ResponseHead head;
  auto parsed = ParseResponseHead(*text, kMaxFields, head);
  if (!parsed) co_return std::unexpected(std::move(parsed).error());
  const auto framing = ResponseFraming(head, request.method);
  if (!framing) co_return std::unexpected(framing.error());

  ControlResponse response{head.status, ValueOf(head, "content-type"), ValueOf(head, "location"),
                           {}};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(request.deadline -
                                                                          deadlines_.Now());
  BodyReader body(connection, *framing, Origin::kBackend, deadlines_, left);
  while (true) {
    const auto piece = co_await body.NextContent();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) break;
    if (response.body.size() + piece->size() > request.body_limit) {
      co_return Fail(ErrorCode::kTooLarge,
                     fmt::format("the answer exceeds {} bytes", request.body_limit),
                     Origin::kBackend);
    }
    response.body.append(*piece);
  }
  connection.Close();
  co_return response;
}

}  // namespace gateway::http
