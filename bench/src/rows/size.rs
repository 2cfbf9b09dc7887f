//! How soon it answers, and how large it is on disk.

use std::fs;

use anyhow::Result;

use crate::{
    bench::Bench,
    report::{Bar, Row, median, spread},
};

/// From before the spawn to the answer of a token check, on a database that is in the page cache.
pub(super) fn start(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let starts = if bench.is_short() { 5 } else { 31 };
    let mut millis = Vec::new();
    for _ in 0..starts {
        millis.push(bench.sekisho(stock)?.ready_after.as_secs_f64() * 1e3);
    }
    Ok(vec![Row {
        figure: "ready after exec, warm database (the first `/users/me` answered)".to_owned(),
        value: median(millis.iter().copied()),
        spread: spread(&millis),
        unit: " ms",
        bar: Bar::AtMost { must: 30.0, aim: 15.0 },
        context: format!("{starts} starts, 10,000 users; connecting is tried every 0.2 ms"),
    }])
}

/// The release profile strips it.
pub(super) fn binary(bench: &Bench) -> Result<Vec<Row>> {
    Ok(vec![Row {
        figure: "binary, stripped".to_owned(),
        value: fs::metadata(bench.binary())?.len() as f64 / 1e6,
        spread: None,
        unit: " MB",
        bar: Bar::AtMost { must: 20.0, aim: 20.0 },
        context: String::new(),
    }])
}
