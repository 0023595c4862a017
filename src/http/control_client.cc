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
constexpr IdleConnections::Limits kKept{
    .per_key = 1, .idle_timeout = std::chrono::seconds(60), .life = std::chrono::seconds(60)};

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
  auto text = fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\n{}Accept: {}\r\n{}", request.method, request.target,
      request.url.Authority(), HasUserAgent(request) ? "" : "User-Agent: trino-gateway\r\n",
      request.accept, request.reuse == Reuse::kNever ? "Connection: close\r\n" : "");
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

// Who may use a connection again: the same address, and the same certificates.
std::string KeyOf(const ControlRequest& request) {
  return fmt::format("{} {}", request.url.ToString(), fmt::ptr(request.tls.get()));
}

// True: the connection can be used again. `response` has a status once the head is there.
Awaitable<Expected<bool>> Talk(Connection& connection,
                               const ControlRequest& request,
                               Deadlines& deadlines,
                               ControlResponse& response) {
  auto written = co_await connection.Write(Serialise(request));
  if (!written) co_return std::unexpected(std::move(written).error());

  ResponseHead head;
  const auto text = co_await ReceiveFinalHead(connection, head);
  if (!text) co_return std::unexpected(text.error());
  response.status = head.status;
  const auto framing = ResponseFraming(head, request.method);
  if (!framing) co_return std::unexpected(framing.error());
  response.content_type = ValueOf(head, "content-type");
  response.location = ValueOf(head, "location");
  response.set_cookie = ValueOf(head, "set-cookie");

  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(request.deadline - deadlines.Now());
  BodyReader reader(connection, *framing, Origin::kBackend, deadlines, left);
  auto body = co_await ReceiveBody(reader, request.body_limit);
  if (!body) co_return std::unexpected(std::move(body).error());
  response.body = std::move(*body);
  co_return framing->kind != BodyKind::kUntilClose&& KeepsAlive(head.minor_version, head.fields);
}

}  // namespace

// What came of a request on one connection.
struct ControlClient::Attempt {
  Expected<ControlResponse> response;
  bool stale = false;  // the kept connection had been closed before any of the answer
};

ControlClient::ControlClient(asio::io_context& io, Deadlines& deadlines)
    : deadlines_(deadlines), connector_(io, deadlines), idle_(deadlines, kKept) {}

Awaitable<Expected<ControlResponse>> ControlClient::Fetch(ControlRequest request) {
  if (!IsTarget(request.target)) {
    co_return Fail(ErrorCode::kInvalidArgument,
                   "the request target must begin with '/' and hold neither blanks nor control "
                   "characters");
  }
  auto kept = request.reuse == Reuse::kAlways ? idle_.Take(KeyOf(request)) : nullptr;
  auto attempt = co_await Try(request, std::move(kept));
  if (attempt.stale) attempt = co_await Try(request, nullptr);
  co_return std::move(attempt.response);
}

void ControlClient::CloseIdle() {
  idle_.Clear();
  connector_.GiveUpLookups();
}

// On `kept`, or, if that is null, on a new connection.
Awaitable<ControlClient::Attempt> ControlClient::Try(const ControlRequest& request,
                                                     ConnectionPtr kept) {
  const bool reused = kept != nullptr;
  if (!reused) {
    auto made = co_await connector_.Connect(request.url, request.deadline, request.tls.get());
    if (!made) co_return Attempt{std::unexpected(std::move(made).error())};
    kept = std::move(*made);
    // It may be kept for longer than the request is.
    if (request.tls) kept->OnEnd([tls = request.tls] {});
  }
  const CallDeadline watch(deadlines_, *kept, request.deadline);
  ControlResponse response;
  const auto reusable = co_await Talk(*kept, request, deadlines_, response);
  if (reusable && *reusable && request.reuse != Reuse::kNever) {
    idle_.Keep(KeyOf(request), std::move(kept));
    co_return Attempt{std::move(response)};
  }
  const bool begun = response.status != 0 || !kept->unread().empty();
  // A read may still be under way in the background, and it would keep the connection.
  kept->Close();
  if (reusable) co_return Attempt{std::move(response)};
  if (watch.expired()) {
    co_return Attempt{
        Fail(ErrorCode::kTimeout, "no complete answer before the deadline", Origin::kBackend)};
  }
  const bool stale = reused && !begun && reusable.error().code == ErrorCode::kClosed;
  co_return Attempt{std::unexpected(reusable.error()), stale};
}

}  // namespace gateway::http
