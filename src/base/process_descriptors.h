// What descriptors the whole process has.
//
// Threads: call before others start.
#pragma once

#include <cstddef>

namespace gateway {

// Raises the limit of open descriptors to what an unprivileged process may have at most. The usual
// limit is low for the sake of programs that use select(), which we do not. Returns the limit that
// holds now.
std::size_t RaiseDescriptorLimit();

}  // namespace gateway
