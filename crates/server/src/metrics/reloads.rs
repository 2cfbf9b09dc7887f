//! How reading the configuration again went, each time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::reload::in_place::Reloaded;

use super::page::Page;

/// The counters; nothing of a setting is in them.
#[derive(Default)]
pub struct Reloads {
    taken: AtomicU64,
    unchanged: AtomicU64,
    refused: AtomicU64,
    last_refused: AtomicBool,
    restart_needed: AtomicBool,
}

impl Reloads {
    /// Counts one.
    pub fn count(&self, outcome: Reloaded) {
        let (counter, restart) = match outcome {
            Reloaded::Taken { restart_needed } => (&self.taken, Some(restart_needed)),
            Reloaded::Unchanged => (&self.unchanged, Some(false)),
            Reloaded::Refused => (&self.refused, None),
        };
        counter.fetch_add(1, Relaxed);
        self.last_refused.store(restart.is_none(), Relaxed);
        if let Some(needed) = restart {
            self.restart_needed.store(needed, Relaxed);
        }
    }

    pub(super) fn write(&self, page: &mut Page) {
        let help = "Times the configuration was read again, by what came of it.";
        page.counter("sekisho_config_reloads", help, |samples| {
            samples.of(&[("outcome", "taken")], self.taken.load(Relaxed));
            samples.of(&[("outcome", "unchanged")], self.unchanged.load(Relaxed));
            samples.of(&[("outcome", "refused")], self.refused.load(Relaxed));
        });
        let help =
            "1 unless the configuration had a fault when it was last read, so that an older one is in force.";
        page.gauge("sekisho_config_last_reload_successful", help, |samples| {
            samples.of(&[], u64::from(!self.last_refused.load(Relaxed)));
        });
        let help = "1 if the configuration has changes that only a restart puts in force.";
        page.gauge("sekisho_config_restart_needed", help, |samples| {
            samples.of(&[], u64::from(self.restart_needed.load(Relaxed)));
        });
    }
}
