// Query ids, header names, transaction tags, error answers: the small parts of the protocol.
#include <string>

#include <gtest/gtest.h>

#include "protocol/error_answer.h"
#include "protocol/headers.h"
#include "protocol/query_id.h"
#include "protocol/transaction_tag.h"

namespace gateway::protocol {
namespace {

TEST(CoordinatorSuffix, IsTheLastPartOfAQueryId) {
  EXPECT_EQ(CoordinatorSuffix("20261123_212752_00000_eif54"), "eif54");
  EXPECT_EQ(CoordinatorSuffix("20261123_212752_123456_c-1"), "c-1");
}

TEST(IsQueryId, RefusesEverythingElse) {
  for (const std::string id : {"", "eif54", "20261123_212752_00000_", "2026112_212752_00000_eif54",
                               "20261123_21275_00000_eif54", "20261123_212752_0000_eif54",
                               "20261123_212752_00000_a/b", "20261123_212752_00000_a_b",
                               "2026112x_212752_00000_eif54", "20261123-212752-00000-eif54"}) {
    SCOPED_TRACE(id);
    EXPECT_FALSE(IsQueryId(id));
    EXPECT_EQ(CoordinatorSuffix(id), "");
  }
  EXPECT_FALSE(IsQueryId("20261123_212752_00000_" + std::string(33, 'a')));
}

TEST(Recognise, KnowsBothDialectsInAnyCase) {
  EXPECT_EQ(Recognise("X-Trino-User"), TrinoHeader::kUser);
  EXPECT_EQ(Recognise("x-presto-user"), TrinoHeader::kUser);
  EXPECT_EQ(Recognise("X-TRINO-CLIENT-TAGS"), TrinoHeader::kClientTags);
  EXPECT_EQ(Recognise("X-Trino-Transaction-Id"), TrinoHeader::kTransactionId);
  EXPECT_EQ(Recognise("X-Presto-Started-Transaction-Id"), TrinoHeader::kStartedTransactionId);
  for (const auto name : {"User", "X-Trino-", "X-Trino-Users", "X-Trinox-User", "Y-Trino-User",
                          "X-Forwarded-For", ""}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(Recognise(name), TrinoHeader::kNone);
  }
}

TEST(SplitTransaction, UndoesTagTransaction) {
  const auto tagged = TagTransaction("0d9e-4b", "c1");
  const auto [id, backend] = SplitTransaction(tagged);
  EXPECT_EQ(id, "0d9e-4b");
  EXPECT_EQ(backend, "c1");
}

TEST(SplitTransaction, LeavesUntaggedIdsAlone) {
  for (const std::string value : {"NONE", "0d9e-4b", "", "a~", "a~b c"}) {
    SCOPED_TRACE(value);
    EXPECT_EQ(SplitTransaction(value).id, value);
    EXPECT_EQ(SplitTransaction(value).backend, "");
  }
  EXPECT_FALSE(NamesTransaction("none"));
  EXPECT_FALSE(NamesTransaction(""));
  EXPECT_TRUE(NamesTransaction("0d9e"));
}

TEST(QueryErrorJson, EscapesWhateverCameFromARequest) {
  const auto json = QueryErrorJson("20261123_212752_00001_tgate", "http://gw",
                                   {"a \"b\"\\\n\xff", 7, "GATEWAY_X", ErrorType::kExternal});
  EXPECT_NE(json.find(R"("message":"a \"b\"\\\u000a\u00ff")"), std::string::npos);
  EXPECT_NE(json.find(R"("infoUri":"http://gw/ui/query.html?20261123_212752_00001_tgate")"),
            std::string::npos);
  EXPECT_NE(json.find(R"("errorType":"EXTERNAL")"), std::string::npos);
}

TEST(GatewayQueryId, IsAQueryId) {
  EXPECT_EQ(GatewayQueryId(1'700'000'000, 7), "20231114_221320_00007_tgate");
  EXPECT_TRUE(IsQueryId(GatewayQueryId(0, 4'000'000'000)));
}

}  // namespace
}  // namespace gateway::protocol
