//! What people write, and what becomes of it.

use pgward_model::{ParameterProblem, Value};

use super::{convert, find};

fn text(value: &str) -> Value {
    Value::text(value)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of rows")]
fn written_values_become_what_rds_takes() {
    let rows = [
        ("shared_buffers", text("2560MB"), "327680"),
        (
            "shared_buffers",
            text("25% of memory"),
            "{DBInstanceClassMemory/32768}",
        ),
        (
            "shared_buffers",
            text("25%"),
            "{DBInstanceClassMemory/32768}",
        ),
        ("effective_cache_size", text("8GB"), "1048576"),
        (
            "effective_cache_size",
            text("75% of memory"),
            "{DBInstanceClassMemory*3/32768}",
        ),
        ("work_mem", text("32MB"), "32768"),
        ("work_mem", text("32 MB"), "32768"),
        ("work_mem", text("32MiB"), "32768"),
        ("work_mem", text("32768KB"), "32768"),
        ("work_mem", text("0.5GB"), "524288"),
        ("maintenance_work_mem", text("1024MB"), "1048576"),
        ("maintenance_work_mem", text("1GB"), "1048576"),
        (
            "maintenance_work_mem",
            text("5% of memory"),
            "{DBInstanceClassMemory/20480}",
        ),
        ("wal_buffers", text("16MB"), "2048"),
        ("wal_buffers", Value::Int(-1), "-1"),
        ("max_wal_size", text("2GB"), "2048"),
        ("temp_file_limit", text("-1"), "-1"),
        ("track_activity_query_size", text("4kB"), "4096"),
        ("log_min_duration_statement", text("1s"), "1000"),
        ("log_min_duration_statement", text("1000ms"), "1000"),
        ("log_min_duration_statement", Value::Int(0), "0"),
        ("statement_timeout", Value::Int(0), "0"),
        (
            "idle_in_transaction_session_timeout",
            text("10min"),
            "600000",
        ),
        ("checkpoint_timeout", text("15min"), "900"),
        ("log_rotation_age", text("1h"), "60"),
        ("rds.log_retention_period", text("7d"), "10080"),
        ("autovacuum_vacuum_cost_delay", text("2ms"), "2"),
        ("autovacuum_vacuum_cost_delay", text("500us"), "0.5"),
        ("commit_delay", text("1ms"), "1000"),
        ("random_page_cost", Value::Float(1.1), "1.1"),
        ("random_page_cost", text("1.1"), "1.1"),
        ("random_page_cost", Value::Int(1), "1"),
        ("checkpoint_completion_target", Value::Float(0.9), "0.9"),
        ("max_connections", Value::Int(200), "200"),
        ("max_connections", text("200"), "200"),
        (
            "max_connections",
            text("LEAST( {DBInstanceClassMemory/9531392}, 5000 )"),
            "LEAST({DBInstanceClassMemory/9531392},5000)",
        ),
        ("rds.force_ssl", Value::Bool(true), "1"),
        ("rds.force_ssl", text("on"), "1"),
        ("rds.force_ssl", Value::Int(0), "0"),
        ("autovacuum", text("no"), "0"),
        ("log_statement", text("DDL"), "ddl"),
        ("synchronous_commit", Value::Bool(false), "off"),
        ("wal_compression", Value::Bool(true), "on"),
        ("wal_compression", text("zstd"), "zstd"),
        ("ssl_min_protocol_version", text("tlsv1.2"), "TLSv1.2"),
        (
            "default_transaction_isolation",
            text("repeatable read"),
            "repeatable read",
        ),
        (
            "shared_preload_libraries",
            text("rdsutils, pg_stat_statements , pgaudit"),
            "pg_stat_statements,pgaudit",
        ),
        (
            "shared_preload_libraries",
            Value::texts(["pg_cron", "pgaudit"]),
            "pg_cron,pgaudit",
        ),
        ("pgaudit.log", Value::texts(["ddl", "ROLE"]), "ddl,role"),
        (
            "search_path",
            text("\"$user\", public"),
            "\"$user\", public",
        ),
        ("timezone", text("Asia/Kolkata"), "Asia/Kolkata"),
        ("other_library.size", Value::Int(7), "7"),
    ];
    for (name, written, value) in rows {
        let found = convert("postgres16", name, &written);
        assert_eq!(found.as_deref(), Ok(value), "{name} {written:?}");
    }
}

/// The problem as text: code, message, then what to do (`=`) and why (`-`).
fn printed(problem: &ParameterProblem) -> String {
    let mut lines = vec![format!("{}: {}", problem.code, problem.message)];
    lines.extend(problem.help.iter().map(|line| format!("= {line}")));
    lines.extend(problem.notes.iter().map(|line| format!("- {line}")));
    lines.join("\n")
}

#[track_caller]
fn refused(family: &str, name: &str, written: &Value, expected: &[&str]) {
    let found = convert(family, name, written).expect_err(name);
    assert_eq!(printed(&found), expected.join("\n"));
}

const MEMORY: &str = "- PostgreSQL memory units are kB, MB, GB, TB and count in 1024s";
const TIME: &str = "- PostgreSQL time units are us, ms, s, min, h, d";

#[test]
fn numbers_without_a_unit_are_refused() {
    let of = |name, number, expected: &[&str]| {
        refused("postgres16", name, &Value::Int(number), expected);
    };
    of(
        "work_mem",
        32,
        &[
            "P106: `work_mem` needs a unit: PostgreSQL would read 32 as 32 kB",
            "= work_mem = \"32MB\" for 32 megabytes, \"32kB\" if you do mean that",
            MEMORY,
        ],
    );
    of(
        "work_mem",
        32_768,
        &[
            "P106: `work_mem` needs a unit: PostgreSQL would read 32768 as 32768 kB",
            "= work_mem = \"32MB\", if you do mean 32768 kB",
            MEMORY,
        ],
    );
    of(
        "shared_buffers",
        327_680,
        &[
            "P106: `shared_buffers` needs a unit: PostgreSQL would read 327680 as 327680 pages of 8 kB",
            "= shared_buffers = \"2560MB\", if you do mean 327680 pages of 8 kB",
            MEMORY,
        ],
    );
    of(
        "statement_timeout",
        30,
        &[
            "P106: `statement_timeout` needs a unit: PostgreSQL would read 30 as 30 ms",
            "= statement_timeout = \"30s\" for 30 seconds, \"30ms\" if you do mean that",
            TIME,
        ],
    );
    of(
        "checkpoint_timeout",
        15,
        &[
            "P106: `checkpoint_timeout` needs a unit: PostgreSQL would read 15 as 15 s",
            "= checkpoint_timeout = \"15min\" for 15 minutes, \"15s\" if you do mean that",
            TIME,
        ],
    );
    refused(
        "postgres16",
        "work_mem",
        &text("32"),
        &[
            "P106: `work_mem` needs a unit: PostgreSQL would read 32 as 32 kB",
            "= work_mem = \"32MB\" for 32 megabytes, \"32kB\" if you do mean that",
            MEMORY,
        ],
    );
}

#[test]
fn units_that_are_not_postgresqls_are_refused() {
    let of = |name, written, expected: &[&str]| {
        refused("postgres16", name, &text(written), expected);
    };
    of(
        "work_mem",
        "32mb",
        &[
            "P106: `mb` is not a unit of PostgreSQL",
            "= work_mem = \"32MB\"",
            MEMORY,
        ],
    );
    of(
        "statement_timeout",
        "30 seconds",
        &[
            "P106: `seconds` is not a unit of PostgreSQL",
            "= statement_timeout = \"30s\"",
            TIME,
        ],
    );
    of(
        "deadlock_timeout",
        "1MB",
        &[
            "P106: `deadlock_timeout` is a time; MB measures a size",
            "= deadlock_timeout = \"1s\"",
            TIME,
        ],
    );
    of(
        "statement_timeout",
        "1MB",
        &[
            "P106: `statement_timeout` is a time; MB measures a size",
            "= write it in ms or larger units",
            TIME,
        ],
    );
    of(
        "max_connections",
        "200MB",
        &[
            "P106: `max_connections` is a plain number; `MB` is not a unit of it",
            "= max_connections = 200",
        ],
    );
    of(
        "wal_buffers",
        "100kB",
        &[
            "P106: `wal_buffers` is counted in whole pages of 8 kB, and 100kB is none",
            "= wal_buffers = \"96kB\" or \"104kB\"",
        ],
    );
    of(
        "max_connections",
        "25% of memory",
        &[
            "P106: `max_connections` is no share of memory",
            "= write the value itself",
            "- \"25% of memory\" is for memory, such as shared_buffers",
        ],
    );
    of(
        "checkpoint_completion_target",
        "90%",
        &[
            "P106: `checkpoint_completion_target` is no share of memory",
            "= checkpoint_completion_target = 0.9",
        ],
    );
    of(
        "shared_buffers",
        "125%",
        &[
            "P307: `shared_buffers` cannot be \"125%\"",
            "= a share of memory above 0% and up to 100%, for example shared_buffers = \"25% of memory\"",
        ],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of rows")]
fn values_that_rds_refuses_are_refused_first() {
    let of = |name, written: Value, expected: &[&str]| {
        refused("postgres16", name, &written, expected);
    };
    of(
        "log_statement",
        text("everything"),
        &[
            "P307: `log_statement` cannot be \"everything\"",
            "= one of \"none\", \"ddl\", \"mod\", \"all\"",
        ],
    );
    of(
        "work_mem",
        text("32kB"),
        &["P307: `work_mem` cannot be \"32kB\"", "= 64kB or more"],
    );
    of(
        "checkpoint_timeout",
        text("10s"),
        &[
            "P307: `checkpoint_timeout` cannot be \"10s\"",
            "= 30s to 1d",
        ],
    );
    of(
        "rds.log_retention_period",
        text("30d"),
        &[
            "P307: `rds.log_retention_period` cannot be \"30d\"",
            "= 1d to 7d",
        ],
    );
    of(
        "max_connections",
        Value::Int(2),
        &["P307: `max_connections` cannot be 2", "= 6 to 262143"],
    );
    of(
        "max_connections",
        Value::Bool(true),
        &["P103: `max_connections` is a whole number, not true or false"],
    );
    of(
        "default_statistics_target",
        Value::Float(1.5),
        &[
            "P307: `default_statistics_target` cannot be 1.5",
            "= a whole number, for example default_statistics_target = 100",
        ],
    );
    of(
        "work_mem",
        text("plenty"),
        &[
            "P307: `work_mem` cannot be \"plenty\"",
            "= a size, for example work_mem = \"4MB\"",
        ],
    );
    of(
        "rds.force_ssl",
        text("maybe"),
        &[
            "P307: `rds.force_ssl` cannot be \"maybe\"",
            "= true or false",
        ],
    );
    of(
        "pgaudit.log",
        text("ddl,everything"),
        &[
            "P307: `pgaudit.log` cannot hold \"everything\"",
            "= any of \"none\", \"all\", \"ddl\", \"function\", \"misc\", \"read\", \"role\", \"write\", \
         \"misc_set\", \"-ddl\", \"-function\", \"-misc\", \"-read\", \"-role\", \"-write\", \
         \"-misc_set\"",
        ],
    );
    of(
        "shared_buffers",
        text("{DBInstanceClassMemory/4}"),
        &[
            "P307: `{DBInstanceClassMemory/4}` is more than all memory for `shared_buffers`",
            "= shared_buffers = \"25% of memory\"",
            "- DBInstanceClassMemory is in bytes, `shared_buffers` in pages of 8 kB",
        ],
    );
    of(
        "shared_buffers",
        text("{DBInstanceclassMemory/32768}"),
        &[
            "P307: `{DBInstanceclassMemory/32768}` is not a formula that RDS understands",
            "= shared_buffers: the variable is spelled `DBInstanceClassMemory`, not \
         `DBInstanceclassMemory`",
            "- a formula is {DBInstanceClassMemory*1/32768}, or GREATEST, LEAST or SUM of such and of \
         whole numbers",
        ],
    );
}

#[test]
fn names_that_a_family_lacks_are_refused_at_the_key() {
    let of = |family, name, expected: &[&str]| refused(family, name, &text("1"), expected);
    of(
        "postgres16",
        "wal_level",
        &[
            "P306: RDS does not let you set `wal_level`",
            "= for logical replication write: \"rds.logical_replication\" = true",
            "- that parameter is static: it takes effect after a reboot",
        ],
    );
    of(
        "postgres16",
        "work_men",
        &["P306: `work_men` is not a parameter of postgres16"],
    );
    of(
        "postgres16",
        "rds.force_sll",
        &["P306: `rds.force_sll` is not a parameter of postgres16"],
    );
    of(
        "postgres16",
        "transaction_timeout",
        &[
            "P306: `transaction_timeout` is not a parameter of postgres16",
            "- it exists from PostgreSQL 17 on",
        ],
    );
    of(
        "postgres17",
        "force_parallel_mode",
        &[
            "P306: `force_parallel_mode` is not a parameter of postgres17",
            "= debug_parallel_query",
            "- PostgreSQL 16 renamed it",
        ],
    );
    of(
        "aurora-postgresql16",
        "max_wal_size",
        &[
            "P306: `max_wal_size` is not a parameter of aurora-postgresql16",
            "- Aurora's storage does that job",
        ],
    );
    of(
        "postgres16",
        "port",
        &["P306: RDS does not let you set `port`", "= [postgres] port"],
    );
    let found = convert("postgres16", "wal_level", &text("logical")).expect_err("it is fixed");
    assert!(found.at_key);
}

#[test]
fn families_that_are_unknown_are_taken_for_the_newest() {
    assert_eq!(
        convert("postgres19", "work_mem", &text("4MB")).as_deref(),
        Ok("4096")
    );
    assert_eq!(
        convert("postgres19", "brand_new", &Value::Int(3)).as_deref(),
        Ok("3")
    );
    assert_eq!(
        convert("postgres18", "log_connections", &Value::Bool(true))
            .expect_err("a list there")
            .code,
        "P103"
    );
    assert_eq!(
        convert("postgres17", "log_connections", &Value::Bool(true)).as_deref(),
        Ok("1")
    );
}

#[test]
fn defaults_are_in_the_form_of_conversions() {
    let rows = [
        ("shared_buffers", text("25% of memory")),
        ("effective_cache_size", text("50%")),
        ("checkpoint_completion_target", Value::Float(0.9)),
        ("default_statistics_target", Value::Int(100)),
        ("rds.force_ssl", Value::Bool(true)),
        ("ssl_min_protocol_version", text("TLSv1.2")),
        ("log_statement", text("none")),
        ("work_mem", text("4MB")),
    ];
    for (name, written) in rows {
        let default = find("postgres16", name).map(|facts| facts.default);
        assert_eq!(
            convert("postgres16", name, &written).ok(),
            default,
            "{name}"
        );
    }
}
