//! Which faults are tried, in which order, and how often.

use crate::base::{self, Base};
use crate::report::Report;
use crate::scratch::Scratch;
use crate::server::Program;
use crate::{
    ack_order, damage, flipped_page, full_disk, inject_load, inject_start, kill_loop, lock, postgres,
    power_cut, read_only, scarce,
};
use std::cell::OnceCell;
use std::time::Duration;

/// What `--only` takes.
const FAULTS: [&str; 12] = [
    "kill",
    "order",
    "power",
    "full",
    "read-only",
    "load",
    "start",
    "damage",
    "flipped",
    "lock",
    "scarce",
    "postgres",
];

/// How much is asked for.
#[derive(Default)]
pub(crate) struct Plan {
    /// Kills of the kill loop, by which everything else is measured; 0 for the usual number.
    pub(crate) rounds: u32,
    /// A quick run: every fault, fewer rounds, a smaller load.
    pub(crate) short: bool,
    /// What needs a network of its own and minutes, instead of the rest.
    pub(crate) failover: bool,
    /// One fault instead of all.
    pub(crate) only: Option<&'static str>,
}

/// The fault of this name.
pub(crate) fn fault(name: &str) -> Result<&'static str, String> {
    let failovers = postgres::FAILOVERS.map(|(name, _)| name);
    let found = FAULTS.into_iter().chain(failovers).find(|fault| *fault == name);
    found.ok_or_else(|| {
        format!(
            "unknown fault {name}; known: {}, and with --failover: {}",
            FAULTS.join(", "),
            failovers.join(", ")
        )
    })
}

/// Tries what is asked for.
pub(crate) fn run(plan: &Plan, real: &Program, seed: u64) -> Result<Report, String> {
    let mut report = Report::new(seed);
    if plan.failover {
        postgres::failover(real, |fault| plan.wants(fault), &mut report)?;
        return Ok(report);
    }
    std::thread::scope(|scope| {
        // These two mostly wait, the lock for time to pass and the limits for connections that nobody serves.
        let waiting = scope.spawn(|| {
            let mut report = Report::new(seed);
            if plan.wants("lock") {
                lock::run(real, &mut report)?;
            }
            if plan.wants("scarce") {
                scarce::run(real, plan.of(40, 200), &mut report)?;
            }
            Ok::<_, String>(report)
        });
        let database = scope.spawn(|| {
            let mut report = Report::new(seed);
            if plan.wants("postgres") {
                let amount = postgres::Amount {
                    kills: plan.of(3, 20),
                    cuts: plan.of(12, 90),
                    frozen: Duration::from_secs(plan.of(0, 60) as u64),
                    full: plan.of(0, 2),
                };
                postgres::run(real, &amount, seed, &mut report)?;
            }
            Ok::<_, String>(report)
        });
        working(plan, real, seed, &mut report)?;
        report.join(database.join().map_err(|_| "a fault test panicked")??);
        report.join(waiting.join().map_err(|_| "a fault test panicked")??);
        Ok::<_, String>(())
    })?;
    Ok(report)
}

fn working(plan: &Plan, real: &Program, seed: u64, report: &mut Report) -> Result<(), String> {
    let killed = OnceCell::new();
    let killed = || base_once(&killed, real);
    let rounds = plan.rounds() as usize;
    if plan.wants("kill") {
        kill_loop::run(real, plan.rounds(), seed, report)?;
    }
    if plan.wants("order") {
        ack_order::run(real, seed, report)?;
    }
    if plan.wants("power") {
        let amount = power_cut::Amount {
            registrations: plan.of(40, 250),
            cuts: 2 * rounds,
            control_cuts: plan.of(10, 20),
        };
        power_cut::run(real, &amount, seed, report)?;
    }
    if plan.wants("full") {
        full_disk::run(real, 1 + rounds / 20, seed, report)?;
    }
    if plan.wants("read-only") {
        read_only::run(real, killed()?, report)?;
    }
    if plan.wants("load") {
        inject_load::run(real, killed()?, rounds, seed, report)?;
    }
    if plan.wants("start") {
        inject_start::run(real, killed()?, rounds, seed, report)?;
    }
    if plan.wants("damage") {
        damage::run(real, killed()?, plan.short, seed, report)?;
    }
    if plan.wants("flipped") {
        flipped_page::run(real, plan.short.then_some(12), seed, report)?;
    }
    Ok(())
}

impl Plan {
    fn wants(&self, fault: &str) -> bool {
        self.only.is_none_or(|only| only == fault)
    }

    fn rounds(&self) -> u32 {
        if self.rounds == 0 { self.of(20, 200) as u32 } else { self.rounds }
    }

    fn of(&self, short: usize, long: usize) -> usize {
        if self.short { short } else { long }
    }
}

/// Several faults begin with the same database.
fn base_once<'a>(kept: &'a OnceCell<Base>, real: &Program) -> Result<&'a Base, String> {
    if let Some(base) = kept.get() {
        return Ok(base);
    }
    let scratch = Scratch::new("killed")?;
    let base = base::killed(real, &scratch)?;
    scratch.remove();
    Ok(kept.get_or_init(|| base))
}
