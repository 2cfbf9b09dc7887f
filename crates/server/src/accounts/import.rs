//! Users from a file: judged one by one, written in small transactions, so that a running server goes on writing.
//!
//! A user who is here already is left as they are, so an import that was interrupted is simply run again.

use std::time::{Duration, Instant};

use sekisho_core::accounts::IncomingUser;
use sekisho_core::exchange::{RowError, UserRow};
use sekisho_core::{Ctx, Dice, Event, Refusal, UserId};
use sekisho_store::{Error, Field, Insert, Read, Tx};

use super::seen::Seen;
use crate::app::App;
use crate::failure::Failure;
use crate::repeat::repeated;

/// How many rows one transaction holds at most.
pub const BATCH: usize = 5000;

/// How many rows one transaction holds at most in which any may be refused by the table of an application beside: the
/// database keeps for each what it has changed.
const WARY: usize = 100;

/// How an import shares the lock of the database with others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// A server runs on it: short transactions, and the lock is left to others between them.
    Beside,
    /// Nobody waits: longer transactions, which write each page of an index less often. A server that starts meanwhile
    /// waits a little longer for its first writes.
    Alone,
}

impl Pace {
    /// How long a transaction goes on taking rows.
    const fn hold(self) -> Duration {
        match self {
            Pace::Beside => Duration::from_millis(50),
            Pace::Alone => Duration::from_secs(1),
        }
    }

    /// How long the lock is left to others: another process looks for it every 5 ms.
    const fn pause(self) -> Duration {
        match self {
            Pace::Beside => Duration::from_millis(6),
            Pace::Alone => Duration::ZERO,
        }
    }
}

/// What became of one row.
#[derive(Clone, PartialEq, Debug)]
pub enum Brought {
    /// The user is here now.
    Imported,
    /// The user was here already, and the row says nothing else of them.
    Unchanged,
    /// The user was here already and is left as they are; the row says otherwise in these members.
    Kept(Vec<&'static str>),
    /// The row is refused; nothing of it was written.
    Refused(RowError),
}

/// An import, batch after batch.
pub struct Import {
    pace: Pace,
    /// Only for a trial: what earlier rows would have taken.
    trial: Option<Seen>,
    begun: bool,
}

impl Import {
    /// One that writes.
    pub fn new(pace: Pace) -> Import {
        Import { pace, trial: None, begun: false }
    }

    /// One that says what it would do and writes nothing; it remembers 8 bytes for each name, address and id.
    pub fn trial() -> Import {
        Import { pace: Pace::Beside, trial: Some(Seen::default()), begun: false }
    }

    /// What a trial says of these rows where there is no database yet, so that they meet one another alone.
    pub async fn foresee_first(
        &mut self,
        dice: &dyn Dice,
        ctx: &Ctx,
        rows: &[UserRow],
    ) -> Result<Vec<Brought>, Failure> {
        let seen = self.trial.get_or_insert_default();
        foresee_all(None, dice, ctx, rows, seen).await
    }

    /// Brings in these rows from the first on, in one transaction: what became of each. It ends early rather than keep
    /// others waiting, but not before the first row: give it the rest again.
    ///
    /// After an error none of them may count as brought in; the same rows can be given again.
    pub async fn batch(&mut self, app: &App, ctx: &Ctx, rows: &[UserRow]) -> Result<Vec<Brought>, Failure> {
        if let Some(seen) = &mut self.trial {
            let mut read = app.store.read().await?;
            return foresee_all(Some(&mut read), &*app.dice, ctx, rows, seen).await;
        }
        let mut rows = &rows[..rows.len().min(BATCH)];
        loop {
            match self.write(app, ctx, rows, false).await? {
                (outcomes, None) => return Ok(outcomes),
                // The table of the application beside has refused a row, and all that came before it in one go: these
                // come in without it, and the next batch begins with it.
                (outcomes, Some(_)) if !outcomes.is_empty() => rows = &rows[..outcomes.len()],
                (_, Some(_)) => break,
            }
        }
        match self.write(app, ctx, &rows[..rows.len().min(WARY)], true).await? {
            (outcomes, None) => Ok(outcomes),
            (_, Some(error)) => Err(error.into()),
        }
    }

    /// Brings rows in, in one transaction. With an error nothing is written: a constraint has refused the row behind those
    /// whose outcomes are told.
    async fn write(
        &mut self,
        app: &App,
        ctx: &Ctx,
        rows: &[UserRow],
        wary: bool,
    ) -> Result<(Vec<Brought>, Option<Error>), Failure> {
        if std::mem::replace(&mut self.begun, true) {
            tokio::time::sleep(self.pace.pause()).await;
        }
        let pace = self.pace;
        repeated(&*app.dice, || once(app, ctx, pace, rows, wary)).await
    }
}

/// One transaction of an import: the outcomes, and the error with which nothing was written.
async fn once(
    app: &App,
    ctx: &Ctx,
    pace: Pace,
    rows: &[UserRow],
    wary: bool,
) -> Result<(Vec<Brought>, Option<Error>), Failure> {
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut tx = app.store.begin().await?;
    let begun = Instant::now();
    tx.release_names(ctx.now).await?;
    for row in rows {
        let user = row.to_incoming(UserId::new(ctx.now, &*app.dice), ctx.now);
        match bring(&mut tx, ctx, row, &user, wary).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(Failure::Store(error @ (Error::Taken { .. } | Error::Constraint { .. }))) => {
                return Ok((outcomes, Some(error)));
            }
            Err(failure) => return Err(failure),
        }
        if begun.elapsed() > pace.hold() {
            break;
        }
    }
    tx.commit().await?;
    Ok((outcomes, None))
}

async fn foresee_all(
    mut read: Option<&mut Read>,
    dice: &dyn Dice,
    ctx: &Ctx,
    rows: &[UserRow],
    seen: &mut Seen,
) -> Result<Vec<Brought>, Failure> {
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        let user = row.to_incoming(UserId::new(ctx.now, dice), ctx.now);
        outcomes.push(foresee(read.as_deref_mut(), ctx, row, &user, seen).await?);
    }
    Ok(outcomes)
}

async fn bring(
    tx: &mut Tx,
    ctx: &Ctx,
    row: &UserRow,
    user: &IncomingUser,
    wary: bool,
) -> Result<Brought, Failure> {
    if let Some(here) = same_user(tx, row, user).await? {
        return Ok(left_alone(row, &here));
    }
    if let Some(error) = obstacle(tx, row).await? {
        return Ok(Brought::Refused(error));
    }
    let inserted = match wary {
        true => tx.try_insert_incoming(user).await?,
        false => tx.insert_incoming(user).await?,
    };
    match inserted {
        Insert::Done => {}
        Insert::Taken(field) => return Ok(Brought::Refused(taken(field))),
        Insert::Refused(what) => {
            let why = format!("the application's own table does not take it: {what}");
            return Ok(Brought::Refused(RowError::whole(why)));
        }
    }
    for number in &row.items {
        // Nobody had the number a moment ago: where somebody has it now, the whole batch is given up.
        if !tx.insert_incoming_item(*number, user.id, ctx.now).await? {
            return Err(Failure::Refused(Refusal::IdentityTaken));
        }
    }
    tx.record(ctx, &Event::UserImported { user: user.id }).await?;
    Ok(Brought::Imported)
}

/// What `bring` would answer, had the rows before been written; but for what the application's own table refuses for
/// other reasons than that it has somebody of this name or address, which only writing shows.
async fn foresee(
    mut read: Option<&mut Read>,
    ctx: &Ctx,
    row: &UserRow,
    user: &IncomingUser,
    seen: &mut Seen,
) -> Result<Brought, Failure> {
    if let Some(read) = read.as_deref_mut()
        && let Some(here) = same_user(read, row, user).await?
    {
        return Ok(left_alone(row, &here));
    }
    if seen.has_user(row, user) {
        return Ok(Brought::Unchanged);
    }
    if let Some(read) = read {
        if let Some(error) = obstacle(read, row).await? {
            return Ok(Brought::Refused(error));
        }
        if let Some(field) = read.incoming_conflict(user, ctx.now).await? {
            return Ok(Brought::Refused(taken(field)));
        }
    }
    match seen.conflict(row, user) {
        Some(error) => Ok(Brought::Refused(error)),
        None => {
            seen.add(row, user);
            Ok(Brought::Imported)
        }
    }
}

/// The user whom the row means, if they are here: the id decides, else the external id, else name and address together.
async fn same_user(
    read: &mut Read,
    row: &UserRow,
    user: &IncomingUser,
) -> Result<Option<IncomingUser>, Failure> {
    let id = if let Some(id) = row.id {
        Some(id)
    } else if let Some(external_id) = &row.external_id {
        read.user_by_external_id(external_id).await?.map(|here| here.id)
    } else {
        read.user_by_username(&row.username).await?.map(|here| here.id)
    };
    let Some(id) = id else { return Ok(None) };
    let here = read.whole_user(id).await?;
    let by_name_alone = row.id.is_none() && row.external_id.is_none();
    Ok(here.filter(|here| !by_name_alone || here.email_key == user.email_key))
}

fn left_alone(row: &UserRow, here: &IncomingUser) -> Brought {
    let differs = row.differs_from(here);
    if differs.is_empty() { Brought::Unchanged } else { Brought::Kept(differs) }
}

/// What no unique index would notice.
async fn obstacle(read: &mut Read, row: &UserRow) -> Result<Option<RowError>, Failure> {
    if let Some(address) = row.foreign_address_as_name()
        && read.id_by_email_key(&address).await?.is_some()
    {
        return Ok(Some(name_is_an_address()));
    }
    for number in &row.items {
        if read.owner_of_item(*number).await?.is_some() {
            return Ok(Some(item_taken(*number)));
        }
    }
    Ok(None)
}

fn taken(field: Field) -> RowError {
    match field {
        Field::Id => {
            RowError::because(Refusal::IdentityTaken, "id", "was that of a user who was deleted here")
        }
        Field::ExternalId => {
            RowError::because(Refusal::IdentityTaken, "external_id", "is that of another user")
        }
        Field::Username => RowError::because(Refusal::UsernameTaken, "username", "is in use"),
        Field::Email => RowError::because(Refusal::EmailTaken, "email", "is in use"),
    }
}

/// Who logs in by that address would reach the one who has it as a name.
pub(super) fn name_is_an_address() -> RowError {
    RowError::because(Refusal::UsernameTaken, "username", "is the address of another user")
}

pub(super) fn item_taken(number: i64) -> RowError {
    RowError::because(Refusal::IdentityTaken, "items", format!("{number} is that of another user"))
}
