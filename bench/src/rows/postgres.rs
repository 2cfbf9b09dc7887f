//! Token checks on PostgreSQL: against the driver alone, and two nodes against one.

use std::cell::Cell;

use anyhow::{Result, ensure};

use super::checks::{CONNECTIONS, describe};
use crate::{
    bench::Bench,
    database::Kind,
    load::{Group, Outcome, Window, run, run_one},
    meter::Usage,
    process::Server,
    report::{Bar, Row, median, spread},
    requests::{Drawn, Registrations, checks},
    rivals::tokio_postgres::{Alone, Use},
};

/// Pools that the rival is tried with; it is measured with the best.
const POOLS: [usize; 6] = [2, 4, 8, 16, 32, 64];

/// Connections that are shared, for those who look at how much that alone gives.
const SHARED: usize = 4;

/// Against a program that runs the same statement through the same driver, and has no HTTP and no tokens.
pub(super) fn checks_against_the_driver(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users_on(Kind::Postgres)?;
    let url = stock.database.url();
    let server = bench.sekisho(stock)?;
    let requests = checks(server.address, &stock.tokens);
    let (size, alone) = best_pool(bench, &url, &stock.ids)?;
    let shared = Alone::start(&url, Use::Shared(SHARED), &stock.ids)?;
    let rounds = bench.interleaved(&[&server], 3, |side| match side {
        0 => Ok(Side::Served(checked(bench, &server, CONNECTIONS, &requests)?)),
        1 => Ok(Side::Asked(alone.rate(CONNECTIONS, bench.window())?)),
        _ => Ok(Side::Asked(shared.rate(CONNECTIONS, bench.window())?)),
    })?;
    let served: Vec<(Outcome, Usage)> = rounds
        .iter()
        .filter_map(|round| match &round[0] {
            (Side::Served(outcome), usage) => Some((outcome.clone(), *usage)),
            (Side::Asked(_), _) => None,
        })
        .collect();
    let ratios: Vec<f64> = rounds.iter().map(|round| round[0].0.rate() / round[1].0.rate()).collect();
    let rate = |side: usize| median(rounds.iter().map(|round| round[side].0.rate()));
    let foreign = rounds.iter().flatten().map(|(_, usage)| usage.foreign);
    Ok(vec![Row {
        figure: "`GET /users/me` on PostgreSQL, 64 connections, against tokio-postgres alone".to_owned(),
        value: median(ratios.iter().copied()),
        spread: spread(&ratios),
        unit: "x",
        bar: Bar::AtLeast { must: 0.70, aim: 0.70 },
        context: format!(
            "ours {}, the server's processes included; tokio-postgres with 64 callers on a pool of {size} {:.0}/s (the \
             best of {POOLS:?}), on {SHARED} connections that all share {:.0}/s; others used {:.2} cores meanwhile",
            describe(|| served.iter()),
            rate(1),
            rate(2),
            median(foreign)
        ),
    }])
}

/// The rival with the pool that serves it best.
fn best_pool(bench: &Bench, url: &str, ids: &[sekisho_core::id::UserId]) -> Result<(usize, Alone)> {
    let mut best: Option<(f64, usize)> = None;
    for size in POOLS {
        let rate = Alone::start(url, Use::Pool(size), ids)?.rate(CONNECTIONS, bench.window())?;
        println!("tokio-postgres alone on a pool of {size}: {rate:.0}/s");
        if best.is_none_or(|(most, _)| rate > most) {
            best = Some((rate, size));
        }
    }
    let size = best.map_or(POOLS[0], |(_, size)| size);
    Ok((size, Alone::start(url, Use::Pool(size), ids)?))
}

/// Two servers on one database and one machine against one: checks a second in sum, and nobody who registered is lost.
pub(super) fn two_nodes(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users_on(Kind::Postgres)?;
    let nodes = [bench.sekisho(stock)?, bench.sekisho(stock)?];
    let requests = nodes.each_ref().map(|node| checks(node.address, &stock.tokens));
    let rounds = bench.interleaved(&[&nodes[0], &nodes[1]], 2, |side| {
        if side == 1 {
            return Ok(checked(bench, &nodes[0], CONNECTIONS, &requests[0])?.rate());
        }
        let halves: Vec<Group<'_>> =
            nodes.iter().zip(&requests).map(|(node, requests)| half(node, requests)).collect();
        let outcomes = run(&halves, bench.window())?;
        outcomes.into_iter().map(|outcome| Ok(outcome.clean()?.rate())).sum()
    })?;
    let ratios: Vec<f64> = rounds.iter().map(|round| round[0].0 / round[1].0).collect();
    let rate = |side: usize| median(rounds.iter().map(|round| round[side].0));
    let kept = registered(bench, &nodes, &stock.database.url())?;
    Ok(vec![Row {
        figure: "`GET /users/me` on two nodes on one machine in sum, against one node".to_owned(),
        value: median(ratios.iter().copied()),
        spread: spread(&ratios),
        unit: "x",
        bar: Bar::AtLeast { must: 0.95, aim: 1.0 },
        context: format!(
            "two {:.0}/s, one {:.0}/s; of {kept} users who registered on both at once every one is there",
            rate(0),
            rate(1)
        ),
    }])
}

/// Registers on both nodes at once; how many got an answer, each of whom must be in the database.
fn registered(bench: &Bench, nodes: &[Server; 2], url: &str) -> Result<u64> {
    let count = || bench.postgres().psql(url, "select count(*) from sekisho_users").parse::<u64>();
    let before = count()?;
    let number = Cell::new(0);
    let requests = nodes.each_ref().map(|node| {
        number.set(number.get() + 1);
        Registrations::new(node.address, &format!("node{}x", number.get()))
    });
    let groups: Vec<Group<'_>> = nodes
        .iter()
        .zip(&requests)
        .map(|(node, requests)| Group {
            target: node.address,
            connections: 8,
            threads: 1,
            requests,
            expect: 200,
            once: false,
        })
        .collect();
    let mut answered = 0;
    for outcome in run(&groups, bench.window_of_hashes())? {
        answered += outcome.clean()?.all;
    }
    let there = count()? - before;
    ensure!(there == answered, "{answered} registrations were answered, {there} are in the database");
    Ok(answered)
}

fn half<'a>(node: &Server, requests: &'a Drawn) -> Group<'a> {
    let connections = CONNECTIONS / 2;
    Group { target: node.address, connections, threads: 1, requests, expect: 200, once: false }
}

fn checked(bench: &Bench, server: &Server, connections: usize, requests: &Drawn) -> Result<Outcome> {
    let target = server.address;
    let group = Group { target, connections, threads: 2, requests, expect: 200, once: false };
    let window: Window = bench.window();
    run_one(group, window)?.clean()
}

/// What a side did.
enum Side {
    Served(Outcome),
    Asked(f64),
}

impl Side {
    fn rate(&self) -> f64 {
        match self {
            Self::Served(outcome) => outcome.rate(),
            Self::Asked(rate) => *rate,
        }
    }
}
