//! Memory: idle, after a storm of log-ins, and while a thousand log in at once.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow, ensure};

use crate::{
    bench::Bench,
    hashing::MEMORY_KIB,
    load::{Group, Window, run_one},
    process::Server,
    report::{Bar, Row},
    requests::{checks, log_ins},
    stock::PASSWORD,
};

const CONCURRENT: usize = 1_000;

/// Resident memory of a server that has answered token checks and rests, and of one that rests after a storm.
pub(super) fn idle_and_after(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let server = bench.sekisho(stock)?;
    let target = server.address;
    let fresh = mib(server.resident_kib()?);
    let requests = checks(target, &stock.tokens);
    let checking =
        Group { target, connections: 64, threads: 2, requests: &requests, expect: 200, once: false };
    run_one(checking, bench.window())?.clean()?;
    thread::sleep(Duration::from_secs(2));
    let idle = mib(server.resident_kib()?);

    let entering = log_ins(target, &stock.names, PASSWORD);
    let group = Group { target, connections: 16, threads: 1, requests: &entering, expect: 200, once: false };
    let measure = Duration::from_secs(if bench.is_short() { 2 } else { 20 });
    run_one(group, Window { warm: Duration::ZERO, measure })?.clean()?;
    let peak = mib(server.peak_kib()?);
    thread::sleep(Duration::from_secs(30));
    let after = mib(server.resident_kib()?);

    let row = |figure: &str, value, must, context| Row {
        figure: figure.to_owned(),
        value,
        spread: None,
        unit: " MiB",
        bar: Bar::AtMost { must, aim: must },
        context,
    };
    Ok(vec![
        row("resident memory, idle", idle, 20.0, format!("{fresh:.1} MiB before its first load")),
        row(
            "resident memory, 30 s after a storm of log-ins",
            after,
            32.0,
            format!("{peak:.1} MiB at its peak"),
        ),
    ])
}

/// A thousand clients log in at the same moment while eight check tokens.
pub(super) fn thousand(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let server = bench.sekisho(stock)?;
    let target = server.address;
    let (checking, entering) = (checks(target, &stock.tokens), log_ins(target, &stock.names, PASSWORD));
    let check = |seconds| {
        let group =
            Group { target, connections: 8, threads: 1, requests: &checking, expect: 200, once: false };
        let window = Window { warm: Duration::from_millis(500), measure: Duration::from_secs(seconds) };
        run_one(group, window)?.clean()
    };
    let alone = check(3)?;
    let base = server.resident_kib()?;

    let over = AtomicBool::new(false);
    let (storm, meanwhile, peak) = thread::scope(|scope| {
        let watch = scope.spawn(|| watch(&server, &over));
        let meanwhile = scope.spawn(|| check(3));
        let group = Group {
            target,
            connections: CONCURRENT,
            threads: 1,
            requests: &entering,
            expect: 200,
            once: true,
        };
        let storm = run_one(group, Window { warm: Duration::ZERO, measure: Duration::from_secs(1) });
        over.store(true, Ordering::Relaxed);
        let panicked = |_| anyhow!("a thread of the bench panicked");
        let meanwhile = meanwhile.join().map_err(panicked)??;
        let peak = watch.join().map_err(panicked)??;
        anyhow::Ok((storm?, meanwhile, peak))
    })?;

    let refused = storm.other.get(&503).copied().unwrap_or(0);
    ensure!(
        storm.all == CONCURRENT as u64 && storm.answered + refused == storm.all,
        "of {CONCURRENT} log-ins {} had an answer, {} were broken; statuses other than 200: {:?}",
        storm.all,
        storm.broken,
        storm.other
    );
    let blocks = thread::available_parallelism()?.get() as f64 * f64::from(MEMORY_KIB) / 1024.0;
    let allowed = mib(base) + blocks + 64.0;
    Ok(vec![
        Row {
            figure: "1,000 concurrent log-ins: peak memory".to_owned(),
            value: mib(peak),
            spread: None,
            unit: " MiB",
            bar: Bar::AtMost { must: allowed.round(), aim: allowed.round() },
            context: format!(
                "{:.1} MiB before, a block of 19 MiB a core; {} answered 200, {refused} refused with 503, the last after {:.1} s",
                mib(base),
                storm.answered,
                storm.last.as_secs_f64()
            ),
        },
        Row {
            figure: "1,000 concurrent log-ins: token checks (8 connections) against alone".to_owned(),
            value: meanwhile.rate() / alone.rate(),
            spread: None,
            unit: "x",
            bar: Bar::AtLeast { must: 0.65, aim: 0.75 },
            context: format!("{:.0}/s alone, {:.0}/s meanwhile", alone.rate(), meanwhile.rate()),
        },
    ])
}

/// The largest resident size until told to stop, looked at every 10 ms.
fn watch(server: &Server, over: &AtomicBool) -> Result<u64> {
    let mut largest = 0;
    while !over.load(Ordering::Relaxed) {
        largest = largest.max(server.resident_kib()?);
        thread::sleep(Duration::from_millis(10));
    }
    Ok(largest)
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
