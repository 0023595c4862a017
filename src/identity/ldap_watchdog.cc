#include "identity/ldap_watchdog.h"

#include <lber.h>
#include <sys/socket.h>

namespace gateway::identity {

LdapWatchdog::LdapWatchdog() : thread_([this] { Run(); }) {}

LdapWatchdog::~LdapWatchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

int LdapWatchdog::Attach(LDAP* handle) {
  hook_.lc_add = OnConnected;
  hook_.lc_del = OnClosing;
  hook_.lc_arg = this;
  return ldap_set_option(handle, LDAP_OPT_CONNECT_CB, &hook_);
}

int LdapWatchdog::OnConnected(
    LDAP* handle, Sockbuf* socket, LDAPURLDesc*, sockaddr*, ldap_conncb* hook) {
  ber_socket_t number = -1;
  ber_sockbuf_ctrl(socket, LBER_SB_OPT_GET_FD, &number);
  static_cast<LdapWatchdog*>(hook->lc_arg)->Watch(number);
  // The timeout of the connect is over; kept, it would make the socket one that does not block.
  const timeval none{-1, 0};
  return ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &none) == LDAP_OPT_SUCCESS ? 0 : -1;
}

void LdapWatchdog::OnClosing(LDAP*, Sockbuf*, ldap_conncb* hook) {
  static_cast<LdapWatchdog*>(hook->lc_arg)->Watch(-1);
}

void LdapWatchdog::SetDeadline(Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    deadline_ = deadline;
    expired_ = false;
  }
  changed_.notify_one();
}

void LdapWatchdog::Watch(int socket) {
  const std::lock_guard lock(mutex_);
  socket_ = socket;
  if (expired_) ShutDown();
}

// The lock keeps the socket from being closed, and its number from being another's.
void LdapWatchdog::ShutDown() const {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

void LdapWatchdog::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (!deadline_) {
      changed_.wait(lock);
    } else if (std::chrono::steady_clock::now() < *deadline_) {
      changed_.wait_until(lock, *deadline_);
    } else {
      deadline_.reset();
      expired_ = true;
      ShutDown();
    }
  }
}

}  // namespace gateway::identity
