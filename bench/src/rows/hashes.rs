//! Log-ins and registrations: one hash each, and little else.

use std::{cell::Cell, thread::available_parallelism};

use anyhow::Result;

use crate::{
    bench::Bench,
    database::Kind,
    hashing,
    load::{Group, Outcome, Requests, run_one},
    meter::Usage,
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
        0 => Ok(Rate::Server(run(bench, &server, &requests)?)),
        _ => Ok(Rate::Threads(hashing::rate(cores, bench.window_of_hashes().measure)?)),
    })?;
    Ok(vec![row(
        "log-ins/s against the hashes/s of bare threads on all cores",
        &rounds,
        Bar::AtLeast { must: 0.93, aim: 0.93 },
        ["log-ins", "bare hashes"],
    )])
}

/// Registrations a second against log-ins a second.
pub(super) fn registrations(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let server = bench.sekisho(stock)?;
    let log_ins = log_in_requests(server.address, &stock.names, PASSWORD);
    let run_number = Cell::new(0);
    let rounds = bench.interleaved(&[&server], 2, |side| {
        run_number.set(run_number.get() + 1);
        let registrations = Registrations::new(server.address, &format!("new{}x", run_number.get()));
        let requests: &dyn Requests = if side == 0 { &registrations } else { &log_ins };
        Ok(Rate::Server(run(bench, &server, requests)?))
    })?;
    Ok(vec![row(
        "registrations/s against log-ins/s",
        &rounds,
        Bar::AtLeast { must: 0.95, aim: 0.95 },
        ["registrations", "log-ins"],
    )])
}

/// Registrations a second on PostgreSQL against what threads do that only hash, on all cores.
pub(super) fn registrations_on_postgres(bench: &Bench) -> Result<Vec<Row>> {
    let server = bench.sekisho(bench.users_on(Kind::Postgres)?)?;
    let cores = available_parallelism()?.get();
    let run_number = Cell::new(0);
    let rounds = bench.interleaved(&[&server], 2, |side| {
        if side == 1 {
            return Ok(Rate::Threads(hashing::rate(cores, bench.window_of_hashes().measure)?));
        }
        run_number.set(run_number.get() + 1);
        let registrations = Registrations::new(server.address, &format!("new{}x", run_number.get()));
        Ok(Rate::Server(run(bench, &server, &registrations)?))
    })?;
    Ok(vec![row(
        "registrations/s on PostgreSQL against the hashes/s of bare threads on all cores",
        &rounds,
        Bar::AtLeast { must: 0.90, aim: 0.90 },
        ["registrations", "bare hashes"],
    )])
}

/// How often something was done in a second, by whom.
enum Rate {
    Server(Outcome),
    Threads(f64),
}

impl Rate {
    fn rate(&self) -> f64 {
        match self {
            Self::Server(outcome) => outcome.rate(),
            Self::Threads(rate) => *rate,
        }
    }
}

fn run(bench: &Bench, server: &Server, requests: &dyn Requests) -> Result<Outcome> {
    let target = server.address;
    let group = Group { target, connections: 16, threads: 1, requests, expect: 200, once: false };
    run_one(group, bench.window_of_hashes())?.clean()
}

fn row(figure: &str, rounds: &[Vec<(Rate, Usage)>], bar: Bar, names: [&str; 2]) -> Row {
    let ratios: Vec<f64> = rounds.iter().map(|round| round[0].0.rate() / round[1].0.rate()).collect();
    let described = names.iter().enumerate().map(|(side, name)| {
        let column: Vec<_> = rounds.iter().map(|round| &round[side]).collect();
        format!("{name} {}", describe(&column))
    });
    let context: Vec<String> = described.collect();
    let foreign = rounds.iter().flatten().map(|(_, usage)| usage.foreign);
    Row {
        figure: figure.to_owned(),
        value: median(ratios.iter().copied()),
        spread: spread(&ratios),
        unit: "x",
        bar,
        context: format!("{}; others used {:.2} cores meanwhile", context.join("; "), median(foreign)),
    }
}

/// Rate, and for a server its latency and the processor time of each hash with all that belongs to it.
fn describe(column: &[&(Rate, Usage)]) -> String {
    let rate = median(column.iter().map(|(rate, _)| rate.rate()));
    let served: Vec<_> = column
        .iter()
        .filter_map(|(rate, usage)| match rate {
            Rate::Server(outcome) => Some((outcome, usage)),
            Rate::Threads(_) => None,
        })
        .collect();
    if served.is_empty() {
        return format!("{rate:.1}/s");
    }
    let p50 = median(served.iter().map(|(outcome, _)| outcome.latency.quantile(0.5).as_secs_f64() * 1e3));
    let cost = median(served.iter().map(|(outcome, usage)| usage.servers / outcome.all as f64 * 1e3));
    format!("{rate:.1}/s, p50 {p50:.0} ms, {cost:.1} ms of processor time each")
}
