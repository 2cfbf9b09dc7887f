//! Reads by id that wait together share one statement.
//!
//! While one is under way, those that come meanwhile are gathered, and the next statement asks for all of them
//! (`= any($1)`): under load a dozen requests cost the server what one does, and nobody waits who could be asked for at
//! once. A row is never older than its request, since a statement is sent after all whom it asks for have come.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::echo::Observer;
use crate::error::Error;
use crate::value::{Param, Row};

use super::link::{Answer, Sent};
use super::pipeline::Pipelines;

/// How many one statement asks for at most.
const MOST: usize = 256;

pub(super) struct Gather {
    text: &'static str,
    pipelines: Arc<Pipelines>,
    observer: Arc<Observer>,
    limit: Duration,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    callers: Vec<Caller>,
    under_way: usize,
}

struct Caller {
    id: [u8; 16],
    reply: oneshot::Sender<Result<Option<Row>, Error>>,
}

/// One statement under way after another, until nobody waits.
struct Lane {
    gather: Arc<Gather>,
    /// Whether it is no longer counted as under way.
    ended: bool,
}

impl Gather {
    /// For a statement in the house dialect that gives at most one row, which begins with the id `$1`.
    pub(super) fn new(
        house: &'static str,
        pipelines: Arc<Pipelines>,
        observer: Arc<Observer>,
        limit: Duration,
    ) -> Self {
        let text = Box::leak(of_many(house).into_boxed_str());
        Self { text, pipelines, observer, limit, waiting: Mutex::default() }
    }

    pub(super) async fn ask(self: &Arc<Self>, id: [u8; 16]) -> Result<Option<Row>, Error> {
        let (reply, answer) = oneshot::channel();
        let begins = {
            let mut waiting = self.waiting();
            waiting.callers.push(Caller { id, reply });
            let begins = waiting.under_way < self.pipelines.connections();
            waiting.under_way += usize::from(begins);
            begins
        };
        if begins {
            // Not on the caller's own time: it may be gone before the others have their answers.
            tokio::spawn(Lane { gather: Arc::clone(self), ended: false }.run());
        }
        match tokio::time::timeout(self.limit, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::unavailable("nobody is left to ask PostgreSQL")),
            Err(_) => Err(Error::unavailable(format!(
                "PostgreSQL did not answer within {} ms",
                self.limit.as_millis()
            ))),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    async fn run(mut self) {
        loop {
            let callers = {
                let mut waiting = self.gather.waiting();
                if waiting.callers.is_empty() {
                    // In one step with the look: whoever comes next begins a lane.
                    waiting.under_way -= 1;
                    self.ended = true;
                    return;
                }
                let most = waiting.callers.len().min(MOST);
                let rest = waiting.callers.split_off(most);
                mem::replace(&mut waiting.callers, rest)
            };
            self.serve(callers).await;
        }
    }

    async fn serve(&self, mut callers: Vec<Caller>) {
        // Whoever has gone away is not asked for.
        callers.retain(|caller| !caller.reply.is_closed());
        callers.sort_unstable_by_key(|caller| caller.id);
        let mut ids: Vec<Param<'_>> = callers.iter().map(|caller| Param::Id(caller.id)).collect();
        ids.dedup();
        let Gather { text, pipelines, observer, .. } = &*self.gather;
        let run = pipelines.ask(text, Sent::Ids(&ids));
        let outcome = observer.statement_to_come(text, |answer: &Answer| answer.count, run).await;
        let mut rows = match outcome.map(|answer| by_id(answer.rows)) {
            Ok(rows) => rows,
            Err(error) => {
                callers.into_iter().for_each(|caller| drop(caller.reply.send(Err(error.clone()))));
                return;
            }
        };
        let mut callers = callers.into_iter().peekable();
        while let Some(Caller { id, reply }) = callers.next() {
            let row = match callers.peek() {
                Some(next) if next.id == id => rows.get(&id).cloned(),
                _ => rows.remove(&id),
            };
            // Nobody hears it who has gone away.
            drop(reply.send(Ok(row)));
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if !self.ended {
            self.gather.waiting().under_way -= 1;
        }
    }
}

fn by_id(rows: Vec<Row>) -> HashMap<[u8; 16], Row> {
    rows.into_iter().filter_map(|row| Some((row.first_id()?, row))).collect()
}

/// A statement about the id `$1` as one about every id in the array `$1`.
fn of_many(house: &str) -> String {
    debug_assert_eq!(house.matches('$').count(), 1, "{house}");
    house.replacen("= $1", "= any($1)", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_becomes_many() {
        assert_eq!(
            of_many("select u.id from sekisho_users u where u.id = $1 and u.released_at is null"),
            "select u.id from sekisho_users u where u.id = any($1) and u.released_at is null"
        );
    }
}
