//! Token checks while others log in without pause: the hashing lane's promise.

use anyhow::Result;

use crate::{
    bench::Bench,
    load::{Group, Outcome, run},
    report::{Bar, Row, median, spread},
    requests::{checks, log_ins},
    stock::PASSWORD,
};

const ALONE: usize = 0;
const LOG_INS_ALONE: usize = 1;
const TOGETHER: usize = 2;

/// 8 connections check tokens, 16 log in: each alone, then both at once.
pub(super) fn storm(bench: &Bench) -> Result<Vec<Row>> {
    let stock = bench.users()?;
    let server = bench.sekisho(stock)?;
    let target = server.address;
    let (checking, entering) = (checks(target, &stock.tokens), log_ins(target, &stock.names, PASSWORD));
    let check =
        || Group { target, connections: 8, threads: 1, requests: &checking, expect: 200, once: false };
    let enter =
        || Group { target, connections: 16, threads: 1, requests: &entering, expect: 200, once: false };
    let rounds = bench.interleaved(&[&server], 3, |side| {
        let groups = match side {
            ALONE => vec![check()],
            LOG_INS_ALONE => vec![enter()],
            _ => vec![check(), enter()],
        };
        run(&groups, bench.window_of_hashes())?.into_iter().map(Outcome::clean).collect::<Result<Vec<_>>>()
    })?;

    let each = |measure: fn(&[&[Outcome]]) -> f64| -> Vec<f64> {
        rounds
            .iter()
            .map(|round| measure(&[&round[ALONE].0, &round[LOG_INS_ALONE].0, &round[TOGETHER].0]))
            .collect()
    };
    let row = |figure: &str, values: Vec<f64>, bar, context| Row {
        figure: figure.to_owned(),
        value: median(values.iter().copied()),
        spread: spread(&values),
        unit: "x",
        bar,
        context,
    };
    let kept = each(|sides| sides[TOGETHER][0].rate() / sides[ALONE][0].rate());
    let p99 = each(|sides| {
        let p99 = |side: usize| sides[side][0].latency.quantile(0.99).as_secs_f64();
        p99(TOGETHER) / p99(ALONE)
    });
    let entered = each(|sides| sides[TOGETHER][1].rate() / sides[LOG_INS_ALONE][0].rate());
    let absolute = |measure: fn(&[&[Outcome]]) -> f64| median(each(measure));
    Ok(vec![
        row(
            "`GET /users/me` (8 connections) while 16 connections log in, throughput against alone",
            kept,
            Bar::AtLeast { must: 0.65, aim: 0.75 },
            format!(
                "{:.0}/s alone, {:.0}/s meanwhile",
                absolute(|sides| sides[ALONE][0].rate()),
                absolute(|sides| sides[TOGETHER][0].rate())
            ),
        ),
        row(
            "its p99 against alone",
            p99,
            Bar::AtMost { must: 5.0, aim: 2.0 },
            format!(
                "{:.2} ms alone, {:.2} ms meanwhile",
                absolute(|sides| sides[ALONE][0].latency.quantile(0.99).as_secs_f64() * 1e3),
                absolute(|sides| sides[TOGETHER][0].latency.quantile(0.99).as_secs_f64() * 1e3)
            ),
        ),
        row(
            "the log-ins' rate meanwhile against theirs alone",
            entered,
            Bar::AtLeast { must: 0.15, aim: 0.15 },
            format!(
                "{:.0}/s alone, {:.0}/s meanwhile",
                absolute(|sides| sides[LOG_INS_ALONE][0].rate()),
                absolute(|sides| sides[TOGETHER][1].rate())
            ),
        ),
    ])
}
