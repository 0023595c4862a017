#include "identity/ldap_connection.h"

#include <exception>
#include <utility>

#include <fmt/format.h>
#include <ldap.h>
#include <unistd.h>

#include "identity/ldap_watchdog.h"

namespace gateway::identity {
namespace {

// libldap on GnuTLS knows no system authorities of its own; this is where Debian and most others
// keep them.
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

timeval ToTimeval(std::chrono::milliseconds time) {
  return {time.count() / 1000, (time.count() % 1000) * 1000};
}

void Unbind(LDAP* handle) { ldap_unbind_ext_s(handle, nullptr, nullptr); }

// Explicit, so that neither ldap.conf nor the environment can weaken it.
int SetOptions(LDAP* handle, const LdapOptions& options) {
  const int version = LDAP_VERSION3;
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int least_tls = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  const int client = 0;
  const auto timeout = ToTimeval(options.timeout);
  const char* authorities = options.ca_file.c_str();
  if (options.ca_file.empty()) {
    authorities = ::access(kSystemAuthorities, R_OK) == 0 ? kSystemAuthorities : nullptr;
  }
  const struct {
    int option;
    const void* value;
  } settings[] = {
      {LDAP_OPT_PROTOCOL_VERSION, &version},
      {LDAP_OPT_NETWORK_TIMEOUT, &timeout},
      {LDAP_OPT_TIMEOUT, &timeout},
      {LDAP_OPT_REFERRALS, LDAP_OPT_OFF},  // would send the password to whom the server names
      {LDAP_OPT_X_TLS_REQUIRE_CERT, &demand},
      {LDAP_OPT_X_TLS_PROTOCOL_MIN, &least_tls},
      {LDAP_OPT_X_TLS_CACERTFILE, authorities},
      {LDAP_OPT_X_TLS_NEWCTX, &client},  // the last: takes over those before
  };
  for (const auto& [option, value] : settings) {
    if (option == LDAP_OPT_X_TLS_CACERTFILE && !value) continue;
    if (const int code = ldap_set_option(handle, option, value); code != LDAP_OPT_SUCCESS) {
      return code;
    }
  }
  return LDAP_OPT_SUCCESS;
}

// It has a thread, and the system may have none left.
Expected<std::unique_ptr<LdapWatchdog>> NewWatchdog(const std::string& url) {
  try {
    return std::make_unique<LdapWatchdog>();
  } catch (const std::exception& failure) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("ldap {}: cannot be asked: no thread: {}", url, failure.what()));
  }
}

// A value of each kind of answer that says: this user or this password, not the server's trouble.
bool IsRefusal(int code) {
  return code == LDAP_INVALID_CREDENTIALS || code == LDAP_NO_SUCH_OBJECT ||
         code == LDAP_INVALID_DN_SYNTAX || code == LDAP_INAPPROPRIATE_AUTH;
}

std::vector<LdapEntry> EntriesOf(LDAP* handle, LDAPMessage* answer, const std::string& attribute) {
  std::vector<LdapEntry> entries;
  for (auto* entry = ldap_first_entry(handle, answer); entry;
       entry = ldap_next_entry(handle, entry)) {
    LdapEntry copy;
    if (char* dn = ldap_get_dn(handle, entry)) {
      copy.dn = dn;
      ldap_memfree(dn);
    }
    if (auto** values = ldap_get_values_len(handle, entry, attribute.c_str())) {
      for (int i = 0; values[i]; ++i)
        copy.values.emplace_back(values[i]->bv_val, values[i]->bv_len);
      ldap_value_free_len(values);
    }
    entries.push_back(std::move(copy));
  }
  return entries;
}

}  // namespace

LdapConnection::LdapConnection(std::unique_ptr<LdapWatchdog> watchdog,
                               Handle handle,
                               const LdapOptions& options)
    : watchdog_(std::move(watchdog)),
      handle_(std::move(handle)),
      url_(options.url),
      timeout_(options.timeout) {}

LdapConnection::~LdapConnection() = default;
LdapConnection::LdapConnection(LdapConnection&&) noexcept = default;

Expected<LdapConnection> LdapConnection::Open(const LdapOptions& options) {
  auto watchdog = NewWatchdog(options.url);
  if (!watchdog) return std::unexpected(std::move(watchdog).error());
  LDAP* raw = nullptr;
  const int made = ldap_initialize(&raw, options.url.c_str());
  LdapConnection connection(*std::move(watchdog), Handle(raw, Unbind), options);
  if (made != LDAP_SUCCESS) return connection.FailAt("initialize", made);
  if (SetOptions(raw, options) != LDAP_OPT_SUCCESS ||
      connection.watchdog_->Attach(raw) != LDAP_OPT_SUCCESS) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("ldap {}: TLS cannot be set up: is the CA file '{}' readable?",
                            options.url, options.ca_file));
  }
  if (options.start_tls) {
    const int code = connection.watchdog_->Limit(
        options.timeout, [raw] { return ldap_start_tls_s(raw, nullptr, nullptr); });
    if (code != LDAP_SUCCESS) return connection.FailAt("StartTLS", code);
  }
  return connection;
}

Expected<void> LdapConnection::Bind(const std::string& dn, const std::string& password) {
  if (password.empty()) {
    return Fail(ErrorCode::kUnauthenticated, "the password is empty", Origin::kClient);
  }
  // The library does not write to the value, but has no const in its interface.
  berval secret{password.size(), const_cast<char*>(password.data())};
  const int code = watchdog_->Limit(timeout_, [&] {
    return ldap_sasl_bind_s(handle_.get(), dn.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr, nullptr,
                            nullptr);
  });
  if (code == LDAP_SUCCESS) return {};
  if (IsRefusal(code)) {
    return Fail(ErrorCode::kUnauthenticated, "user or password is wrong", Origin::kClient);
  }
  return FailAt("bind", code);
}

Expected<std::vector<LdapEntry>> LdapConnection::Search(const std::string& base,
                                                        Scope scope,
                                                        const std::string& filter,
                                                        const std::string& attribute,
                                                        int limit) {
  std::string name = attribute;
  char* attributes[] = {name.data(), nullptr};
  auto timeout = ToTimeval(timeout_);
  LDAPMessage* raw = nullptr;
  const int range = scope == Scope::kEntry ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE;
  const int code = watchdog_->Limit(timeout_, [&] {
    return ldap_search_ext_s(handle_.get(), base.c_str(), range, filter.c_str(), attributes, 0,
                             nullptr, nullptr, &timeout, limit, &raw);
  });
  const std::unique_ptr<LDAPMessage, int (*)(LDAPMessage*)> answer(raw, ldap_msgfree);
  if (code == LDAP_NO_SUCH_OBJECT || code == LDAP_INSUFFICIENT_ACCESS) {
    return std::vector<LdapEntry>();
  }
  if (code != LDAP_SUCCESS && code != LDAP_SIZELIMIT_EXCEEDED) return FailAt("search", code);
  return EntriesOf(handle_.get(), answer.get(), attribute);
}

std::unexpected<Error> LdapConnection::FailAt(std::string_view step, int code) const {
  char* detail = nullptr;
  if (handle_) ldap_get_option(handle_.get(), LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
  auto message = fmt::format("ldap {}: {}: {}", url_, step, ldap_err2string(code));
  if (detail && *detail) message += fmt::format(" ({})", detail);
  if (detail) ldap_memfree(detail);
  return Fail(ErrorCode::kUnavailable, std::move(message), Origin::kBackend);
}

}  // namespace gateway::identity
