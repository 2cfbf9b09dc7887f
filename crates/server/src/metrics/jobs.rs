//! What the jobs did: on this node, and as the database knows it, on all.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sekisho_store::Job;

use super::page::Page;

/// How often this node has run each job.
#[derive(Debug, Default)]
pub struct JobRuns {
    /// By the job's name: run to the end, and not.
    runs: Mutex<BTreeMap<&'static str, (u64, u64)>>,
}

impl JobRuns {
    /// Counts one run.
    pub fn count(&self, job: &'static str, well: bool) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, failed) = runs.entry(job).or_default();
        *if well { done } else { failed } += 1;
    }

    /// Writes the figures; `jobs` is what the database said, if it answered.
    pub(super) fn write(&self, page: &mut Page, jobs: &[Job]) {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let help = "Runs of each job on this node, by outcome: done, failed.";
        page.counter("sekisho_job_runs", help, |samples| {
            for job in jobs {
                let (done, failed) = runs.get(job.name.as_str()).copied().unwrap_or_default();
                samples.of(&[("job", &job.name), ("outcome", "done")], done);
                samples.of(&[("job", &job.name), ("outcome", "failed")], failed);
            }
        });
        let help = "When each job last came to a good end, on whatever node, in seconds since 1970.";
        page.gauge("sekisho_job_last_success_timestamp_seconds", help, |samples| {
            for job in jobs {
                if let Some(at) = job.succeeded_at {
                    samples.seconds(&[("job", &job.name)], at.as_micros() as f64 / 1e6);
                }
            }
        });
        let help = "When each job is due, in seconds since 1970.";
        page.gauge("sekisho_job_due_timestamp_seconds", help, |samples| {
            for job in jobs {
                samples.seconds(&[("job", &job.name)], job.due_at.as_micros() as f64 / 1e6);
            }
        });
    }
}
