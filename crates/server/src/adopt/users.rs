//! Letting users and items come, all in one transaction or none.

mod came;
mod items;

use std::collections::HashSet;
use std::time::Duration;

use sekisho_core::accounts::IncomingUser;
use sekisho_core::adopt::{Adopted, AdoptedItem, Arrival, Naming, Note};
use sekisho_core::credentials::{HashString, SchemeCost, recognise};
use sekisho_core::{Ctx, Dice, User, UserId};
use sekisho_store::{AdoptedKind, Error, Read, Tx};
use tokio::sync::mpsc::Receiver;

use self::came::Came;
use super::reading::{Row, Survey};
use super::report::{ItemReport, Report, RowReport};

/// Why nothing was taken over.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A database failed; nothing was done.
    #[error("{0}")]
    Store(#[from] Error),
    /// What is known of earlier rows speaks of another database.
    #[error("{0}")]
    OtherDatabase(OtherDatabase),
    /// The application's file could not be read to its end.
    #[error("the application's file was not read to its end")]
    CutShort,
}

/// Rows that came before, and what they are in this file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "of {known} rows that came before, {agree} have the name or the address that they had: is it another database?"
)]
pub struct OtherDatabase {
    /// Rows whose id came before and whose user is here.
    pub known: u64,
    /// Of those the ones that have the same name or address.
    pub agree: u64,
}

/// By what rows of one application are told from those of another: the first needs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin(pub Option<String>);

impl Origin {
    /// Under what identifier a row's user is known here.
    pub fn external_id(&self, old_id: &str) -> String {
        match &self.0 {
            Some(origin) => format!("{origin}:{old_id}"),
            None => old_id.to_owned(),
        }
    }
}

/// An adoption at work: it decides the same whether it may write or not.
pub struct Adoption<'a> {
    ctx: &'a Ctx,
    dice: &'a dyn Dice,
    origin: &'a Origin,
    naming: Naming,
    /// Whether the users stay in the application's own file, whose rows may be deleted and their ids given to others.
    in_place: bool,
    /// Whether there are links between rows and users.
    links: bool,
    /// How many rows are still to come, so that later ones get later ids.
    to_come: u64,
    known: u64,
    agree: u64,
    report: Report,
    /// What was placed without being written.
    tried: HashSet<String>,
    tried_numbers: HashSet<i64>,
    /// Items that get a new number, when those that keep theirs have it.
    unnumbered: Vec<(AdoptedItem, UserId)>,
    /// Users that are to be written, by so many at once.
    waiting: Vec<IncomingUser>,
    came: Came,
}

/// Rows of [`Read::holders`] read at once.
const PAGE: u32 = 1000;
/// Users that are written at once.
const TOGETHER: usize = 128;

impl<'a> Adoption<'a> {
    /// Begins with what the first reading found out.
    pub fn new(ctx: &'a Ctx, dice: &'a dyn Dice, origin: &'a Origin, survey: Survey) -> Self {
        let Survey { naming, users } = survey;
        Self {
            ctx,
            dice,
            origin,
            naming,
            in_place: false,
            links: false,
            to_come: users,
            known: 0,
            agree: 0,
            report: Report::default(),
            tried: HashSet::new(),
            tried_numbers: HashSet::new(),
            unnumbered: Vec::new(),
            waiting: Vec::new(),
            came: Came::default(),
        }
    }

    /// The users stay in the application's own file.
    pub fn in_place(self, in_place: bool) -> Self {
        Self { in_place, ..self }
    }

    /// Lets all rows come; the caller commits, or nothing has happened.
    pub async fn write(mut self, tx: &mut Tx, rows: &mut Receiver<Row>) -> Result<Report, Problem> {
        if !self.in_place {
            // In place both tables are locked already, ours first.
            tx.hold_users().await?;
        }
        tx.release_names(self.ctx.now).await?;
        self.meet_who_is_here(tx).await?;
        while let Some(row) = rows.recv().await {
            match row {
                Row::User(row) => {
                    let (user, former) = self.user(Some(tx), *row).await?;
                    if let Some(user) = user {
                        if let (Some(former), Some(external_id)) = (former, &user.external_id) {
                            tx.part_from_row(external_id, former).await?;
                        }
                        self.waiting.push(user);
                    }
                    if self.waiting.len() >= TOGETHER {
                        self.insert(tx).await?;
                    }
                }
                Row::Item(item) => {
                    self.insert(tx).await?;
                    self.write_item(tx, item).await?;
                }
                Row::End => {
                    self.insert(tx).await?;
                    self.number_the_rest(tx).await?;
                    return self.judged();
                }
                other => self.leave_out(other),
            }
        }
        Err(Problem::CutShort)
    }

    /// Says what [`Adoption::write`] would do, in a database as it is now; `None`: in a new one.
    pub async fn try_out(
        mut self,
        mut read: Option<&mut Read>,
        rows: &mut Receiver<Row>,
    ) -> Result<Report, Problem> {
        if let Some(read) = read.as_deref_mut() {
            self.meet_who_is_here(read).await?;
        }
        while let Some(row) = rows.recv().await {
            match row {
                Row::User(row) => {
                    if let (Some(user), _) = self.user(read.as_deref_mut(), *row).await? {
                        self.tried.extend(user.external_id);
                    }
                }
                Row::Item(item) => self.try_item(read.as_deref_mut(), item).await?,
                Row::End => return self.judged(),
                other => self.leave_out(other),
            }
        }
        Err(Problem::CutShort)
    }

    /// Whoever is here keeps name and address, and so does who is deleted while the name is not free.
    async fn meet_who_is_here(&mut self, read: &mut Read) -> Result<(), Error> {
        self.links = self.in_place && read.has_links().await?;
        let mut after = None;
        loop {
            let page = read.holders(after, PAGE).await?;
            for holder in &page {
                let (name, key) = (holder.username.as_deref(), holder.username_key.as_deref());
                self.naming.occupy(name, key, holder.email_key.as_deref());
                self.came.meet(holder);
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.id),
                _ => break,
            }
        }
        self.came.read(read, PAGE).await
    }

    /// The user that a row becomes, `None` for one who came before; and whose the row's id was, if it is another's now.
    async fn user(
        &mut self,
        read: Option<&mut Read>,
        mut row: Adopted,
    ) -> Result<(Option<IncomingUser>, Option<UserId>), Error> {
        row.old_id = self.naming.identify(row.old_id);
        let external_id = self.origin.external_id(&row.old_id);
        self.to_come = self.to_come.saturating_sub(1);
        let before = match read {
            Some(read) => self.came_before(read, &external_id, &row).await?,
            None => Before::Unknown,
        };
        let former = match before {
            Before::Unknown => None,
            Before::Same => {
                self.report.unchanged += 1;
                return Ok((None, None));
            }
            Before::Another(username) => {
                self.report.unchanged += 1;
                let notes = vec![Note::CameAsAnother];
                let (old_id, name) = (row.old_id, row.name);
                self.report.rows.push(RowReport { old_id, name, username: Some(username), notes });
                return Ok((None, None));
            }
            Before::Parted(former) => Some(former),
        };
        let Arrival { username, username_key, email_key, token_version, mut notes } = self.naming.place(&row);
        notes.extend(row.too_long.into_iter().map(Note::TooLong));
        let password = row.password.map(|hash| kept_verbatim(hash, &mut notes));
        if former.is_some() {
            notes.push(Note::IdReused);
        }
        if password.is_none() {
            notes.push(Note::PasswordAbsent);
        }
        if !notes.is_empty() {
            let (old_id, name) = (row.old_id, row.name);
            self.report.rows.push(RowReport { old_id, name, username: Some(username.clone()), notes });
        }
        self.report.adopted += 1;
        self.report.disabled += u64::from(row.disabled);
        let now = self.ctx.now;
        let user = IncomingUser {
            // Ids are listed in the order of their times; a row that comes later must not come before.
            id: UserId::new(now.minus(Duration::from_millis(self.to_come)), self.dice),
            external_id: Some(external_id),
            username,
            username_key,
            email: row.email,
            email_key,
            full_name: row.full_name,
            extra: Some(row.extra),
            token_version,
            disabled_at: row.disabled.then_some(now),
            created_at: now,
            updated_at: now,
            password,
        };
        Ok((Some(user), former))
    }

    /// Whether the row came before, be it that its user is deleted since.
    ///
    /// In the application's own file the links tell; where a user has none, an id alone does not: SQLite gives that of a
    /// deleted row to the next one. Then name, address or hash must be theirs, or the user's hash would be written into
    /// somebody else's row.
    async fn came_before(
        &mut self,
        read: &mut Read,
        external_id: &str,
        row: &Adopted,
    ) -> Result<Before, Error> {
        if self.came.has(external_id, row) {
            // The usual case of a second run, in which a million users are not looked up one by one.
            self.known += 1;
            self.agree += 1;
            return Ok(Before::Same);
        }
        let linked = if self.links { read.linked_user(external_id).await? } else { None };
        if linked.is_none() && !self.came.may_have(AdoptedKind::User, external_id) {
            return Ok(Before::Unknown);
        }
        let adopted = match linked {
            Some(id) => Some(id),
            None => read.adopted_user(external_id).await?,
        };
        let (id, known) = match adopted {
            Some(id) => (id, read.user_by_id(id).await?),
            None => match read.user_by_external_id(external_id).await? {
                Some(user) => (user.id, Some(user)),
                None => return Ok(Before::Unknown),
            },
        };
        let Some(user) = known else {
            let parted = linked.is_none() && self.links && read.has_lost_row(id).await?;
            return Ok(if parted { Before::Parted(id) } else { Before::Same });
        };
        let same = is_the_same(&user, row);
        if same || linked.is_some() {
            self.known += 1;
            // The links are in this very file, and were made of a row that was this user's.
            self.agree += 1;
            return Ok(Before::Same);
        }
        self.known += 1;
        // A twin has got another name here, and may have no address: the salt of a hash is nobody else's.
        let whole = read.whole_user(id).await?;
        let hash = whole.and_then(|user| user.password).map(|(hash, _)| hash);
        if hash.is_some() && hash == row.password {
            self.agree += 1;
            return Ok(Before::Same);
        }
        if !self.in_place {
            return Ok(Before::Another(user.username));
        }
        // One who has lost their row for certain says nothing of whether it is another database.
        self.agree += u64::from(self.links && read.has_lost_row(id).await?);
        Ok(Before::Parted(id))
    }

    /// Writes those who wait: every name was met above, in this transaction.
    async fn insert(&mut self, tx: &mut Tx) -> Result<(), Error> {
        tx.insert_adopted(self.ctx, &std::mem::take(&mut self.waiting)).await
    }

    fn leave_out(&mut self, row: Row) {
        match row {
            Row::Nobody(old_id) => {
                self.to_come = self.to_come.saturating_sub(1);
                self.report.left_out += 1;
                let notes = vec![Note::LeftOut];
                self.report.rows.push(RowReport { old_id, name: None, username: None, notes });
            }
            Row::Nobodys(old_id) => self.report.items.push(ItemReport::WithoutOwner { old_id }),
            Row::User(_) | Row::Item(_) | Row::End => {}
        }
    }

    /// The report, unless most rows that came before are somebody else in this file.
    fn judged(self) -> Result<Report, Problem> {
        let Self { known, agree, .. } = self;
        if agree * 2 < known {
            return Err(Problem::OtherDatabase(OtherDatabase { known, agree }));
        }
        Ok(self.report)
    }
}

/// What a row's id says of earlier ones.
enum Before {
    /// None of this id came.
    Unknown,
    /// The row came, or its user is deleted here.
    Same,
    /// The user of this name came with this id, and has neither name nor address in common with the row.
    Another(String),
    /// The id was this user's, and is somebody else's now.
    Parted(UserId),
}

/// Whether the user is whom the row says: the same name, or the same address.
fn is_the_same(user: &User, row: &Adopted) -> bool {
    let same_name = row.name.as_deref() == Some(user.username.as_str());
    same_name || (row.email.is_some() && row.email == user.email)
}

/// A hash as it is. One that can't be verified is kept all the same: its user fails with that reason.
fn kept_verbatim(hash: HashString, notes: &mut Vec<Note>) -> (HashString, SchemeCost) {
    let kind = recognise(&hash).unwrap_or_else(|refusal| {
        notes.push(Note::HashUnreadable(refusal));
        SchemeCost::unreadable()
    });
    (hash, kind)
}
