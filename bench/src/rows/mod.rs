//! Every row of the table, in its order.

mod checks;
mod hashes;
mod many;
mod memory;
mod postgres;
mod size;
mod storm;

use anyhow::Result;

use crate::{bench::Bench, report::Row};

/// A measurement: its name for `--only`, and what makes its rows.
pub(crate) struct Measurement {
    /// As `--only` takes it.
    pub(crate) name: &'static str,
    /// Measures.
    pub(crate) run: fn(&Bench) -> Result<Vec<Row>>,
}

/// All of them.
pub(crate) const ALL: &[Measurement] = &[
    Measurement { name: "axum", run: checks::against_axum },
    Measurement { name: "fastapi", run: checks::against_fastapi },
    Measurement { name: "storm", run: storm::storm },
    Measurement { name: "log-ins", run: hashes::log_ins },
    Measurement { name: "registrations", run: hashes::registrations },
    Measurement { name: "users", run: many::million },
    Measurement { name: "users-10m", run: many::ten_millions },
    Measurement { name: "postgres", run: postgres::checks_against_the_driver },
    Measurement { name: "postgres-registrations", run: hashes::registrations_on_postgres },
    Measurement { name: "postgres-users", run: many::ten_millions_on_postgres },
    Measurement { name: "nodes", run: postgres::two_nodes },
    Measurement { name: "start", run: size::start },
    Measurement { name: "memory", run: memory::idle_and_after },
    Measurement { name: "thousand", run: memory::thousand },
    Measurement { name: "binary", run: size::binary },
];
