// The section `monitor` of the configuration file, and that of single backends.
//
// Threads: pure functions, but for reading certificates.
#pragma once

#include "app/config.h"
#include "app/yaml_reader.h"

namespace gateway::app {

// The whole section.
MonitorConfig ReadMonitor(YamlReader& reader, const Value& section);

// `monitor` of a backend: how it is probed, where that differs from `defaults`.
monitor::ProbeSettings ReadProbeSettings(YamlReader& reader,
                                         const Value& section,
                                         const monitor::ProbeSettings& defaults);

}  // namespace gateway::app
