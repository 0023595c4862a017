// Cuts SQL text into tokens, and lets a parser look a few of them ahead.
//
// Nothing is copied: tokens are views into the text. What is no token of Trino's grammar becomes
// one kInvalid token. Each byte is looked at once, except that of a look-ahead with a copied
// stream. Threads: not synchronised. Source: the lexer rules of Trino's SqlBase.g4, version 476.
#pragma once

#include <cstddef>
#include <string_view>

#include "sql/token.h"

namespace gateway::sql {

class Lexer {
 public:
  // `sql` must outlive the lexer and its tokens.
  explicit Lexer(std::string_view sql) : next_(sql.data()), end_(sql.data() + sql.size()) {}

  // The next token; kEnd again and again after the last one.
  Token Next();

 private:
  // Past blanks and comments. False where a comment is not closed.
  bool SkipBlanks();
  Token Take(Kind kind, std::size_t size);
  Token Word();
  Token Number();
  // The token from here to the `quote` that closes it, doubled quotes being part of it;
  // `prefix` characters and the opening quote stand before.
  Token Quoted(Kind kind, std::size_t prefix, char quote);
  Token Binary();
  Token Dollar();
  Token Sign();
  std::size_t left() const { return static_cast<std::size_t>(end_ - next_); }
  // The character at `offset`, or NUL behind the end.
  char At(std::size_t offset) const { return offset < left() ? next_[offset] : '\0'; }

  const char* next_;
  const char* end_;
};

// The tokens from the current one on. Can be copied to try something out.
class TokenStream {
 public:
  explicit TokenStream(std::string_view sql) : lexer_(sql) { ring_[0] = lexer_.Next(); }

  const Token& current() const { return ring_[first_]; }
  // The token `ahead` places behind the current one, at most kAhead.
  const Token& Peek(std::size_t ahead) {
    while (filled_ <= ahead) ring_[(first_ + filled_++) % kRing] = lexer_.Next();
    return ring_[(first_ + ahead) % kRing];
  }
  void Advance() {
    if (filled_ == 1) {
      ring_[first_] = lexer_.Next();
      return;
    }
    first_ = (first_ + 1) % kRing;
    --filled_;
  }
  // Makes the current token, and all that follow, kEnd.
  void Stop();

  static constexpr std::size_t kAhead = 3;

 private:
  static constexpr std::size_t kRing = 4;

  Lexer lexer_;
  Token ring_[kRing];
  std::size_t first_ = 0;
  std::size_t filled_ = 1;
};

}  // namespace gateway::sql
