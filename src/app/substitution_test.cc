#include "app/substitution.h"

#include <gtest/gtest.h>

#include "app/temporary_directory.h"
#include "base/result_testing.h"

namespace gateway::app {
namespace {

SubstitutionSources FakeSources() {
  SubstitutionSources sources;
  sources.variable = [](std::string_view name) -> std::optional<std::string> {
    if (name == "TOKEN") return "hunter2";
    if (name == "TRICK") return "${env:TOKEN}";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  sources.file = [](std::string_view path) -> Expected<std::string> {
    if (path == "secret") return "s3cret";
    return Fail(ErrorCode::kNotFound, "No such file");
  };
  return sources;
}

TEST(Substitution, PutsValuesIn) {
  const struct {
    const char* written;
    const char* text;
    bool changed;
  } cases[] = {
      {"plain", "plain", false},
      {"", "", false},
      {"${env:TOKEN}", "hunter2", true},
      {"a${env:TOKEN}b${file:secret}c", "ahunter2bs3cretc", true},
      {"${env:EMPTY}", "", true},
      {"$${env:TOKEN}", "${env:TOKEN}", false},
      {"$${${env:TOKEN}}", "${hunter2}", true},
      {"$5, $$, $", "$5, $$, $", false},
      {"${env:TRICK}", "${env:TOKEN}", true},  // what was put in is not looked at again
  };
  for (const auto& [written, text, changed] : cases) {
    SCOPED_TRACE(written);
    const auto result = Substitute(written, FakeSources());
    ASSERT_TRUE(result);
    EXPECT_EQ(result->text, text);
    EXPECT_EQ(result->changed, changed);
  }
}

TEST(Substitution, RefusesWhatItCannotPutIn) {
  const struct {
    const char* written;
    const char* named;
  } cases[] = {
      {"${env:NOT_SET}", "variable NOT_SET is not set"},
      {"${env:}", "does not name a variable"},
      {"${env:1A}", "does not name a variable"},
      {"${env:A B}", "does not name a variable"},
      {"${file:nowhere}", "'${file:nowhere}' cannot be used: No such file"},
      {"${file:}", "names no file"},
      {"${TOKEN}", "'${TOKEN}' is not known; allowed: ${env:NAME}"},
      {"${}", "is not known"},
      {"x${env:TOKEN", "has no closing '}'"},
  };
  for (const auto& [written, named] : cases) {
    SCOPED_TRACE(written);
    const auto result = Substitute(written, FakeSources());
    ASSERT_EQ(CodeOf(result), ErrorCode::kInvalidArgument);
    EXPECT_NE(result.error().message.find(named), std::string::npos) << result.error().message;
  }
}

TEST(Substitution, TakesRelativePathsFromTheGivenDirectoryAndAbsoluteOnesAsTheyAre) {
  TemporaryDirectory directory;
  const auto path = directory.Write("secret", "s3cret\n");
  const auto sources = SystemSources(directory.File("").string());
  EXPECT_EQ(Substitute("${file:secret}", sources)->text, "s3cret");
  EXPECT_EQ(Substitute("${file:" + path + "}", sources)->text, "s3cret");
}

TEST(Substitution, RemovesOneTrailingLineBreakOfAFile) {
  TemporaryDirectory directory;
  directory.Write("unix", "a\n\n");
  directory.Write("windows", "a\r\n");
  directory.Write("none", "a");
  const auto sources = SystemSources(directory.File("").string());
  EXPECT_EQ(Substitute("${file:unix}", sources)->text, "a\n");
  EXPECT_EQ(Substitute("${file:windows}", sources)->text, "a");
  EXPECT_EQ(Substitute("${file:none}", sources)->text, "a");
}

TEST(Substitution, ReadsOnlyRegularFilesOfABoundedSize) {
  TemporaryDirectory directory;
  directory.Write("large", std::string(64 * 1024 + 1, 'x'));
  const auto sources = SystemSources(directory.File("").string());
  for (const auto* written :
       {"${file:.}", "${file:/dev/zero}", "${file:large}", "${file:nowhere}"}) {
    SCOPED_TRACE(written);
    EXPECT_EQ(CodeOf(Substitute(written, sources)), ErrorCode::kInvalidArgument);
  }
}

TEST(Substitution, ReadsTheEnvironmentOfTheProcess) {
  ASSERT_EQ(::setenv("GATEWAY_SUBSTITUTION_TEST", "value", 1), 0);
  EXPECT_EQ(Substitute("${env:GATEWAY_SUBSTITUTION_TEST}", SystemSources(""))->text, "value");
  ASSERT_EQ(::unsetenv("GATEWAY_SUBSTITUTION_TEST"), 0);
  EXPECT_FALSE(Substitute("${env:GATEWAY_SUBSTITUTION_TEST}", SystemSources("")));
}

}  // namespace
}  // namespace gateway::app
