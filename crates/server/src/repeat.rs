//! Doing a transaction again that the database took back for another's sake.

use std::time::Duration;

use sekisho_core::{Dice, dice};
use sekisho_store::Error;

use crate::failure::Failure;

/// How often a transaction is tried in all.
const TIMES: u32 = 6;

/// Runs one transaction, and again if the database undid it because another stood in its way: a deadlock or a
/// serialisation failure, of PostgreSQL alone ([`Error::Conflict`]).
///
/// Such a transaction has left nothing behind, so it may be done again. Nothing else is repeated: of an error in the middle
/// of a commit nobody knows what became of it. `attempt` begins, works and commits, all from what it was given: passwords
/// are hashed and tokens signed before.
///
/// # Errors
/// What the last attempt failed with.
pub async fn repeated<T, F>(dice: &dyn Dice, attempt: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    for time in 1.. {
        match attempt().await {
            Err(Failure::Store(Error::Conflict)) if time < TIMES => {
                tracing::debug!(time, "a transaction stood in another's way, and is done again");
                tokio::time::sleep(pause(dice, time)).await;
            }
            outcome => return outcome,
        }
    }
    Err(Failure::Store(Error::Conflict))
}

/// Longer each time, and by chance, or those who met would meet again.
fn pause(dice: &dyn Dice, time: u32) -> Duration {
    let [chance] = dice::array::<1>(dice);
    Duration::from_millis((1 << time) + u64::from(chance % 16))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use sekisho_core::Refusal;

    use super::*;

    struct Loaded;

    impl Dice for Loaded {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    /// How often an attempt is made that fails with this until the `good`-th time.
    async fn attempts(failure: fn() -> Failure, good: u32) -> (u32, bool) {
        let made = Cell::new(0);
        let outcome = repeated(&Loaded, async || {
            made.set(made.get() + 1);
            if made.get() < good { Err(failure()) } else { Ok(()) }
        })
        .await;
        (made.get(), outcome.is_ok())
    }

    #[tokio::test]
    async fn a_transaction_that_was_taken_back_is_done_again_a_few_times() {
        let conflict = || Failure::Store(Error::Conflict);
        assert_eq!(attempts(conflict, 1).await, (1, true));
        assert_eq!(attempts(conflict, 4).await, (4, true));
        assert_eq!(attempts(conflict, 100).await, (TIMES, false));
    }

    #[tokio::test]
    async fn nothing_else_is() {
        assert_eq!(attempts(|| Refusal::UsernameTaken.into(), 2).await, (1, false));
        let lost = || Failure::Store(Error::Unavailable { reason: "a connection was cut".to_owned() });
        assert_eq!(attempts(lost, 2).await, (1, false));
    }
}
