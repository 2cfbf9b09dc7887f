//! What the front door goes by: rules that a reload replaces in place, time and dice.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use sekisho_core::settings::Settings;
use sekisho_core::{Clock, Dice};

use super::body::Budget;
use super::counts::{Counts, Requests};
use super::direct::Direct;
use super::policy::Policy;
use super::tally::{Connections, Tally};

/// The rules of the front door, shared by all its connections.
pub struct Gate {
    policy: ArcSwap<Policy>,
    pub(super) bodies: Budget,
    /// `None`: requests are not counted.
    pub(super) counts: Option<Counts>,
    /// What is answered without the router.
    pub(super) direct: Option<Direct>,
    pub(super) tally: Arc<Tally>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) dice: Arc<dyn Dice>,
}

impl Gate {
    /// A gate that goes by these settings.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Gate {
        let policy = ArcSwap::from_pointee(Policy::from(settings));
        Gate {
            policy,
            bodies: Budget::default(),
            counts: None,
            direct: None,
            tally: Arc::default(),
            clock,
            dice,
        }
    }

    /// The same gate, counting requests by these routes (templates without a slash at their end) and below this prefix.
    pub fn counting(mut self, templates: &'static [&'static str], root_path: &str) -> Gate {
        self.counts = Some(Counts::new(templates, root_path));
        self
    }

    /// The same gate, asking `direct` before the router.
    pub fn asking_first(mut self, direct: Direct) -> Gate {
        self.direct = Some(direct);
        self
    }

    /// What was counted of requests, if they are counted.
    pub fn requests(&self) -> Option<Requests> {
        self.counts.as_ref().map(Counts::read)
    }

    /// What was counted of connections.
    pub fn connections(&self) -> Connections {
        self.tally.read()
    }

    /// Puts changed settings in force: for every request from now on, and for connections already open. The
    /// sizes of a connection's buffers stay as they were when it was opened.
    pub fn apply(&self, settings: &Settings) {
        self.policy.store(Arc::new(Policy::from(settings)));
    }

    pub(super) fn policy(&self) -> Guard<Arc<Policy>> {
        self.policy.load()
    }
}
