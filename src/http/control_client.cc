#include "http/control_client.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/strings.h"
#include "http/body.h"
#include "http/head.h"

namespace gateway::http {
namespace {

constexpr std::size_t kHeadLimit = 64 * 1024;
constexpr std::size_t kMaxFields = 200;

// Ends the whole call, however often the backend sends a little.
class CallDeadline final : public Expiring {
 public:
  CallDeadline(Deadlines& deadlines, Connection& connection, Clock::TimePoint deadline)
      : Expiring(deadlines), connection_(connection) {
    SetDeadline(deadline);
  }
  bool expired() const { return expired_; }

 protected:
  void Expire() override {
    expired_ = true;
    connection_.Close();
  }

 private:
  Connection& connection_;
  bool expired_ = false;
};

// Targets come from answers of backends (nextUri): one with a line break would be two requests.
bool IsTarget(std::string_view target) {
  return target.starts_with('/') &&
         std::ranges::all_of(target, [](char c) { return c > ' ' && c != '\x7f'; });
}

bool HasUserAgent(const ControlRequest& request) {
  return std::ranges::any_of(request.fields, [](const auto& field) {
    return EqualsIgnoreCase(field.first, "user-agent");
  });
}

std::string Serialise(const ControlRequest& request) {
  auto text =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}Accept: {}\r\nConnection: close\r\n",
                  request.method, request.target, request.url.Authority(),
                  HasUserAgent(request) ? "" : "User-Agent: trino-gateway\r\n", request.accept);
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

// Interim answers (100, 103) are passed over.
Awaitable<Expected<std::string>> ReceiveFinalHead(Connection& connection, ResponseHead& head) {
  while (true) {
    auto text = co_await ReceiveHead(connection);
    if (!text) co_return text;
    auto parsed = ParseResponseHead(*text, kMaxFields, head);
    if (!parsed) co_return std::unexpected(std::move(parsed).error());
    if (head.status >= 200) co_return text;
  }
}

Awaitable<Expected<std::string>> ReceiveBody(BodyReader& body, std::size_t limit) {
  std::string received;
  while (true) {
    const auto piece = co_await body.NextContent();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return received;
    if (received.size() + piece->size() > limit) {
      co_return Fail(ErrorCode::kTooLarge, fmt::format("the answer exceeds {} bytes", limit),
                     Origin::kBackend);
    }
    received.append(*piece);
  }
}

Awaitable<Expected<ControlResponse>> Talk(Connection& connection,
                                          const ControlRequest& request,
                                          Deadlines& deadlines) {
  auto written = co_await connection.Write(Serialise(request));
  if (!written) co_return std::unexpected(std::move(written).error());

  ResponseHead head;
  const auto text = co_await ReceiveFinalHead(connection, head);
  if (!text) co_return std::unexpected(text.error());
  const auto framing = ResponseFraming(head, request.method);
  if (!framing) co_return std::unexpected(framing.error());
  ControlResponse response{head.status,
                           ValueOf(head, "content-type"),
                           ValueOf(head, "location"),
                           ValueOf(head, "set-cookie"),
                           {}};

  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(request.deadline - deadlines.Now());
  BodyReader reader(connection, *framing, Origin::kBackend, deadlines, left);
  auto body = co_await ReceiveBody(reader, request.body_limit);
  if (!body) co_return std::unexpected(std::move(body).error());
  response.body = std::move(*body);
  co_return response;
}

}  // namespace

ControlClient::ControlClient(asio::io_context& io, Deadlines& deadlines)
    : deadlines_(deadlines), connector_(io, deadlines) {}

Awaitable<Expected<ControlResponse>> ControlClient::Fetch(ControlRequest request) {
  if (!IsTarget(request.target)) {
    co_return Fail(ErrorCode::kInvalidArgument,
                   "the request target must begin with '/' and hold neither blanks nor control "
                   "characters");
  }
  const auto connected =
      co_await connector_.Connect(request.url, request.deadline, request.tls.get());
  if (!connected) co_return std::unexpected(connected.error());
  auto& connection = **connected;
  const CallDeadline watch(deadlines_, connection, request.deadline);
  auto response = co_await Talk(connection, request, deadlines_);
  // A read may still be under way in the background, and it would keep the connection.
  connection.Close();
  if (!response && watch.expired()) {
    co_return Fail(ErrorCode::kTimeout, "no complete answer before the deadline", Origin::kBackend);
  }
  co_return response;
}

}  // namespace gateway::http
