//! A token bucket as arithmetic: one number a bucket, no timer, no thread. And by what buckets are told apart where others
//! could read it.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::time::Timestamp;

/// How much at once, and how fast it comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many tokens a full bucket holds; a bucket of a rate with 0 refuses everything.
    pub burst: u32,
    /// The time in which one token comes back.
    pub refill: Duration,
}

impl Rate {
    fn micros(self) -> i64 {
        i64::try_from(self.refill.as_micros()).unwrap_or(i64::MAX)
    }

    /// How far ahead of the present a bucket may be full again: the time in which an empty one refills.
    fn horizon(self) -> i64 {
        self.micros().saturating_mul(i64::from(self.burst))
    }

    /// When a bucket that is empty now is full again.
    pub fn full_after_empty(self, now: Timestamp) -> Timestamp {
        Timestamp::from_micros(now.as_micros().saturating_add(self.horizon()))
    }
}

/// A name of 16 bytes for what a bucket counts, under a key (HMAC-SHA256, cut): the same on every node that has the key, and
/// nobody else learns what was counted.
pub fn counted_as(key: &[u8; 32], what: &str, parts: [&[u8]; 2]) -> [u8; 16] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in [what.as_bytes(), parts[0], parts[1]] {
        // With its length before it no part can pass for the end of another.
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    let tag = mac.finalize().into_bytes();
    std::array::from_fn(|i| tag[i])
}

/// A bucket of tokens, full when new. It holds the moment at which it will be full again (the "theoretical arrival
/// time" of the generic cell rate algorithm, ITU-T I.371), which is all there is to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket {
    full_at: i64,
}

impl Bucket {
    /// A full bucket.
    pub const fn new() -> Self {
        Self { full_at: i64::MIN }
    }

    /// Takes one token, or says after how long there will be one.
    ///
    /// # Errors
    /// The time to wait, when the bucket is empty; nothing is taken then.
    pub fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        self.check(rate, now)?;
        self.full_at = self.full_at.saturating_add(rate.micros());
        Ok(())
    }

    /// What [`Bucket::take`] would answer now, without taking anything. (It writes down that the clock stepped
    /// back, should it have.)
    ///
    /// # Errors
    /// The time to wait, when the bucket is empty.
    pub fn check(&mut self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        self.full_at = self.base(rate, now);
        let after = self.full_at.saturating_add(rate.micros());
        let over = after.saturating_sub(now.as_micros().saturating_add(rate.horizon()));
        if over > 0 { Err(Duration::from_micros(over.unsigned_abs())) } else { Ok(()) }
    }

    /// Whether nothing is missing.
    pub fn is_full(&self, now: Timestamp) -> bool {
        self.full_at <= now.as_micros()
    }

    /// Learns that the bucket is full no earlier than this: what others took from it too.
    pub fn not_full_before(&mut self, full_at: Timestamp) {
        self.full_at = self.full_at.max(full_at.as_micros());
    }

    /// Puts one token back; a full bucket stays full.
    pub fn give_back(&mut self, rate: Rate) {
        self.full_at = self.full_at.saturating_sub(rate.micros());
    }

    /// When the bucket is full, from `now` on. Never further ahead than an empty bucket needs: after the clock
    /// has stepped back nobody waits for it to catch up.
    fn base(&self, rate: Rate, now: Timestamp) -> i64 {
        let now = now.as_micros();
        self.full_at.clamp(now, now.saturating_add(rate.horizon()))
    }
}

impl Default for Bucket {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, refill: Duration::from_secs(10) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    #[test]
    fn a_burst_then_one_each_refill() {
        let mut bucket = Bucket::new();
        for _ in 0..3 {
            assert_eq!(bucket.take(RATE, at(0)), Ok(()));
        }
        assert_eq!(bucket.take(RATE, at(0)), Err(Duration::from_secs(10)));
        assert_eq!(bucket.take(RATE, at(4)), Err(Duration::from_secs(6)));
        assert_eq!(bucket.take(RATE, at(10)), Ok(()));
        assert_eq!(bucket.check(RATE, at(10)), Err(Duration::from_secs(10)));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_but_not_hoarded() {
        let mut bucket = Bucket::new();
        for _ in 0..3 {
            bucket.take(RATE, at(0)).unwrap();
        }
        bucket.give_back(RATE);
        assert_eq!(bucket.take(RATE, at(0)), Ok(()));
        assert!(bucket.take(RATE, at(0)).is_err());
        for _ in 0..9 {
            bucket.give_back(RATE);
        }
        for _ in 0..3 {
            assert_eq!(bucket.take(RATE, at(0)), Ok(()));
        }
        assert!(bucket.take(RATE, at(0)).is_err());
    }

    #[test]
    fn what_others_took_is_missing_here_too() {
        let mut bucket = Bucket::new();
        assert!(bucket.is_full(at(0)));
        bucket.take(RATE, at(0)).unwrap();
        bucket.not_full_before(at(20));
        assert!(!bucket.is_full(at(19)) && bucket.is_full(at(20)));
        assert_eq!(bucket.take(RATE, at(0)), Ok(()));
        assert_eq!(bucket.take(RATE, at(0)), Err(Duration::from_secs(10)));
        bucket.not_full_before(at(5));
        assert_eq!(bucket.check(RATE, at(0)), Err(Duration::from_secs(10)), "what is known already stays");
        assert_eq!(RATE.full_after_empty(at(0)), at(30));
    }

    #[test]
    fn what_is_counted_has_a_name_that_tells_nothing() {
        let key = [7; 32];
        let name = counted_as(&key, "pair", [b"tim", b"192.0.2.1"]);
        assert_eq!(name, counted_as(&key, "pair", [b"tim", b"192.0.2.1"]));
        for other in [
            counted_as(&key, "pai", [b"rtim", b"192.0.2.1"]),
            counted_as(&key, "pair", [b"tim1", b"92.0.2.1"]),
            counted_as(&key, "account", [b"tim", b"192.0.2.1"]),
            counted_as(&[8; 32], "pair", [b"tim", b"192.0.2.1"]),
        ] {
            assert_ne!(name, other);
        }
    }

    #[test]
    fn s12_a_clock_that_steps_back_locks_nobody_out() {
        let mut bucket = Bucket::new();
        bucket.take(RATE, at(1_000_000_000)).unwrap();
        assert_eq!(bucket.check(RATE, at(0)), Err(Duration::from_secs(10)));
        assert_eq!(bucket.take(RATE, at(10)), Ok(()));
    }
}
