//! A transaction on a connection of its own.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use deadpool::managed::Object;
use futures_util::future::{Either, join, select, try_join_all};

use tokio::runtime::Handle;

use crate::echo::Observer;
use crate::error::Error;
use crate::value::Param;

use super::connect::Connector;
use super::link::{Answer, Failed, Link, Sent};
use super::pool::Loan;

/// Read committed: each statement sees what was committed before it, and a row that it changes is its newest version.
const WRITE: &str = "begin isolation level read committed read write";
/// One state of the whole database, that of the first statement, for as long as its reader takes.
const SNAPSHOT: &str = "begin isolation level repeatable read read only; set local statement_timeout = 0; \
                        set local idle_in_transaction_session_timeout = 0; set local enable_seqscan = on";

/// A commit is not cut short: one that waits for a standby would be acknowledged without it.
const COMMIT: &str = "set local statement_timeout = 0; commit";

pub(crate) struct Transaction {
    /// Taken when the connection is given up.
    loan: Option<Loan>,
    connector: Arc<Connector>,
    observer: Arc<Observer>,
    kind: Kind,
    state: State,
    began: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Write,
    Snapshot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was sent: the first statement brings the beginning with it.
    Fresh,
    /// A statement is under way, and the future that waits for it may be dropped.
    Asked,
    Open,
    /// An error was met, and the end was sent.
    Undone,
    /// Committed, or nobody knows.
    Over,
}

impl Transaction {
    pub(super) fn write(loan: Loan, connector: Arc<Connector>, observer: Arc<Observer>) -> Self {
        Self::new(loan, connector, observer, Kind::Write)
    }

    pub(super) fn snapshot(loan: Loan, connector: Arc<Connector>, observer: Arc<Observer>) -> Self {
        Self::new(loan, connector, observer, Kind::Snapshot)
    }

    fn new(loan: Loan, connector: Arc<Connector>, observer: Arc<Observer>, kind: Kind) -> Self {
        Self { loan: Some(loan), connector, observer, kind, state: State::Fresh, began: Instant::now() }
    }

    /// Whether it only reads.
    pub(crate) fn is_snapshot(&self) -> bool {
        self.kind == Kind::Snapshot
    }

    pub(crate) async fn ask(&mut self, text: &'static str, params: &[Param<'_>]) -> Result<Answer, Error> {
        let observer = Arc::clone(&self.observer);
        let run = self.step(async |link| link.ask(text, Sent::Each(params)).await);
        observer.statement_to_come(text, |answer: &Answer| answer.count, run).await
    }

    /// Runs text that has no parameters, made at run time, however long it takes.
    pub(crate) async fn define(&mut self, text: &str) -> Result<(), Error> {
        let observer = Arc::clone(&self.observer);
        let run = self.step(async |link| {
            link.say("set local statement_timeout = 0").await?;
            link.say_patiently(text).await
        });
        observer.statement_to_come(text, |()| 0, run).await
    }

    /// Sends one thing that is no statement of the house, and tells of it as of `text`.
    pub(super) async fn told<T>(
        &mut self,
        text: &str,
        send: impl AsyncFnOnce(&Link) -> Result<T, Failed>,
    ) -> Result<T, Error> {
        let observer = Arc::clone(&self.observer);
        observer.statement_to_come(text, |_| 0, self.step(send)).await
    }

    /// Runs these in order up to one that changes no row: whether all did. What a constraint says undoes them alone.
    ///
    /// What went well is not parted from the rest again, which would cost a time of its own.
    pub(crate) async fn ask_together(
        &mut self,
        steps: &[(&'static str, &[Param<'_>])],
    ) -> Result<Result<bool, Error>, Error> {
        let observer = Arc::clone(&self.observer);
        let count = |said: &Result<Answer, Error>| said.as_ref().map_or(0, |answer| answer.count);
        for (position, (text, params)) in steps.iter().enumerate() {
            let first = position == 0;
            let run = self.step(async |link| ask_or_constraint(link, first, text, params).await);
            match observer.statement_to_come(text, count, run).await? {
                Ok(answer) if answer.count > 0 => {}
                Ok(_) => return Ok(Ok(false)),
                Err(constraint) => {
                    self.step(async |link| link.say("rollback to savepoint together").await).await?;
                    return Ok(Err(constraint));
                }
            }
        }
        Ok(Ok(true))
    }

    /// Sends all of these at once, in this order: how many rows each changed.
    pub(crate) async fn ask_all(
        &mut self,
        steps: &[(&'static str, &[Param<'_>])],
    ) -> Result<Vec<u64>, Error> {
        let observer = Arc::clone(&self.observer);
        let run = self.step(async |link| {
            // What is not prepared yet would be sent behind those that are.
            for (text, _) in steps {
                link.get_ready(text).await?;
            }
            let asked = steps.iter().map(|(text, params)| {
                observer.tell_to_come(
                    text,
                    |answer: &Answer| answer.count,
                    link.ask(text, Sent::Each(params)),
                )
            });
            try_join_all(asked).await
        });
        Ok(run.await?.into_iter().map(|answer| answer.count).collect())
    }

    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        match self.state {
            State::Fresh => return Ok(()),
            State::Open => {}
            State::Asked | State::Undone | State::Over => return Err(Error::Poisoned),
        }
        self.state = State::Over;
        let Some(loan) = self.loan.take() else { return Err(Error::Poisoned) };
        let mut loan = GivenBackWhenDone(Some(loan), Arc::clone(&self.connector));
        let Some(link) = loan.0.as_deref() else { return Err(Error::Poisoned) };
        link.was_warned();
        let start = Instant::now();
        let outcome = self.observer.tell_to_come("commit", |()| 0, link.say_and_stay(COMMIT)).await;
        let outcome = match outcome {
            // A standby was not waited for to the end, or there was no transaction: it says so and goes on.
            Ok(()) if link.was_warned() => Err(Failed {
                error: Error::unavailable("PostgreSQL warned while it committed: the outcome is unknown"),
                over: false,
                slow: false,
            }),
            outcome => outcome,
        };
        let outcome = outcome.map_err(|failed| {
            if failed.over {
                self.connector.epoch().end(link.epoch);
                link.cut();
            }
            failed.error
        });
        if outcome.is_ok() {
            self.observer.committed();
            drop(loan.0.take());
        }
        if let Some(measures) = self.observer.measures() {
            measures.commit(start, 1, &outcome);
        }
        outcome
    }

    /// Sends one thing, the beginning before it if nothing was sent, and ends the transaction if it fails.
    async fn step<T>(&mut self, send: impl AsyncFnOnce(&Link) -> Result<T, Failed>) -> Result<T, Error> {
        let fresh = match self.state {
            State::Fresh => true,
            State::Open => false,
            State::Asked | State::Undone | State::Over => return Err(Error::Poisoned),
        };
        let Some(loan) = &self.loan else { return Err(Error::Poisoned) };
        self.state = State::Asked;
        let link: &Link = loan;
        let outcome = if fresh {
            let begin = link.say(beginning(self.kind, &self.connector));
            let begin = async {
                let begun = self.observer.tell_to_come("begin", |()| 0, begin).await;
                // A server that begins nothing takes no writes: it is a standby, or going.
                begun.map_err(|failed| Failed { over: true, ..failed })
            };
            if self.connector.beginning().is_some() {
                // Behind a pooler what is sent together may reach two servers.
                match begin.await {
                    Ok(()) => send(link).await,
                    Err(failed) => Err(failed),
                }
            } else {
                // Sent together and in this order: the beginning costs no time of its own.
                let (begun, sent) = join(begin, send(link)).await;
                begun.and(sent)
            }
        } else {
            send(link).await
        };
        match outcome {
            Ok(value) => {
                self.state = State::Open;
                Ok(value)
            }
            Err(failed) => {
                if failed.over {
                    self.connector.epoch().end(link.epoch);
                    self.state = State::Over;
                    if let Some(loan) = self.loan.take() {
                        Object::take(loan).cut();
                    }
                } else {
                    link.mention("rollback");
                    self.state = State::Undone;
                }
                Err(failed.error)
            }
        }
    }
}

/// A connection whose commit may not have been answered yet.
struct GivenBackWhenDone(Option<Loan>, Arc<Connector>);

impl Drop for GivenBackWhenDone {
    fn drop(&mut self) {
        if let Some(loan) = self.0.take() {
            give_back_when_quiet(loan, Arc::clone(&self.1));
        }
    }
}

/// Undoes what is open behind whatever is under way, and lets the pool have the connection when both were answered.
///
/// Until then it counts as on loan: a server that answers nobody, because a standby does not, is not given more and more
/// connections that wait. Once another connection has shown that the server is not what it was, it is not waited for.
fn give_back_when_quiet(loan: Loan, connector: Arc<Connector>) {
    let Ok(runtime) = Handle::try_current() else { return drop(Object::take(loan)) };
    runtime.spawn(async move {
        let is_over = {
            let undone = pin!(loan.say_patiently("rollback"));
            let over = pin!(connector.epoch().ended(loan.epoch));
            matches!(select(undone, over).await, Either::Right(_))
        };
        if is_over {
            Object::take(loan).cut();
        }
    });
}

/// Runs a statement whose constraint is an answer, behind a savepoint if it is the first of several.
async fn ask_or_constraint(
    link: &Link,
    first: bool,
    text: &'static str,
    params: &[Param<'_>],
) -> Result<Result<Answer, Error>, Failed> {
    let answer = match first {
        true => {
            let (saved, answer) =
                join(link.say("savepoint together"), link.ask(text, Sent::Each(params))).await;
            saved.and(answer)
        }
        false => link.ask(text, Sent::Each(params)).await,
    };
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Failed { error: error @ (Error::Taken { .. } | Error::Constraint { .. }), .. }) => Ok(Err(error)),
        Err(failed) => Err(failed),
    }
}

fn beginning(kind: Kind, connector: &Connector) -> &str {
    match kind {
        Kind::Snapshot => SNAPSHOT,
        Kind::Write => connector.beginning().unwrap_or(WRITE),
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        match (self.state, self.loan.take()) {
            (State::Open, Some(loan)) => loan.mention("rollback"),
            (State::Asked, Some(loan)) => give_back_when_quiet(loan, Arc::clone(&self.connector)),
            _ => {}
        }
        if let (Kind::Write, Some(measures)) = (self.kind, self.observer.measures()) {
            measures.transaction(self.began);
        }
    }
}
