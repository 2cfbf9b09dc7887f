//! How often a log-in may fail: by account and address, by address, and by account.
//!
//! One address that tries many accounts and many addresses that try one account are both slowed. Nobody is
//! locked out: each bucket refills by itself, the right password is taken as soon as there is a token
//! again, and an address from which an account has logged in before does not count against that account's
//! own bucket, so that strangers who keep that empty do not keep its owner out.
//!
//! Names count as typed (by their canonical key), whether or not somebody has them: what exists does not
//! show. So an account's username and its e-mail address are counted apart: who knows both has twice the guesses.
//!
//! Everything is kept in memory, in a bounded space. Where several nodes share a database, they count
//! together there (`shared`); of one node alone it is forgotten with the process.

mod bounded;
mod names;
mod shared;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sekisho_core::Timestamp;
use sekisho_core::limit::{Bucket, Rate};
use sekisho_core::settings::{Allowance, Throttle as Settings};

use crate::address::AddressKey;
use bounded::Bounded;
use names::Shared;

/// The most buckets kept of each kind (40 bytes each), and addresses known to have logged in.
const CAPACITY: usize = 32_768;

/// How long an address stays known after a log-in.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// The count of failed log-ins; clones share it.
#[derive(Clone)]
pub struct Throttle {
    inner: Arc<Inner>,
}

struct Inner {
    names: RandomState,
    counts: Mutex<Counts>,
    /// Where several nodes count together.
    shared: Option<Shared>,
}

struct Counts {
    rates: Rates,
    pairs: Bounded<Bucket>,
    addresses: Bounded<Bucket>,
    accounts: Bounded<Bucket>,
    known: Bounded<Timestamp>,
    refused: Refused,
}

/// How many log-ins each counter has refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Refused {
    /// For what one account has failed from one address.
    pub account_and_address: u64,
    /// For what one address has failed.
    pub address: u64,
    /// For what one account has failed.
    pub account: u64,
}

#[derive(Clone, Copy)]
struct Rates {
    enabled: bool,
    pair: Rate,
    address: Rate,
    account: Rate,
}

/// The keyed hashes under which one log-in counts: no name is kept.
#[derive(Clone, Copy)]
struct Keys {
    pair: u64,
    address: u64,
    account: u64,
}

impl Throttle {
    /// A throttle that has seen nothing yet.
    pub fn new(settings: &Settings) -> Throttle {
        Throttle::over(Counts::new(Rates::from(settings)), None)
    }

    fn over(counts: Counts, shared: Option<Shared>) -> Throttle {
        let counts = Mutex::new(counts);
        Throttle { inner: Arc::new(Inner { names: RandomState::new(), counts, shared }) }
    }

    /// Puts changed rates in force; what was counted stays.
    pub fn apply(&self, settings: &Settings) {
        self.inner.counts().rates = Rates::from(settings);
    }

    /// How many log-ins were refused so far.
    pub fn refused(&self) -> Refused {
        self.inner.counts().refused
    }

    /// Asks leave for one attempt, which is held as if it had failed until its outcome is known: attempts
    /// at the same time count against each other. Of an address that has failed little (half its bucket is
    /// left) they do not: it may be a proxy with a crowd behind it, whose passwords are right.
    ///
    /// # Errors
    /// The time after which to try again, and why.
    pub fn check(&self, account_key: &str, peer: Option<IpAddr>, now: Timestamp) -> Result<Attempt, Wait> {
        let keys = self.inner.keys(account_key, AddressKey::of(peer));
        let mut guard = self.inner.counts();
        let counts = &mut *guard;
        if !counts.rates.enabled {
            return Ok(Attempt { inner: Arc::clone(&self.inner), keys, now, held: None });
        }
        let Rates { pair, address, account, .. } = counts.rates;
        let known = counts.known.get(keys.pair).is_some_and(|until| *until > now);

        // Ask all before taking from any: a refused attempt costs nothing, and leaves no entry behind.
        let half = Rate { burst: address.burst / 2, ..address };
        let suspect = counts.addresses.get(keys.address).is_some_and(|bucket| {
            let mut bucket = *bucket;
            bucket.check(half, now).is_err()
        });
        let room = |bucket: Option<&mut Bucket>, rate, refused: &mut u64| {
            let asked = bucket.map_or(Ok(()), |bucket| bucket.check(rate, now));
            asked.map_err(|after| {
                *refused += 1;
                Wait { after, by_strangers: false }
            })
        };
        let pressed = counts.accounts.get(keys.account).is_some_and(|bucket| !bucket.is_full(now));
        room(counts.addresses.get_mut(keys.address), address, &mut counts.refused.address)?;
        room(counts.pairs.get_mut(keys.pair), pair, &mut counts.refused.account_and_address)?;
        if !known {
            room(counts.accounts.get_mut(keys.account), account, &mut counts.refused.account)
                .map_err(|wait| Wait { by_strangers: true, ..wait })?;
        }
        let wait = |after| Wait { after, by_strangers: false };
        if suspect {
            counts.addresses.entry(keys.address, Bucket::new).take(address, now).map_err(wait)?;
        }
        counts.pairs.entry(keys.pair, Bucket::new).take(pair, now).map_err(wait)?;
        if !known {
            counts.accounts.entry(keys.account, Bucket::new).take(account, now).map_err(wait)?;
        }
        let held = Some(Held { address: suspect, account: !known, pressed });
        Ok(Attempt { inner: Arc::clone(&self.inner), keys, now, held })
    }
}

impl std::fmt::Debug for Throttle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Throttle")
    }
}

impl Counts {
    fn new(rates: Rates) -> Counts {
        Counts {
            rates,
            pairs: Bounded::new(CAPACITY),
            addresses: Bounded::new(CAPACITY),
            accounts: Bounded::new(CAPACITY),
            known: Bounded::new(CAPACITY),
            refused: Refused::default(),
        }
    }
}

impl Inner {
    /// The counts. Nothing that may panic half-way runs under this lock, so a poisoned one is whole.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self, account_key: &str, address: AddressKey) -> Keys {
        Keys {
            pair: self.names.hash_one((account_key, address)),
            address: self.names.hash_one(address),
            account: self.names.hash_one(account_key),
        }
    }
}

/// Why an attempt was not let through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// After how long there is room again.
    pub after: Duration,
    /// Whether it is for what others tried at this account, which does not hold up who is known there.
    pub by_strangers: bool,
}

/// One attempt to log in that was let through.
///
/// Dropped without an outcome it gives back what it held: no hash was made (the lane was busy, the database
/// failed, the client left while it waited). A hash that runs takes it along and ends it, whoever still waits.
#[must_use = "an attempt ends with `failed` or `succeeded`"]
pub struct Attempt {
    inner: Arc<Inner>,
    keys: Keys,
    now: Timestamp,
    /// `None`: nothing is counted, or not any more.
    held: Option<Held>,
}

/// From which buckets beside the pair's the attempt took a token.
#[derive(Clone, Copy)]
struct Held {
    address: bool,
    account: bool,
    /// Whether others had taken from the account's bucket.
    pressed: bool,
}

impl Attempt {
    /// The log-in failed: what the attempt took stays taken.
    pub fn failed(mut self) -> Lesson {
        let Some(held) = self.held.take() else { return Lesson::Nothing };
        if !held.address {
            let mut counts = self.inner.counts();
            let rate = counts.rates.address;
            // An empty bucket stays empty.
            let _ = counts.addresses.entry(self.keys.address, Bucket::new).take(rate, self.now);
        }
        Lesson::Failed { stranger: held.account }
    }

    /// The log-in succeeded: nothing is counted, and the address is known to this account from now on.
    pub fn succeeded(self) -> Lesson {
        let Some(held) = self.held else { return Lesson::Nothing };
        *self.inner.counts().known.entry(self.keys.pair, || self.now) = self.now.plus(KNOWN_FOR);
        if held.pressed { Lesson::Known } else { Lesson::Nothing }
    }
}

/// What the other nodes should learn of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lesson {
    /// Nothing: no node holds it against anybody.
    Nothing,
    /// It failed.
    Failed {
        /// Whether it counts against the account, since the address was not known to it.
        stranger: bool,
    },
    /// The address is known to the account, which others are trying at.
    Known,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some(held) = self.held else { return };
        let mut guard = self.inner.counts();
        let counts = &mut *guard;
        let give_back = |bucket: Option<&mut Bucket>, rate| {
            if let Some(bucket) = bucket {
                bucket.give_back(rate);
            }
        };
        give_back(counts.pairs.get_mut(self.keys.pair), counts.rates.pair);
        if held.address {
            give_back(counts.addresses.get_mut(self.keys.address), counts.rates.address);
        }
        if held.account {
            give_back(counts.accounts.get_mut(self.keys.account), counts.rates.account);
        }
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempt")
    }
}

impl From<&Settings> for Rates {
    fn from(settings: &Settings) -> Rates {
        let rate = |allowance: Allowance| Rate { burst: allowance.burst, refill: allowance.refill };
        Rates {
            enabled: settings.enabled,
            pair: rate(settings.per_account_and_address),
            address: rate(settings.per_address),
            account: rate(settings.per_account),
        }
    }
}
