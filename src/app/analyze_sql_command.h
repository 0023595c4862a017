// `trino-gateway analyze-sql`: analyses statements from JSON lines, to see what the gateway makes
// of them. Fields in and out: tests/sql/README.md.
#pragma once

#include <istream>
#include <ostream>

namespace gateway::app {

// Reads a JSON object a line (`id`, `sql`, `catalog`, `schema`, `prepared`) and writes one for
// each: the analysis, or `error` with what is wrong with the line.
void AnalyzeSql(std::istream& in, std::ostream& out);

}  // namespace gateway::app
