//! A run: the groups' threads, started together.

use std::sync::Barrier;

use anyhow::{Result, anyhow};

use super::{
    group::{Group, Outcome, Window},
    worker::drive,
};

/// Sends until the window is over, waits for the last answers, and says what each group saw.
///
/// # Errors
/// When a server can't be reached.
pub(crate) fn run(groups: &[Group<'_>], window: Window) -> Result<Vec<Outcome>> {
    let threads = groups.iter().map(|group| group.threads).sum();
    let start = Barrier::new(threads);
    let mut outcomes = vec![Outcome::default(); groups.len()];
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            for thread in 0..group.threads {
                let start = &start;
                running.push((index, scope.spawn(move || drive(group, thread, start, window))));
            }
        }
        for (index, handle) in running {
            let outcome = handle.join().map_err(|_| anyhow!("a thread of the generator panicked"))??;
            outcomes[index].merge(&outcome);
        }
        Ok(outcomes)
    })
}

/// One group's run.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_one(group: Group<'_>, window: Window) -> Result<Outcome> {
    Ok(run(&[group], window)?.remove(0))
}
