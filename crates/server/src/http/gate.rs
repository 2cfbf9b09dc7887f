//! What the front door goes by: rules that a reload replaces in place, time and dice.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use sekisho_core::settings::Settings;
use sekisho_core::{Clock, Dice};

use super::body::Budget;
use super::policy::Policy;

/// The rules of the front door, shared by all its connections.
pub struct Gate {
    policy: ArcSwap<Policy>,
    pub(super) bodies: Budget,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) dice: Arc<dyn Dice>,
}

impl Gate {
    /// A gate that goes by these settings.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Gate {
        let policy = ArcSwap::from_pointee(Policy::from(settings));
        Gate { policy, bodies: Budget::default(), clock, dice }
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
