//! A slot in the lane, from admission to the end of the hash.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use sekisho_core::Refusal;
use sekisho_core::credentials::Memory;
use tokio::sync::oneshot;

use super::fair::Owner;
use super::job::Hash;
use super::shared::Shared;

/// The right to one hash. Dropped unused, it gives its slot back.
#[must_use = "a permit that is not run holds a slot for nothing"]
pub struct Permit {
    shared: Arc<Shared>,
    owner: Owner,
    spent: bool,
}

impl Permit {
    pub(super) fn new(shared: Arc<Shared>, owner: Owner) -> Permit {
        Permit { shared, owner, spent: false }
    }

    /// Queues the work and waits for its result.
    ///
    /// From here on the slot belongs to the work. If the future is dropped while the work waits, both go;
    /// once it runs, it runs to its end and keeps its slot until then.
    ///
    /// # Errors [`Refusal::HashingBusy`] if it had to make room for another address; [`Refusal::Internal`]
    /// if it panicked.
    pub fn run<T, F>(mut self, work: F) -> impl Future<Output = Result<T, Refusal>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Memory) -> T + Send + 'static,
    {
        self.spent = true;
        let (job, answer) = Hash::new(work);
        let shared = Arc::clone(&self.shared);
        let owner = self.owner;
        let mut state = shared.state();
        let ticket = state.fair.enqueue(owner, Box::new(job));
        drop(state);
        shared.work.notify_one();
        Turn { shared, owner, ticket, answer, over: false }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.spent {
            self.shared.state().fair.leave(self.owner);
        }
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Permit")
    }
}

/// Waits for the answer to one job, and takes the job out of its line when dropped before.
struct Turn<T> {
    shared: Arc<Shared>,
    owner: Owner,
    ticket: u64,
    answer: oneshot::Receiver<Result<T, Refusal>>,
    over: bool,
}

impl<T> Future for Turn<T> {
    type Output = Result<T, Refusal>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Refusal>> {
        let answer = std::task::ready!(Pin::new(&mut self.answer).poll(cx));
        self.over = true;
        Poll::Ready(answer.unwrap_or(Err(Refusal::Internal)))
    }
}

impl<T> Drop for Turn<T> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        // The job is dropped after the lock is released: it holds a password to wipe.
        let job = self.shared.state().fair.withdraw(self.owner, self.ticket);
        if job.is_some() {
            self.shared.abandoned.fetch_add(1, Relaxed);
        }
    }
}
