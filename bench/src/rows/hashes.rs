//! Log-ins and registrations: one hash each, and little else.

use std::{cell::Cell, thread::available_parallelism};

use anyhow::Result;

use crate::{
    bench::Bench,
    hashing,
    load::{Group, Requests, run_one},
    process::Server,
    report::{Bar, Row, median, spread},
    requests::{Registrations, log_ins as log_in_requests},
    stock::PASSWORD,
};

/// Log-ins a second against what threads do that only hash, on all cores.
pub(super) fn log_ins(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let server = bench.sekisho(stock)?;
    let requests = log_in_requests(server.address, &stock.names, PASSWORD);
    let cores = available_parallelism()?.get();
    let rounds = bench.interleaved(&[&server], 2, |side| match side {
        0 => rate(bench, &server, &requests, 200),
        _ => hashing::rate(cores, bench.window_of_hashes().measure),
    })?;
    Ok(vec![row(
        "log-ins/s against the hashes/s of bare threads on all cores",
        rounds.iter().map(|round| (round[0].0, round[1].0)).collect(),
        Bar::AtLeast { must: 0.93, aim: 0.93 },
        ["log-ins", "bare hashes"],
    )])
}

/// Registrations a second against log-ins a second.
pub(super) fn registrations(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let server = bench.sekisho(stock)?;
    let log_ins = log_in_requests(server.address, &stock.names, PASSWORD);
    let run = Cell::new(0);
    let rounds = bench.interleaved(&[&server], 2, |side| {
        run.set(run.get() + 1);
        match side {
            0 => {
                let registrations = Registrations::new(server.address, &format!("new{}x", run.get()));
                rate(bench, &server, &registrations, 200)
            }
            _ => rate(bench, &server, &log_ins, 200),
        }
    })?;
    Ok(vec![row(
        "registrations/s against log-ins/s",
        rounds.iter().map(|round| (round[0].0, round[1].0)).collect(),
        Bar::AtLeast { must: 0.95, aim: 0.95 },
        ["registrations", "log-ins"],
    )])
}

fn rate(bench: &Bench, server: &Server, requests: &dyn Requests, expect: u16) -> Result<f64> {
    let target = server.address;
    let group = Group { target, connections: 16, threads: 1, requests, expect, once: false };
    Ok(run_one(group, bench.window_of_hashes())?.clean()?.rate())
}

fn row(figure: &str, pairs: Vec<(f64, f64)>, bar: Bar, names: [&str; 2]) -> Row {
    let ratios: Vec<f64> = pairs.iter().map(|(first, second)| first / second).collect();
    Row {
        figure: figure.to_owned(),
        value: median(ratios.iter().copied()),
        spread: spread(&ratios),
        unit: "x",
        bar,
        context: format!(
            "{} {:.1}/s, {} {:.1}/s",
            names[0],
            median(pairs.iter().map(|pair| pair.0)),
            names[1],
            median(pairs.iter().map(|pair| pair.1))
        ),
    }
}
