// Reads one statement by Trino's grammar and notes the names it uses. Private to this room.
//
// Recursive descent with a few tokens of look-ahead, one function a rule of SqlBase.g4 or so. No
// tree is built: names are noted as they are met, since WITH names are always seen before their
// uses. Where the grammar offers two readings that name the same things, one function reads both:
// what stands in parentheses may be a query or an expression, which only its inside tells.
//
// Errors: the first one stops the stream of tokens, so that from then on every function finds the
// end of the text and returns; no function reports an error of its own. For that to end, none may
// call itself, over whatever others, without having taken a token.
// Cost: linear. The only unbounded look-aheads (IsFollowedBy) read a name once, where a keyword
// begins it.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sql/lexer.h"
#include "sql/names.h"
#include "sql/statement_class.h"
#include "sql/token.h"

namespace gateway::sql {

// What a statement is, beside the names it uses.
struct StatementFacts {
  StatementClass statement = StatementClass::kUnknown;
  Category category = Category::kNone;
  std::optional<std::string_view> prepared_name;   // not that of a statement inside this one
  std::optional<std::string_view> immediate_text;  // what an EXECUTE IMMEDIATE runs, decoded
  // The query that a CALL of kill_query ends, here or in a statement inside this one.
  std::optional<std::string_view> kill_target;
  bool kills_unknown = false;  // such a CALL, but its target is no literal
  // The `?` in the text that stands for that target.
  std::optional<std::string_view> kill_parameter;
  // What an EXECUTE gives to the parameters, in their order; nothing for those that are no strings.
  std::vector<std::optional<std::string_view>> arguments;

  void TakeCall(const StatementFacts& inner) {
    kill_target = inner.kill_target;
    kills_unknown = inner.kills_unknown;
    kill_parameter = inner.kill_parameter;
  }
};

enum class ParseResult : std::uint8_t { kOk, kSyntaxError, kTooDeep };

class Parser {
 public:
  // Nesting of queries, expressions, types and so on; each takes at most a kilobyte of stack or so.
  static constexpr int kMaxDepth = 1000;

  // `names` and the memory behind `sql` must outlive the parser; views in the facts point there.
  // `parts` is scratch memory, worth using again.
  Parser(std::string_view sql, Names& names, std::vector<std::string_view>& parts)
      : tokens_(sql), names_(names), parts_(parts) {}

  // Reads all of the text as one statement. The facts are meaningful with kOk only.
  ParseResult Parse(StatementFacts& facts);

 private:
  // Counts how deep the calls nest, and gives up when they do too much.
  class Nest {
   public:
    explicit Nest(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaxDepth) parser_.Fail(ParseResult::kTooDeep);
    }
    ~Nest() { --parser_.depth_; }
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;

   private:
    Parser& parser_;
  };

  // What stood in a pair of parentheses.
  enum class Inside : bool { kQuery, kOther };
  using Parts = std::span<const std::string_view>;

  // parser.cc: tokens, names and literals.
  const Token& current() const { return tokens_.current(); }
  bool At(Kind kind) const { return current().kind == kind; }
  bool AtAny(std::initializer_list<Kind> kinds) const;
  // The current token is `first` and the next ones are `rest`.
  bool AtSequence(Kind first, std::initializer_list<Kind> rest);
  bool AtIdentifier() const { return IsIdentifier(current().kind); }
  bool NextIs(Kind kind, std::size_t ahead = 1) { return tokens_.Peek(ahead).kind == kind; }
  bool NextIsIdentifier(std::size_t ahead = 1) { return IsIdentifier(tokens_.Peek(ahead).kind); }
  bool NextIsAny(std::initializer_list<Kind> kinds, std::size_t ahead = 1);
  bool NextIsString(std::size_t ahead = 1);
  void Advance() { tokens_.Advance(); }
  bool Accept(Kind kind);
  bool AcceptAny(std::initializer_list<Kind> kinds);
  void Expect(Kind kind);
  void Expect(Kind first, std::initializer_list<Kind> rest);
  void ExpectAny(std::initializer_list<Kind> kinds);
  void Fail(ParseResult result = ParseResult::kSyntaxError);
  bool failed() const { return result_ != ParseResult::kOk; }
  // Reads `element` and, as long as a comma follows, again.
  template <typename Element>
  void List(Element element) {
    do element();
    while (Accept(TokenKind::kComma));
  }
  void Identifier();
  // The identifier in lower case, and in its own case.
  std::string_view LowerIdentifier();
  std::string_view OriginalIdentifier();
  // The parts of a name, in lower case; they hold until the next call.
  Parts QualifiedName();
  void SkipQualifiedName() { QualifiedName(); }
  // Does a name of any number of parts stand at the token `ahead`, and `kinds` after it?
  bool IsNameFollowedBy(std::size_t ahead, std::initializer_list<Kind> kinds);
  bool AtString() const;
  void String();
  std::optional<std::string_view> StringContent();
  void Integer() { Expect(TokenKind::kInteger); }
  bool IfExists();
  bool IfNotExists();
  bool OrReplace();
  void ColumnAliases();
  void Properties();  // ( a = 1, b = DEFAULT )
  void PropertyAssignments();
  void OptionalComment();     // COMMENT 'text'
  void OptionalProperties();  // WITH ( ... )

  // statement_parser.cc: the statement, by its first word; those that read or change data.
  void Statement(StatementFacts& facts);
  StatementClass StatementBody(StatementFacts& facts);
  StatementClass QueryStatement();
  StatementClass Insert();
  StatementClass Delete();
  StatementClass Update();
  void Assignment();
  void OptionalWhere();
  StatementClass Merge();
  void MergeCase();
  StatementClass Analyze();
  StatementClass Truncate();
  StatementClass Refresh();

  // session_parser.cc: statements about other statements, and about the session.
  StatementClass Explain(StatementFacts& facts);
  void ExplainOption();
  StatementClass Prepare(StatementFacts& facts);
  StatementClass Deallocate(StatementFacts& facts);
  StatementClass Execute(StatementFacts& facts);
  StatementClass Describe(StatementFacts& facts);
  StatementClass Call(StatementFacts& facts);
  std::optional<std::string_view> LiteralOrExpression();
  StatementClass Set();
  StatementClass Reset();
  void SessionProperty();
  StatementClass Use();
  StatementClass StartTransaction();
  void TransactionMode();

  // definition_parser.cc: CREATE, DROP, COMMENT.
  StatementClass Create();
  StatementClass CreateTable(bool replace);
  void TableElement();
  void ColumnDefinition();
  StatementClass CreateView();
  StatementClass CreateMaterializedView();
  StatementClass CreateSchema();
  StatementClass CreateCatalog();
  StatementClass CreateRole();
  StatementClass Drop();
  StatementClass DropTable(StatementClass statement);
  StatementClass Comment();

  // alter_parser.cc
  StatementClass Alter();
  StatementClass SetAuthorization(Kind kind, Parts name);
  StatementClass RenameSchema(Parts name);
  StatementClass Rename(StatementClass statement, Parts name);
  StatementClass AlterMaterializedView();
  StatementClass AlterTable(Parts name);
  StatementClass TableExecute();
  StatementClass AlterColumn();

  // security_parser.cc: roles and privileges.
  StatementClass Grant();
  StatementClass Revoke();
  StatementClass Deny();
  // Whether one of the list can only be a privilege, not a role.
  bool PrivilegesOrRoles();
  // What stands between ON and `terminator`.
  void GrantObject(Kind terminator);
  void Principal();
  void Grantor();
  void GrantedByAndCatalog();
  void InCatalog();

  // show_parser.cc
  StatementClass Show();
  StatementClass ShowCreate();
  StatementClass ShowTables();
  StatementClass ShowSchemas();
  StatementClass ShowColumns();
  StatementClass ShowStats();
  void OptionalLike();

  // query_parser.cc
  void RootQuery();
  bool AtQuery();  // SELECT, VALUES, TABLE name, WITH
  void Query();
  void QueryWithoutWith();
  void With();
  void QueryPrimary();
  // What may follow a query in the same one: set operations, ORDER BY, OFFSET, LIMIT, FETCH.
  void QueryTail();
  bool AtQueryTail();
  void SetOperations();
  void OrderBy();
  void SortItem();
  void SortOrder();
  void OffsetAndLimit();
  void RowCount();
  void Select();
  void SelectItem();
  void SetQuantifier();
  void GroupBy();
  void GroupingElement();
  void Window();
  // Is the current word the beginning of a clause, though it could be an alias, too?
  bool AtClauseAfterAlias();
  // Is the current token an alias without AS?
  bool AtAlias() { return AtIdentifier() && !AtClauseAfterAlias(); }

  // relation_parser.cc
  void Relation();
  void SampledRelation();
  void RelationPrimary();
  Inside ParenthesisedRelation();
  Inside QueryOrRelation();
  void RelationAlias();
  void MatchRecognize();
  void TableSample();
  // Everything that may follow the first part of a relation.
  void RelationTail();
  void Joins();
  bool AtJoin() const;
  void JoinCriteria();
  void TableReference();
  void TableFunction();
  void TableFunctionArgument();
  // Do names in parentheses stand at the token `ahead`, which is a parenthesis?
  bool AtColumnAliases(std::size_t ahead);
  void TableArgument();
  void Descriptor();
  void CopartitionTables();

  // expression_parser.cc
  void Expression() { ExpressionFrom(false); }
  // With `primary_read` the first primary expression has been read already.
  void ExpressionFrom(bool primary_read);
  void ValueExpression() { ValueExpressionFrom(false); }
  void ValueExpressionFrom(bool primary_read);
  void Predicate();
  void ComparisonRight();
  void In();
  void Primary();
  void PrimaryOfKeyword();
  void Postfix();
  Inside Parenthesised();
  Inside QueryOrExpression();
  void ArrayElements();
  void NameOrCall();
  void Case();
  void Cast();
  void TryCast();
  void Subquery();
  void OptionalPrecision();
  void Interval();
  bool AtIntervalField() const;
  void IntervalField();
  void IntervalFields();

  // function_parser.cc: calls, and functions with a syntax of their own.
  // The current token is the parenthesis behind the name. `name` is in lower case; empty for one of
  // several parts, which has no rules of its own. `has_mode`: RUNNING or FINAL stands before it.
  void CallFunction(std::string_view name, bool has_mode);
  // The rest of a call whose first argument has been read.
  void CallAfterFirstArgument();
  void CallSuffix(bool& is_decorated);
  void CheckBuiltin(std::string_view name, int arguments, bool is_decorated);
  bool OptionalFilter();
  bool OptionalOver();
  void ListAgg();
  void Position();
  void Substring();
  bool AtPlainArguments();
  void Trim();
  void Normalize();
  void Extract();
  void Grouping();

  // json_parser.cc
  void JsonPathInvocation();
  void JsonValueExpression();
  void OptionalJsonFormat();
  bool OptionalReturning();
  void OptionalNullOnNull();
  void JsonExists();
  void JsonValue();
  void JsonQuery();
  void JsonObject();
  void JsonObjectMember();
  bool AtKeyOfMember();
  void JsonArray();
  void ValueBehaviors();
  void QueryBehaviors();

  // json_table_parser.cc
  void JsonTable();
  void JsonTableColumns();
  void JsonTableColumn();
  void JsonTablePlan();
  void JsonTableSpecificPlan();
  void JsonTablePlanPrimary();
  void JsonTableDefaultPlan();

  // window_parser.cc: windows, and row patterns.
  void WindowSpecification();
  bool AtExistingWindowName();
  void WindowFrame();
  void FrameBound();
  void PartitionBy();
  void Measures();
  void SkipTo();
  // From AFTER MATCH to DEFINE; PATTERN and DEFINE must be there when `required`.
  void RowPatternClauses(bool required);
  void RowPattern();
  bool AtPatternPrimary() const;
  void PatternPrimary();
  void PatternQuantifier();

  // type_parser.cc
  void Type();
  void TypeBase();
  void DateTimeType();
  void TypeParameters();
  // A type, or a name and its type.
  void OptionallyNamedType();

  // routine_parser.cc
  void FunctionSpecification();
  void FunctionDeclaration();
  bool RoutineCharacteristic();
  void ControlStatement();
  void Compound();
  void IfStatement();
  void CaseStatement();
  void StatementList();
  bool AtControlStatement();

  TokenStream tokens_;
  Names& names_;
  std::vector<std::string_view>& parts_;
  ParseResult result_ = ParseResult::kOk;
  int depth_ = 0;
  const char* last_primary_ = nullptr;  // where the primary expression read last begins
};

}  // namespace gateway::sql
