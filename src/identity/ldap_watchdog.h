// Ends a step of an LDAP connection that takes too long, by shutting its socket down.
//
// libldap has timeouts, but on GnuTLS (as Debian builds it) its TLS handshake does not hold them:
// with a server that accepts and then says nothing it repeats the read for ever, without a pause
// when the socket does not block. So the socket blocks, and this thread interrupts it.
// Threads: one owner; has a thread of its own, which only sleeps and shuts the socket down.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include <ldap.h>

namespace gateway::identity {

class LdapWatchdog {
 public:
  LdapWatchdog();
  ~LdapWatchdog();
  LdapWatchdog(const LdapWatchdog&) = delete;
  LdapWatchdog& operator=(const LdapWatchdog&) = delete;

  // Hooks into `handle`, before it connects; this must outlive it.
  int Attach(LDAP* handle);

  // What Attach() does with each connection of the handle: `socket` is shut down when a step takes
  // too long, at once when the time of the step is over already. -1: none.
  void Watch(int socket);

  // Runs `step`; the socket is shut down when it takes longer than `timeout`, so that it fails. So
  // is each one that it connects later: a name may have several addresses, and the first of them
  // can take all of the time.
  template <typename Step>
  int Limit(std::chrono::milliseconds timeout, const Step& step) {
    SetDeadline(std::chrono::steady_clock::now() + timeout);
    const int code = step();
    SetDeadline(std::nullopt);
    return code;
  }

 private:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  static int OnConnected(LDAP* handle, Sockbuf* socket, LDAPURLDesc*, sockaddr*, ldap_conncb* hook);
  static void OnClosing(LDAP* handle, Sockbuf* socket, ldap_conncb* hook);

  void SetDeadline(Deadline deadline);
  void ShutDown() const;  // holding mutex_
  void Run();

  ldap_conncb hook_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  Deadline deadline_;     // these are guarded by mutex_
  bool expired_ = false;  // the step's time is over
  int socket_ = -1;
  bool stopped_ = false;
  std::thread thread_;  // the last: it uses all of the above
};

}  // namespace gateway::identity
