//! One hash to make, and whom to tell.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use sekisho_core::Refusal;
use sekisho_core::credentials::Memory;
use tokio::sync::oneshot;

/// A job without its types. Work first, then the slot is given back, then the answer: whoever reads the
/// answer finds the slot free.
pub(super) trait Job: Send {
    /// When it came into the queue.
    fn queued(&self) -> Instant;
    /// Does the work; `false`: it panicked, and left the memory in an unknown state.
    fn work(&mut self, memory: &mut Memory) -> bool;
    /// Tells the result; a job that has none failed.
    fn answer(self: Box<Self>);
    /// Tells that there was no room after all.
    fn turn_away(self: Box<Self>);
}

/// A job that yields a `T`.
pub(super) struct Hash<T, F> {
    queued: Instant,
    work: Option<F>,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, Refusal>>,
}

impl<T, F> Hash<T, F> {
    /// The job, and where its answer arrives.
    pub(super) fn new(work: F) -> (Hash<T, F>, oneshot::Receiver<Result<T, Refusal>>) {
        let (reply, answer) = oneshot::channel();
        (Hash { queued: Instant::now(), work: Some(work), result: None, reply }, answer)
    }
}

impl<T, F> Job for Hash<T, F>
where
    T: Send,
    F: FnOnce(&mut Memory) -> T + Send,
{
    fn queued(&self) -> Instant {
        self.queued
    }

    fn work(&mut self, memory: &mut Memory) -> bool {
        let Some(work) = self.work.take() else { return true };
        match catch_unwind(AssertUnwindSafe(|| work(memory))) {
            Ok(result) => {
                self.result = Some(result);
                true
            }
            // The panic hook has logged it; the payload may hold anything and is dropped.
            Err(_) => false,
        }
    }

    fn answer(self: Box<Self>) {
        // An error means that nobody waits any more, as everybody may.
        let _ = self.reply.send(self.result.ok_or(Refusal::Internal));
    }

    fn turn_away(self: Box<Self>) {
        let _ = self.reply.send(Err(Refusal::HashingBusy));
    }
}
