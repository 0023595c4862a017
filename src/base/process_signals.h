// What signals do to the whole process.
//
// Threads: call before others start.
#pragma once

namespace gateway {

// Makes a write that cannot succeed fail with EPIPE or EFBIG, as its caller expects, where the
// default is that SIGPIPE or SIGXFSZ ends the process without a word. Asio and gRPC write in a way
// that raises no SIGPIPE; libldap, and whoever writes a log to a pipe, do not.
void IgnoreSignalsOfFailedWrites();

// Until somebody handles it, SIGHUP does nothing, where the default is that it ends the process: it
// asks for a reload, and while we start the file is only just being read.
void IgnoreEarlyReloads();

}  // namespace gateway
