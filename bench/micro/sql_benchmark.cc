// How long the analysis of a statement takes: the 22 queries of TPC-H, a short query, a long
// INSERT.
//
// Each runs on an Analysis that has been used before, as a worker's has. `make bench` prints the
// medians.
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "sql/analysis.h"

namespace {

using gateway::sql::Analysis;
using gateway::sql::Analyze;
using gateway::sql::Session;

const Session kSession{.catalog = "tpch", .schema = "tiny", .prepared = {}};

// A benchmark of something that is not understood would measure nothing.
void RequireUnderstood(const std::string& sql) {
  if (Analyze(sql, kSession).outcome == gateway::sql::Outcome::kOk) return;
  std::cerr << "not understood: " << sql.substr(0, 200) << '\n';
  std::exit(1);
}

void RunAnalysis(benchmark::State& state, const std::vector<std::string>& statements) {
  Analysis analysis;
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (const auto& sql : statements) {
      Analyze(sql, kSession, analysis);
      benchmark::DoNotOptimize(analysis.tables().data());
      bytes += sql.size();
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

// The statements of a file, each ended by a semicolon at the end of a line.
std::vector<std::string> ReadStatements(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  const std::string text = content.str();
  std::vector<std::string> statements;
  std::size_t begin = 0;
  for (auto end = text.find(";\n"); end != std::string::npos; end = text.find(";\n", begin)) {
    statements.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return statements;
}

// INSERT INTO t VALUES (...), ... of a megabyte, with values of several types.
std::string LongInsert() {
  std::string sql = "INSERT INTO t (id, name, amount, day, flag) VALUES ";
  for (int i = 0; sql.size() < 1'000'000; ++i) {
    sql += fmt::format("{}({}, 'customer #{}', {}.{:02}, DATE '2024-01-{:02}', {})",
                       i == 0 ? "" : ", ", i, i * 7, i % 1000, i % 100, i % 28 + 1,
                       i % 3 == 0 ? "NULL" : "true");
  }
  return sql;
}

void Register(const std::string& name, std::vector<std::string> statements) {
  for (const auto& sql : statements) RequireUnderstood(sql);
  benchmark::RegisterBenchmark(name.c_str(), [statements = std::move(statements)](auto& state) {
    RunAnalysis(state, statements);
  })->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const auto tpch = ReadStatements(GATEWAY_SOURCE_DIR "/bench/micro/tpch.sql");
  if (tpch.size() != 22) {
    std::cerr << "bench/micro/tpch.sql has " << tpch.size() << " statements instead of 22\n";
    return 1;
  }
  Register("select_1", {"SELECT 1"});
  Register("insert_1mb", {LongInsert()});
  for (std::size_t i = 0; i < tpch.size(); ++i)
    Register(fmt::format("tpch_q{:02}", i + 1), {tpch[i]});
  Register("tpch_all_22", tpch);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
