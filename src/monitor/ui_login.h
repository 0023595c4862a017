// Pages of Trino's UI, which wants a cookie that its login form gives.
//
// Threads: the event loop of the call's client.
#pragma once

#include <chrono>
#include <string>

#include "http/asio.h"
#include "monitor/probe_call.h"

namespace gateway::monitor {

// The answer 200 to `target`, after a login where one is wanted. A failure's class is "redirect"
// when single sign-on takes over, which a monitor cannot follow; "ui_login" when the form refuses
// the user.
http::Awaitable<Probed<http::ControlResponse>> FetchFromUi(ProbeCall& call,
                                                           std::string target,
                                                           std::chrono::milliseconds timeout);

}  // namespace gateway::monitor
