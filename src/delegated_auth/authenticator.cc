#include "delegated_auth/authenticator.h"

#include <stdexcept>
#include <exception>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/ranges.h"

namespace gateway::delegated_auth {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxAnswerBytes = 16 * 1024;
// Guessing passwords must not turn into any number of connections to the service.
constexpr std::size_t kMaxCalls = 256;
constexpr std::chrono::seconds kLogInterval{10};
constexpr std::string_view kRefusedMessage = "user not authenticated";
constexpr std::string_view kUnavailableMessage = "credentials cannot be checked now";

std::string RequestJson(const std::string& user, const std::string& password) {
  return json::serialize(json::object{{"email", user}, {"token", password}});
}

std::unexpected<Error> Unclear(std::string what) {
  return Fail(ErrorCode::kProtocol, std::move(what), Origin::kBackend);
}

// Accepted only by {"ok": true} with a status that says the same.
Expected<bool> ReadAnswer(const http::ControlResponse& response) {
  const bool good = response.status >= 200 && response.status < 300;
  const bool refusal = response.status == 401 || response.status == 403;
  if (!good && !refusal) return Unclear(fmt::format("the provider answered {}", response.status));
  boost::system::error_code ec;
  const auto value = json::parse(json::string_view(response.body), ec);
  const auto* ok = !ec && value.is_object() ? value.get_object().if_contains("ok") : nullptr;
  if (!ok || !ok->is_bool()) {
    return Unclear("the provider's answer is not {\"ok\": true} or {\"ok\": false}");
  }
  // 401 with ok=true, say: its own token is wrong, or it is broken.
  if (refusal && ok->get_bool()) return Unclear("the provider's answer contradicts its status");
  return ok->get_bool();
}

}  // namespace

Authenticator::Authenticator(DelegatedAuthOptions options,
                             http::asio::io_context& io,
                             http::Deadlines& deadlines,
                             telemetry::Logger& logger,
                             telemetry::Metrics& metrics)
    : options_(std::move(options)),
      deadlines_(deadlines),
      logger_(logger),
      metrics_(metrics),
      client_(io, deadlines),
      accepted_(options_.entries),
      refused_(options_.entries) {
  if (RAND_bytes(salt_.data(), static_cast<int>(salt_.size())) != 1) {
    throw std::runtime_error("the system has no random numbers for a salt");
  }
}

Awaitable<AuthResult> Authenticator::Check(std::span<const http::HeaderField> fields) {
  auto credentials = ReadCredentials(fields);
  if (!credentials) {
    co_return AuthResult{Verdict::kRefused, {}, std::move(credentials).error().message};
  }
  const auto user = credentials->named_user.empty() ? credentials->user : credentials->named_user;
  const auto original = credentials->original_user;
  const auto authenticated = credentials->user;
  switch (co_await Ask(std::move(*credentials))) {
    case Verdict::kRefused:
      co_return AuthResult{Verdict::kRefused, {}, std::string(kRefusedMessage)};
    case Verdict::kUnavailable:
      co_return AuthResult{Verdict::kUnavailable, {}, std::string(kUnavailableMessage)};
    case Verdict::kAccepted:
      break;
  }
  // After the password: who has none learns nothing about who may do what.
  if (!MayActAs(authenticated, user) || (!original.empty() && !MayActAs(authenticated, original))) {
    co_return AuthResult{
        Verdict::kRefused, {}, "the credentials are of another user than X-Trino-User"};
  }
  co_return AuthResult{Verdict::kAccepted, user, {}};
}

// From a cache, from a call under way, or by a call.
Awaitable<Verdict> Authenticator::Ask(Credentials credentials) {
  auto key = KeyOf(credentials);
  if (key.empty()) co_return Verdict::kUnavailable;
  const auto now = deadlines_.Now();
  if (accepted_.Find(key, now)) co_return Verdict::kAccepted;
  if (refused_.Find(key, now)) co_return Verdict::kRefused;
  auto work = AskAndKeep(key, std::move(credentials.user), std::move(credentials.password));
  co_return co_await flights_.Run(std::move(key), std::move(work));
}

Awaitable<Verdict> Authenticator::AskAndKeep(std::string key,
                                             std::string user,
                                             std::string password) {
  if (calls_ >= kMaxCalls) co_return Verdict::kUnavailable;
  ++calls_;
  const auto answer = co_await AskProvider(user, password);
  --calls_;
  if (!answer) {
    Report(answer.error());
    co_return Verdict::kUnavailable;
  }
  metrics_.AuthProviderAsked(*answer ? "ok" : "refused");
  const auto ttl = *answer ? options_.cache_ttl : options_.failure_ttl;
  (*answer ? accepted_ : refused_).Put(std::move(key), true, deadlines_.Now() + ttl);
  co_return *answer ? Verdict::kAccepted : Verdict::kRefused;
}

void Authenticator::Report(const Error& error) {
  metrics_.AuthProviderAsked(NameOf(error.code));
  if (deadlines_.Now() < quiet_until_) return;
  quiet_until_ = deadlines_.Now() + kLogInterval;
  logger_.Event(telemetry::Level::kWarn, "auth_provider.failed", {{"reason", error.message}});
}

// Throws nothing: the caller counts calls.
Awaitable<Expected<bool>> Authenticator::AskProvider(const std::string& user,
                                                     const std::string& password) {
  http::ControlRequest request;
  request.method = "POST";
  request.url = options_.location.url;
  request.target = options_.location.target;
  request.fields.emplace_back("Content-Type", "application/json");
  if (!options_.token.empty()) request.fields.emplace_back("X-Auth-Token", options_.token);
  request.body = RequestJson(user, password);
  request.body_limit = kMaxAnswerBytes;
  request.deadline = deadlines_.Now() + options_.timeout;
  try {
    const auto response = co_await client_.Fetch(std::move(request));
    if (!response) co_return std::unexpected(response.error());
    co_return ReadAnswer(*response);
  } catch (const std::exception& failure) {
    co_return Fail(ErrorCode::kUnavailable, failure.what());
  }
}

// A dump of the process shows no password, and nobody can try passwords on a key without the salt.
// Empty when the hash cannot be made: no two credentials may ever share a key.
std::string Authenticator::KeyOf(const Credentials& credentials) const {
  const auto text =
      fmt::format("{}:{}{}", credentials.user.size(), credentials.user, credentials.password);
  std::string key(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const auto* hash = HMAC(EVP_sha256(), salt_.data(), static_cast<int>(salt_.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                          reinterpret_cast<unsigned char*>(key.data()), &size);
  key.resize(hash ? size : 0);
  return key;
}

bool Authenticator::MayActAs(const std::string& user, const std::string& other) const {
  return user == other || Contains(options_.impersonators, user);
}

}  // namespace gateway::delegated_auth
