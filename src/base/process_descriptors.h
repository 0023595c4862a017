// What descriptors the whole process has.
#pragma once

#include <cstddef>

namespace gateway {

// Opens /dev/null for those of standard input, output and error that the process was started
// without. Else the next files and sockets would get their numbers, and a socket what is printed
// or logged. May be called before any initialiser has run, and must be before other threads start.
void OpenStandardDescriptors();

// Raises the limit of open descriptors to what an unprivileged process may have at most. The usual
// limit is low for the sake of programs that use select(), which we do not. Returns the limit that
// holds now. Threads: any.
std::size_t RaiseDescriptorLimit();

}  // namespace gateway
