//! `GET /users/me` in a large database against a small one.

use anyhow::Result;

use super::checks::compare;
use crate::{
    bench::Bench,
    database::Kind,
    report::{Bar, Row},
    requests::checks,
};

/// A small community.
const FEW: usize = 1_000;

/// A million users in one file.
pub(super) fn million(bench: &Bench) -> Result<Vec<Row>> {
    among(bench, Kind::Sqlite, 1_000_000, Bar::AtLeast { must: 0.85, aim: 0.85 })
}

/// Ten million in one file.
pub(super) fn ten_millions(bench: &Bench) -> Result<Vec<Row>> {
    among(bench, Kind::Sqlite, 10_000_000, Bar::AtLeast { must: 0.80, aim: 0.80 })
}

/// Ten million on PostgreSQL.
pub(super) fn ten_millions_on_postgres(bench: &Bench) -> Result<Vec<Row>> {
    among(bench, Kind::Postgres, 10_000_000, Bar::AtLeast { must: 0.80, aim: 0.80 })
}

fn among(bench: &Bench, kind: Kind, many: usize, bar: Bar) -> Result<Vec<Row>> {
    let many = if bench.is_short() { many / 10 } else { many };
    let (few, many) = (bench.stock(kind, FEW)?, bench.stock(kind, many)?);
    let small = bench.sekisho(&few)?;
    let large = bench.sekisho(&many)?;
    compare(
        bench,
        &format!(
            "`GET /users/me` on {}, among {} users against among {}",
            kind.name(),
            many.users,
            few.users
        ),
        &[
            ("many users", &large, &checks(large.address, &many.tokens)),
            ("few users", &small, &checks(small.address, &few.tokens)),
        ],
        bar,
    )
}
