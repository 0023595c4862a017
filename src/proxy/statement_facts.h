// What the text of a submission says, for policies and for placing a kill: analysed at most once,
// and only when somebody asks.
//
// Threads: belongs to one exchange; the scratch to one worker, for one exchange at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/request_facts.h"
#include "routing/decision.h"
#include "sql/analysis.h"

namespace gateway::proxy {

// Memory that is used again for the next statement.
struct StatementScratch {
  sql::Analysis analysis;
  std::vector<std::string> catalogs;
  std::vector<std::string> schemas;
  std::vector<std::string> tables;
  routing::QueryFacts facts;
};

class StatementFacts {
 public:
  // `text`: nothing when it is not at hand. All must outlive this.
  StatementFacts(const RequestView& request,
                 std::optional<std::string_view> text,
                 StatementScratch& scratch)
      : request_(request), text_(text), scratch_(scratch) {}

  // Null: there is no text, or it was not understood. Holds until the scratch is used again.
  const routing::QueryFacts* Query();

  // The id of the query that the statement kills; nothing for all others. Statements that do not
  // begin with CALL or EXECUTE are not even read. Holds as Query().
  std::optional<std::string_view> KillTarget();

 private:
  void Analyze();
  void WriteTouched(const sql::Names& names);
  bool MayKill() const;

  const RequestView& request_;
  const std::optional<std::string_view> text_;
  StatementScratch& scratch_;
  bool analyzed_ = false;
};

}  // namespace gateway::proxy
