//! `GET /users/me`: the token check that every request of an application pays for.

use anyhow::Result;

use crate::{
    bench::{Bench, USERS},
    load::{Group, Outcome, run_one},
    meter::Usage,
    process::Server,
    report::{Bar, Row, median, spread},
    requests::{Drawn, checks},
    rivals::{self, fastapi::Install},
    stock::Stock,
};

/// How many clients ask at once.
pub(super) const CONNECTIONS: usize = 64;

/// Against a server that answers the same bytes and does nothing for them.
pub(super) fn against_axum(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let ours = bench.sekisho(stock)?;
    let requests = checks(ours.address, &stock.tokens);
    let bare = rivals::bare_axum::start(bench, &ours, &requests)?;
    compare(
        bench,
        "`GET /users/me`, 64 connections, against bare axum",
        &[("ours", &ours, &requests), ("bare axum", &bare, &requests)],
        Bar::AtLeast { must: 0.70, aim: 0.75 },
    )
}

/// Against the application that it stands in for.
pub(super) fn against_fastapi(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let ours = bench.sekisho(stock)?;
    let theirs_tokens = Stock::plain_tokens(&stock.names)?;
    let plain = rivals::fastapi::start(bench, Install::Plain, USERS, &theirs_tokens)?;
    let standard = rivals::fastapi::start(bench, Install::Standard, USERS, &theirs_tokens)?;
    compare(
        bench,
        "the same against the seeds' FastAPI",
        &[
            ("ours", &ours, &checks(ours.address, &stock.tokens)),
            ("FastAPI as the documents install it", &plain, &checks(plain.address, &theirs_tokens)),
            ("FastAPI with uvloop and httptools", &standard, &checks(standard.address, &theirs_tokens)),
        ],
        Bar::AtLeast { must: 50.0, aim: 65.0 },
    )
}

/// The rate of the first side over the rate of the second, rounds interleaved; further sides are context.
pub(super) fn compare(
    bench: &Bench,
    figure: &str,
    sides: &[(&str, &Server, &Drawn)],
    bar: Bar,
) -> Result<Vec<Row>> {
    let servers: Vec<&Server> = sides.iter().map(|(_, server, _)| *server).collect();
    let rounds = bench.interleaved(&servers, sides.len(), |side| {
        let (_, server, requests) = sides[side];
        let target = server.address;
        let group =
            Group { target, connections: CONNECTIONS, threads: 2, requests, expect: 200, once: false };
        run_one(group, bench.window())?.clean()
    })?;
    let ratios: Vec<f64> = rounds.iter().map(|round| round[0].0.rate() / round[1].0.rate()).collect();
    let described = sides.iter().enumerate().map(|(side, (name, _, _))| {
        let column = || rounds.iter().map(move |round| &round[side]);
        format!("{name} {}", describe(column))
    });
    let context: Vec<String> = described.collect();
    let foreign = rounds.iter().flatten().map(|(_, usage)| usage.foreign);
    Ok(vec![Row {
        figure: figure.to_owned(),
        value: median(ratios.iter().copied()),
        spread: spread(&ratios),
        unit: "x",
        bar,
        context: format!("{}; others used {:.2} cores meanwhile", context.join("; "), median(foreign)),
    }])
}

/// Rate, latency, and processor time a request: the last is what the server itself costs.
pub(super) fn describe<'a, I: Iterator<Item = &'a (Outcome, Usage)>>(column: impl Fn() -> I) -> String {
    let rate = median(column().map(|(outcome, _)| outcome.rate()));
    let quantile =
        |share| median(column().map(|(outcome, _)| outcome.latency.quantile(share).as_secs_f64() * 1e3));
    let cost = median(column().map(|(outcome, usage)| usage.servers / outcome.all as f64 * 1e6));
    let sending = median(column().map(|(outcome, usage)| usage.own / outcome.all as f64 * 1e6));
    format!(
        "{rate:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {cost:.1} µs of processor time a request (the generator's {sending:.1} µs)",
        quantile(0.5),
        quantile(0.99)
    )
}
