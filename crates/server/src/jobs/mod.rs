//! What the servers do by themselves, each thing once among all nodes that share a database.
//!
//! Every server looks from time to time whether a job is due ([`keeper`]). Whoever takes it has it for a lease of a minute,
//! which each transaction of the work moves on ([`turn`]): a node that dies in the middle loses it a minute later, and one
//! that was only asleep can't write any more. Leases and due times are told by the database's own clock.

pub mod keeper;
pub mod turn;
mod work;

use std::time::Duration;

/// A job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobKind {
    /// Gives the names of deleted users free whose time has come.
    ReleaseNames,
    /// Deletes events that are older than `audit.keep_days`.
    PurgeEvents,
    /// Deletes what the shared limits need no more.
    ForgetLimits,
}

impl JobKind {
    /// Every job, in the order of their names.
    pub const ALL: [JobKind; 3] = [JobKind::ForgetLimits, JobKind::PurgeEvents, JobKind::ReleaseNames];

    /// The name in the database, at the command line and in the figures.
    pub const fn name(self) -> &'static str {
        match self {
            JobKind::ReleaseNames => "release-names",
            JobKind::PurgeEvents => "purge-events",
            JobKind::ForgetLimits => "forget-limits",
        }
    }

    /// What it does, in one line.
    pub const fn what(self) -> &'static str {
        match self {
            JobKind::ReleaseNames => "gives the names of deleted users free whose time has come",
            JobKind::PurgeEvents => "deletes events that are older than audit.keep_days",
            JobKind::ForgetLimits => "deletes counts of failed log-ins that are over",
        }
    }

    /// How long after its end it is due again.
    pub const fn every(self) -> Duration {
        match self {
            JobKind::ReleaseNames => Duration::from_secs(600),
            JobKind::PurgeEvents => Duration::from_secs(24 * 3600),
            JobKind::ForgetLimits => Duration::from_secs(3600),
        }
    }

    /// The job of this name.
    pub fn named(name: &str) -> Option<JobKind> {
        JobKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
