//! The store's contract. Each area's file is compiled once for each database, against that database's `open`.

#![expect(clippy::duplicate_mod, reason = "each area's file is compiled once for each database")]

mod world;

mod postgres;
mod sqlite;

mod sqlite_copy;
mod sqlite_crash;
mod sqlite_file;
mod sqlite_foreign;
mod sqlite_full;
mod sqlite_plan;
mod sqlite_readers;
mod sqlite_views;

mod listed;
mod moving;
mod postgres_foreign;
mod postgres_frozen;
mod postgres_line;
mod postgres_pgbouncer;
mod postgres_plan;
mod postgres_pool;
mod postgres_prepare;
mod postgres_rights;
mod scans;
mod served;
