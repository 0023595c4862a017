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

// What objects say beyond the columns of step 1 is one JSON object in `settings` (settings.h):
// lists and options that no query looks for, and that can grow without a migration each. `changes`
// has one row, whose counter tells gateways that the configuration or a mark has changed, and whose
// lock puts writers in a row.
constexpr std::array<std::string_view, 10> kSharedStateUp = {
    "ALTER TABLE backends ADD COLUMN settings {text}",
    "ALTER TABLE backends ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE groups_ ADD COLUMN settings {text}",
    "ALTER TABLE groups_ ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE policies ADD COLUMN settings {text}",
    "ALTER TABLE policies ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    R"(CREATE TABLE changes (
         id INTEGER NOT NULL PRIMARY KEY,
         counter BIGINT NOT NULL))",
    "INSERT INTO changes (id, counter) VALUES (1, 1)",
    R"(CREATE TABLE backend_marks (
         backend_id VARCHAR(64) NOT NULL PRIMARY KEY,
         healthy SMALLINT,
         load_value INTEGER,
         marked_at BIGINT NOT NULL))",
    R"(CREATE TABLE instance_loads (
         instance_id VARCHAR(64) NOT NULL,
         backend_id VARCHAR(64) NOT NULL,
         in_flight BIGINT NOT NULL,
         seen_at BIGINT NOT NULL,
         PRIMARY KEY (instance_id, backend_id)))",
};
// Without their settings policies would match more than they were meant to, and backends would take
// queries that they were kept from: they are switched off, so that somebody looks at them.
constexpr std::array<std::string_view, 11> kSharedStateDown = {
    "UPDATE policies SET enabled = 0 WHERE settings IS NOT NULL AND settings NOT IN ('', '{}')",
    R"(UPDATE backends SET enabled = 0
         WHERE settings LIKE '%"draining":true%' OR settings LIKE '%"uptime_schedule":%')",
    "DROP TABLE instance_loads",
    "DROP TABLE backend_marks",
    "DROP TABLE changes",
    "ALTER TABLE policies DROP COLUMN version",
    "ALTER TABLE policies DROP COLUMN settings",
    "ALTER TABLE groups_ DROP COLUMN version",
    "ALTER TABLE groups_ DROP COLUMN settings",
    "ALTER TABLE backends DROP COLUMN version",
    "ALTER TABLE backends DROP COLUMN settings",
};

// Found by time, alone or together with a user or a backend.
constexpr std::array<std::string_view, 4> kQueriesUp = {
    R"(CREATE TABLE queries (
         id VARCHAR(128) NOT NULL PRIMARY KEY,
         query_text {text} NOT NULL,
         user_name VARCHAR(255) NOT NULL,
         source VARCHAR(255) NOT NULL,
         client VARCHAR(255) NOT NULL,
         group_id VARCHAR(64) NOT NULL,
         backend_id VARCHAR(64) NOT NULL,
         server_host VARCHAR(255) NOT NULL,
         trace {text} NOT NULL,
         submitted_at BIGINT NOT NULL))",
    "CREATE INDEX queries_by_time ON queries (submitted_at)",
    "CREATE INDEX queries_by_user ON queries (user_name, submitted_at)",
    "CREATE INDEX queries_by_backend ON queries (backend_id, submitted_at)",
};
constexpr std::array<std::string_view, 1> kQueriesDown = {
    "DROP TABLE queries",
};

constexpr std::array<std::string_view, 2> kAuditUp = {
    R"(CREATE TABLE audit_log (
         id BIGINT NOT NULL PRIMARY KEY,
         written_at BIGINT NOT NULL,
         actor VARCHAR(255) NOT NULL,
         role_name VARCHAR(64) NOT NULL,
         client VARCHAR(255) NOT NULL,
         method VARCHAR(128) NOT NULL,
         kind VARCHAR(64) NOT NULL,
         object_id VARCHAR(255) NOT NULL,
         value_before {text} NOT NULL,
         value_after {text} NOT NULL))",
    "CREATE INDEX audit_log_by_object ON audit_log (kind, object_id)",
};
constexpr std::array<std::string_view, 1> kAuditDown = {
    "DROP TABLE audit_log",
};

// What instances tell each other: what a drain waits for on all of them; who of them does the
// expensive steps of probes (a lease, by the time of the database's server), and what it found.
constexpr std::array<std::string_view, 6> kSharedProbesUp = {
    "ALTER TABLE instance_loads ADD COLUMN queries BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE instance_loads ADD COLUMN transactions BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE instance_loads ADD COLUMN spooled SMALLINT NOT NULL DEFAULT 0",
    R"(CREATE TABLE leases (
         name VARCHAR(64) NOT NULL PRIMARY KEY,
         holder VARCHAR(64) NOT NULL,
         expires_at BIGINT NOT NULL))",
    "INSERT INTO leases (name, holder, expires_at) VALUES ('monitor', '', 0)",
    R"(CREATE TABLE probe_results (
         backend_id VARCHAR(64) NOT NULL PRIMARY KEY,
         found {text} NOT NULL,
         measured_at BIGINT NOT NULL))",
};
constexpr std::array<std::string_view, 5> kSharedProbesDown = {
    "DROP TABLE probe_results",
    "DROP TABLE leases",
    "ALTER TABLE instance_loads DROP COLUMN spooled",
    "ALTER TABLE instance_loads DROP COLUMN transactions",
    "ALTER TABLE instance_loads DROP COLUMN queries",
};

constexpr std::array<std::string_view, 1> kRulesUp = {
    R"(CREATE TABLE rules (
         id VARCHAR(64) NOT NULL PRIMARY KEY,
         script {text} NOT NULL,
         enabled SMALLINT NOT NULL,
         settings {text} NOT NULL,
         version BIGINT NOT NULL,
         created_at BIGINT NOT NULL,
         updated_at BIGINT NOT NULL))",
};
constexpr std::array<std::string_view, 1> kRulesDown = {
    "DROP TABLE rules",
};

constexpr std::array kMigrations = {
    Migration{1, "configuration", kConfigurationUp, kConfigurationDown},
    Migration{2, "coordinator_suffixes", kSuffixesUp, kSuffixesDown},
    Migration{3, "shared_state", kSharedStateUp, kSharedStateDown},
    Migration{4, "queries", kQueriesUp, kQueriesDown},
    Migration{5, "audit_log", kAuditUp, kAuditDown},
    Migration{6, "shared_probes", kSharedProbesUp, kSharedProbesDown},
    Migration{7, "rules", kRulesUp, kRulesDown},
};

}  // namespace

std::span<const Migration> Migrations() { return kMigrations; }

}  // namespace gateway::store
