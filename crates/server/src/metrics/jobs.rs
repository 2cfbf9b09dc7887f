//! What the jobs did: on this node, and as the database knows it, on all.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sekisho_store::Job;

use super::page::Page;

/// How often this node has run each job.
#[derive(Debug, Default)]
pub struct JobRuns {
    jobs: Vec<Runs>,
}

#[derive(Debug)]
struct Runs {
    job: &'static str,
    done: AtomicU64,
    failed: AtomicU64,
}

impl JobRuns {
    /// Nothing has been run yet of the jobs of these names.
    pub fn of(names: impl IntoIterator<Item = &'static str>) -> JobRuns {
        let none = |job| Runs { job, done: AtomicU64::new(0), failed: AtomicU64::new(0) };
        JobRuns { jobs: names.into_iter().map(none).collect() }
    }

    /// Counts one run.
    pub fn count(&self, job: &str, well: bool) {
        if let Some(runs) = self.jobs.iter().find(|runs| runs.job == job) {
            let counter = if well { &runs.done } else { &runs.failed };
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Writes the figures; `known` is what the database said. If it did not answer, what only it knows is left out: that it
    /// is down is no sign that a job is late.
    pub(super) fn write(&self, page: &mut Page, known: Option<&[Job]>) {
        let help = "Runs of each job on this node, by outcome: done, failed.";
        page.counter("sekisho_job_runs", help, |samples| {
            for runs in &self.jobs {
                samples.of(&[("job", runs.job), ("outcome", "done")], runs.done.load(Relaxed));
                samples.of(&[("job", runs.job), ("outcome", "failed")], runs.failed.load(Relaxed));
            }
        });
        let Some(known) = known else { return };
        let seconds = |job: &str, of: fn(&Job) -> Option<i64>| {
            let micros = known.iter().find(|known| known.name == job).and_then(of);
            micros.unwrap_or(0) as f64 / 1e6
        };
        let help =
            "When each job last came to a good end, on whatever node, in seconds since 1970; 0 is never.";
        page.gauge("sekisho_job_last_success_timestamp_seconds", help, |samples| {
            for Runs { job, .. } in &self.jobs {
                let at = seconds(job, |job| job.succeeded_at.map(|at| at.as_micros()));
                samples.seconds(&[("job", job)], at);
            }
        });
        let help = "When each job is due, in seconds since 1970; 0 is now.";
        page.gauge("sekisho_job_due_timestamp_seconds", help, |samples| {
            for Runs { job, .. } in &self.jobs {
                samples.seconds(&[("job", job)], seconds(job, |job| Some(job.due_at.as_micros())));
            }
        });
    }
}
