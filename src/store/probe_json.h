// What a probe found, as one column holds it. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "model/shared_probes.h"

namespace gateway::store {

// All but backend_id and measured.
std::string WriteProbe(const model::ProbeResult& result);
// kInternal: this program did not write it.
Expected<void> ReadProbe(std::string_view text, model::ProbeResult& result);

}  // namespace gateway::store
