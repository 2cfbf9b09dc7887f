//! Counting together with the other nodes that share the database.
//!
//! A log-in that succeeds costs nothing more. One that failed has cost a hash, and is then counted by one statement in the
//! database, whose answer says what all nodes have counted: from then on this node knows it. So after the last token of a
//! bucket, each other node lets through what is under way there and one attempt more. If the database does not take it, the
//! node counts alone.
//!
//! What is counted stands there under a keyed hash: the table tells nobody who was tried, or from where.

use std::net::IpAddr;
use std::time::Duration;

use sekisho_core::Timestamp;
use sekisho_core::limit::Bucket;
use sekisho_store::{Dialect, Error, Store};

use super::names::Shared;
use super::{Attempt, Counts, KNOWN_FOR, Lesson, Rates, Settings, Throttle, Wait};
use crate::address::AddressKey;

impl Throttle {
    /// One that counts together with all others on this database; a file has one server, which counts alone.
    pub fn sharing(settings: &Settings, store: &Store, key: [u8; 32]) -> Throttle {
        let together = store.dialect() == Dialect::Postgres;
        let shared = together.then(|| Shared::new(store.clone(), key));
        Throttle::over(Counts::new(Rates::from(settings)), shared)
    }

    /// As [`Throttle::check`]; whom the address is known to is asked of the other nodes too, where that decides.
    ///
    /// # Errors
    /// The time after which to try again.
    pub async fn ask(
        &self,
        account_key: &str,
        peer: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Attempt, Duration> {
        let refused = match self.check(account_key, peer, now) {
            Ok(attempt) => return Ok(attempt),
            Err(refused) => refused,
        };
        if let (Wait { by_strangers: true, .. }, Some(shared)) = (refused, &self.inner.shared) {
            let known = shared.names(account_key, peer).known;
            // If it can't be read, what this node knows holds.
            let until = async { shared.store.read().await?.limit(&known).await }.await.unwrap_or_default();
            if let Some(until) = until.filter(|until| *until > now) {
                let keys = self.inner.keys(account_key, AddressKey::of(peer));
                *self.inner.counts().known.entry(keys.pair, || now) = until.min(now.plus(KNOWN_FOR));
                return self.check(account_key, peer, now).map_err(|wait| wait.after);
            }
        }
        Err(refused.after)
    }

    /// Tells the other nodes, and learns from them.
    pub async fn share(&self, lesson: Lesson, account_key: &str, peer: Option<IpAddr>, now: Timestamp) {
        let Some(shared) = &self.inner.shared else { return };
        let shared = match lesson {
            Lesson::Nothing => return,
            Lesson::Failed { stranger } => self.count(shared, account_key, peer, now, stranger).await,
            Lesson::Known => {
                shared.remember(&shared.names(account_key, peer).known, now.plus(KNOWN_FOR)).await
            }
        };
        match shared {
            // On hold for a while: each node counts alone meanwhile.
            Ok(()) | Err(Error::Frozen) => {}
            Err(error) => tracing::warn!(%error, "a log-in was counted on this node alone"),
        }
    }

    async fn count(
        &self,
        shared: &Shared,
        account_key: &str,
        peer: Option<IpAddr>,
        now: Timestamp,
        stranger: bool,
    ) -> Result<(), Error> {
        let rates = self.inner.counts().rates;
        let names = shared.names(account_key, peer);
        let account = if stranger { now.plus(rates.account.refill) } else { now };
        let taken = [
            (names.pair, now.plus(rates.pair.refill)),
            (names.address, now.plus(rates.address.refill)),
            (names.account, account),
        ];
        let empty = [rates.pair, rates.address, rates.account].map(|rate| rate.full_after_empty(now));
        let longest = empty.into_iter().max().unwrap_or(now);
        let mut tx = shared.store.begin().await?;
        let [pair, address, account] = tx.take_from_limits(taken, now, longest).await?;
        tx.commit().await?;

        let keys = self.inner.keys(account_key, AddressKey::of(peer));
        let mut counts = self.inner.counts();
        counts.pairs.entry(keys.pair, Bucket::new).not_full_before(pair);
        counts.addresses.entry(keys.address, Bucket::new).not_full_before(address);
        counts.accounts.entry(keys.account, Bucket::new).not_full_before(account);
        Ok(())
    }
}
