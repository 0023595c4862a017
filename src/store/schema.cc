#include "store/schema.h"

#include <array>

namespace gateway::store {
namespace {

// `groups_`: GROUPS is a reserved word of MySQL.
// Members of groups and the groups of policies have no foreign key: the configuration file may
// declare them, which the database does not see. The admin service checks those references.
constexpr std::array<std::string_view, 4> kConfigurationUp = {
    R"(CREATE TABLE backends (
         id VARCHAR(64) NOT NULL PRIMARY KEY,
         url VARCHAR(2048) NOT NULL,
         enabled SMALLINT NOT NULL,
         created_at BIGINT NOT NULL,
         updated_at BIGINT NOT NULL))",
    R"(CREATE TABLE groups_ (
         id VARCHAR(64) NOT NULL PRIMARY KEY,
         strategy VARCHAR(32) NOT NULL,
         enabled SMALLINT NOT NULL,
         created_at BIGINT NOT NULL,
         updated_at BIGINT NOT NULL))",
    R"(CREATE TABLE group_backends (
         group_id VARCHAR(64) NOT NULL,
         backend_id VARCHAR(64) NOT NULL,
         position INTEGER NOT NULL,
         created_at BIGINT NOT NULL,
         updated_at BIGINT NOT NULL,
         PRIMARY KEY (group_id, backend_id),
         FOREIGN KEY (group_id) REFERENCES groups_ (id) ON DELETE CASCADE))",
    R"(CREATE TABLE policies (
         id VARCHAR(64) NOT NULL PRIMARY KEY,
         rule_type VARCHAR(32) NOT NULL,
         rule_value VARCHAR(4096) NOT NULL,
         group_id VARCHAR(64) NOT NULL,
         fallback_group_id VARCHAR(64) NOT NULL,
         enabled SMALLINT NOT NULL,
         created_at BIGINT NOT NULL,
         updated_at BIGINT NOT NULL))",
};
constexpr std::array<std::string_view, 4> kConfigurationDown = {
    "DROP TABLE policies",
    "DROP TABLE group_backends",
    "DROP TABLE groups_",
    "DROP TABLE backends",
};

constexpr std::array<std::string_view, 1> kSuffixesUp = {
    R"(CREATE TABLE coordinator_suffixes (
         suffix VARCHAR(64) NOT NULL,
         backend_id VARCHAR(64) NOT NULL,
         seen_at BIGINT NOT NULL,
         PRIMARY KEY (suffix, backend_id)))",
};
constexpr std::array<std::string_view, 1> kSuffixesDown = {
    "DROP TABLE coordinator_suffixes",
};

constexpr std::array kMigrations = {
    Migration{1, "configuration", kConfigurationUp, kConfigurationDown},
    Migration{2, "coordinator_suffixes", kSuffixesUp, kSuffixesDown},
};

}  // namespace

std::span<const Migration> Migrations() { return kMigrations; }

}  // namespace gateway::store
