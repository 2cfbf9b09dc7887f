//! Everything a verb needs: settings, keys, store, clock, dice, hashing lane, throttle and trace.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use sekisho_core::jose::KeyRing;
use sekisho_core::settings::Settings;
use sekisho_core::{Actor, Clock, Ctx, Dice, HashParams, PasswordPolicy, RequestId, dice};
use sekisho_store::Store;

use crate::hashing::{Lane, LaneSettings};
use crate::telemetry::{AuthTrace, Seen};
use crate::throttle::Throttle;

/// The server's state, shared by all requests and the command line.
pub struct App {
    current: ArcSwap<Current>,
    dummy_key: [u8; 32],
    /// The database.
    pub store: Store,
    /// The only source of time.
    pub clock: Arc<dyn Clock>,
    /// The only source of randomness.
    pub dice: Arc<dyn Dice>,
    /// The threads that hash passwords.
    pub lane: Lane,
    /// The count of failed log-ins.
    pub throttle: Throttle,
    /// The seeds' trace of what each step did.
    pub trace: AuthTrace,
    /// What was last seen of the database.
    pub seen: Seen,
}

/// What a reload replaces as one piece: settings and the keys made of them.
pub struct Current {
    /// The effective settings.
    pub settings: Settings,
    /// The keys that sign and verify access tokens.
    pub keys: KeyRing,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The effective settings.
    pub settings: Settings,
    /// The keys that sign and verify access tokens.
    pub keys: KeyRing,
    /// The key that draws a dummy hash for an unknown name, derived from the root key.
    pub dummy_key: [u8; 32],
    /// The key under which nodes name what they count together, derived from the root key.
    pub limits_key: [u8; 32],
    /// The open database.
    pub store: Store,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub dice: Arc<dyn Dice>,
    /// The trace.
    pub trace: AuthTrace,
}

impl App {
    /// Starts the hashing threads and puts the parts together.
    pub fn new(parts: Parts) -> Arc<App> {
        let lane = Lane::start(LaneSettings::from(&parts.settings.hashing));
        let throttle = Throttle::sharing(&parts.settings.throttle, &parts.store, parts.limits_key);
        Arc::new(App {
            current: ArcSwap::from_pointee(Current { settings: parts.settings, keys: parts.keys }),
            dummy_key: parts.dummy_key,
            store: parts.store,
            clock: parts.clock,
            dice: parts.dice,
            lane,
            throttle,
            trace: parts.trace,
            seen: Seen::default(),
        })
    }

    /// The settings and keys in force; hold the guard briefly, a reload replaces what it points to.
    pub fn current(&self) -> Guard<Arc<Current>> {
        self.current.load()
    }

    /// Puts settings and keys in force for every request that begins from now on.
    pub fn apply(&self, settings: Settings, keys: KeyRing) {
        self.throttle.apply(&settings.throttle);
        self.current.store(Arc::new(Current { settings, keys }));
    }

    /// A fresh context for what the command line or the server itself does.
    pub fn ctx(&self, actor: Actor) -> Ctx {
        Ctx {
            request_id: RequestId::new(dice::array(&*self.dice)),
            peer: None,
            agent: None,
            actor,
            now: self.clock.now(),
        }
    }

    /// The key that draws a dummy hash for an unknown name.
    pub(crate) fn dummy_key(&self) -> &[u8; 32] {
        &self.dummy_key
    }
}

impl Current {
    /// The rules for a new password.
    pub fn password_policy(&self) -> PasswordPolicy {
        self.settings.password.policy()
    }

    /// How a new password is hashed.
    pub fn hash_params(&self) -> HashParams {
        self.settings.password.hash_params()
    }

    /// How long an access token lives.
    pub fn token_lifetime(&self) -> Duration {
        self.settings.tokens.access_token_lifetime()
    }
}
