//! Reads a request body whole before the router sees the request, within a size and a time.
//!
//! Every handler here wants the whole body, which is small; so what is too large, too slow or broken has
//! one answer, and a handler never meets half a body.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use sekisho_core::Refusal;

/// What every body may take without asking. A log-in or a registration never needs more.
const FREE: usize = 16 * 1024;

/// What all bodies together may take beyond that, from their reading to their answer.
const SHARED: usize = 32 * 1024 * 1024;

/// How much of [`SHARED`] is taken. Without it a few thousand connections with a large body each would need
/// gigabytes.
#[derive(Clone, Default)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// One body's part of the budget, until it is dropped.
pub(super) struct Share {
    budget: Budget,
    taken: usize,
}

impl Share {
    /// Makes the share large enough for a body of so many bytes.
    fn grow(&mut self, body: usize) -> Result<(), Refusal> {
        let more = body.saturating_sub(FREE).saturating_sub(self.taken);
        let before = self.budget.0.fetch_add(more, Relaxed);
        self.taken += more;
        if before + more > SHARED { Err(Refusal::Overloaded) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.taken, Relaxed);
    }
}

/// The whole body, and its share of the budget, to be kept until the answer.
pub(super) async fn read(
    body: Incoming,
    limit: usize,
    time: Duration,
    budget: Budget,
) -> Result<(Body, Share), Refusal> {
    let mut share = Share { budget, taken: 0 };
    let read = tokio::time::timeout(time, collect(body, limit, &mut share));
    let whole = read.await.unwrap_or(Err(Refusal::RequestTimeout))?;
    Ok((Body::from(whole), share))
}

async fn collect(mut body: Incoming, limit: usize, share: &mut Share) -> Result<Bytes, Refusal> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // A chunk that is none, a body that ends too early, or a stream that was reset.
        let Ok(data) = frame.map_err(|_| Refusal::InvalidRequest)?.into_data() else { continue };
        if data.len() > limit - whole.len() {
            return Err(Refusal::BodyTooLarge);
        }
        share.grow(whole.len() + data.len())?;
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_are_always_taken_and_large_ones_share() {
        let budget = Budget::default();
        let share = || Share { budget: budget.clone(), taken: 0 };
        let mut first = share();
        assert!(first.grow(SHARED / 2).is_ok() && first.grow(SHARED + FREE).is_ok());
        let mut second = share();
        assert_eq!(second.grow(FREE), Ok(()));
        assert_eq!(second.grow(FREE + 1), Err(Refusal::Overloaded));
        drop(first);
        assert_eq!(second.grow(FREE + 2), Ok(()));
        drop(second);
        assert_eq!(budget.0.load(Relaxed), 0);
    }
}
