//! Faults of PostgreSQL and of what lies between it and its nodes.

mod failover;
mod freeze;
mod full;
mod hole;
mod judge;
mod keeper;
mod kill;
mod machine;
mod patroni;
mod proxy;
mod reset;
mod single;
mod site;
mod traffic;
mod trial;
mod watch;
mod wire;

pub(crate) use keeper::Keeper;

use crate::namespace;
use crate::report::Report;
use crate::server::Program;
use std::time::Duration;

/// How much of it is wanted.
pub(crate) struct Amount {
    /// Kills of a node, and as many of PostgreSQL.
    pub(crate) kills: usize,
    /// Commits that are cut.
    pub(crate) cuts: usize,
    /// How long PostgreSQL stands still.
    pub(crate) frozen: Duration,
    /// How often its disk fills; 0 for never.
    pub(crate) full: usize,
}

/// What needs a network of its own and minutes, by the name that `--only` knows.
pub(crate) const FAILOVERS: [(&str, Fault); 5] = [
    ("hole", hole::run),
    ("primary", failover::killed),
    ("zombie", failover::zombie),
    ("etcd", failover::etcd),
    ("control", failover::control),
];

type Fault = fn(&Program, &mut Report) -> Result<(), String>;

/// Every fault of a single PostgreSQL.
pub(crate) fn run(real: &Program, amount: &Amount, seed: u64, report: &mut Report) -> Result<(), String> {
    ordinary_user()?;
    kill::run(real, amount.kills, seed, report)?;
    reset::run(real, amount.cuts, report)?;
    freeze::run(real, amount.frozen, report)?;
    if amount.full > 0 {
        full::run(real, amount.full, report)?;
    }
    Ok(())
}

/// Those of [`FAILOVERS`] that are wanted.
pub(crate) fn failover(
    real: &Program,
    wants: impl Fn(&str) -> bool,
    report: &mut Report,
) -> Result<(), String> {
    ordinary_user()?;
    FAILOVERS.iter().filter(|(name, _)| wants(name)).try_for_each(|(_, run)| run(real, report))
}

/// PostgreSQL refuses to be root, which we are in a namespace of our own.
fn ordinary_user() -> Result<(), String> {
    match namespace::has_nobody() {
        true => Ok(()),
        false => Err("PostgreSQL needs another user than root, and there is none in this namespace: run this as root, or \
                      install uidmap"
            .to_owned()),
    }
}
