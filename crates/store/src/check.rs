//! What a check of the whole database reads: pages of rows to be judged, and rows that break an invariant by themselves.

use sekisho_core::credentials::{HashString, SchemeCost};
use sekisho_core::id::UserId;
use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::Read;
use crate::statement::{Statement, statements};
use crate::value::Row;

statements! {
    USERS(Id, Int) =
        "select id, username, username_key, email, email_key, extra, released_at from sekisho_users \
         where id > $1 order by id limit $2";
    PASSWORDS(Id, Int) =
        "select user_id, scheme, cost, data from sekisho_credentials where kind = 'password' and user_id > $1 \
         order by user_id limit $2";
    SAME_NAME(Int) =
        "select id from (select id, row_number() over (partition by username order by id) as place \
         from sekisho_users where username is not null) ranked where place > 1 order by id limit $1";
    SAME_NAME_KEY(Int) =
        "select id from (select id, row_number() over (partition by username_key order by id) as place \
         from sekisho_users where username_key is not null) ranked where place > 1 order by id limit $1";
    SAME_EMAIL_KEY(Int) =
        "select id from (select id, row_number() over (partition by email_key order by id) as place \
         from sekisho_users where email_key is not null) ranked where place > 1 order by id limit $1";
    OWNERLESS_CREDENTIALS(Int) =
        "select c.user_id from sekisho_credentials c left join sekisho_users u on u.id = c.user_id \
         where u.id is null or u.released_at is not null order by c.user_id, c.kind limit $1";
    OWNERLESS_ITEMS(Int) =
        "select i.item_id from sekisho_items i left join sekisho_users u on u.id = i.owner_id \
         where u.id is null or u.released_at is not null order by i.item_id limit $1";
    EVENTS_OF_NOBODY(Int) =
        "select e.event_id from sekisho_events e left join sekisho_users s on s.id = e.subject \
         left join sekisho_users a on a.id = e.actor_id \
         where (e.subject is not null and s.id is null) or (e.actor_id is not null and a.id is null) \
         order by e.event_id limit $1";
    COUNTED() =
        "select scheme, cost, count(*) from sekisho_credentials where kind = 'password' group by scheme, cost \
         order by scheme, cost";
    ITEM_NUMBERS() =
        "select coalesce(max(item_id), 0), coalesce((select value from sekisho_counters where name = 'item'), 0) \
         from sekisho_items";
    HOW_MANY() =
        "select (select count(*) from sekisho_users where released_at is null), \
         (select count(*) from sekisho_credentials), (select count(*) from sekisho_items), \
         (select count(*) from sekisho_events)";
    LAST_EVENT() = "select at from sekisho_events order by event_id desc limit 1";
}

/// A user's row as it is stored, to be held against what core computes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredUser {
    /// The id.
    pub id: UserId,
    /// The name; none once it is released.
    pub username: Option<String>,
    /// The key that the row has.
    pub username_key: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The key that the row has.
    pub email_key: Option<String>,
    /// What else an earlier system knew, as JSON.
    pub extra: Option<String>,
    /// Of a deleted user: when the name is given free.
    pub released_at: Option<Timestamp>,
}

/// A password's row as it is stored; its hash is for judging, not for printing.
#[derive(Clone, Debug)]
pub struct StoredPassword {
    /// Whose.
    pub user: UserId,
    /// What the row says of the hash.
    pub kind: SchemeCost,
    /// The hash.
    pub hash: HashString,
}

/// How many rows there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Users, the deleted ones left out.
    pub users: u64,
    /// Credentials of every kind.
    pub credentials: u64,
    /// Items.
    pub items: u64,
    /// Events.
    pub events: u64,
}

/// What must be unique among users, whatever the indexes say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unique {
    /// The name, byte for byte.
    Username,
    /// The name's key.
    UsernameKey,
    /// The address's key.
    EmailKey,
}

/// Rows that belong to a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owned {
    /// Credentials, named by the user's id.
    Credentials,
    /// Items, by number.
    Items,
    /// Events, by number; a deleted user's stay.
    Events,
}

/// Less than every id.
const FIRST: UserId = UserId::from_bytes([0; 16]);

impl Read {
    /// Up to `limit` users after `after`, by id, the deleted ones too.
    pub async fn stored_users(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<StoredUser>, Error> {
        let rows = self.all(&USERS, &[after.unwrap_or(FIRST).into(), i64::from(limit).into()]).await?;
        let user = |mut row: Row| {
            Ok(StoredUser {
                id: row.take(0)?,
                username: row.take(1)?,
                username_key: row.take(2)?,
                email: row.take(3)?,
                email_key: row.take(4)?,
                extra: row.take(5)?,
                released_at: row.take(6)?,
            })
        };
        rows.into_iter().map(user).collect()
    }

    /// Up to `limit` passwords after that of `after`, by the user's id.
    pub async fn stored_passwords(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<StoredPassword>, Error> {
        let rows = self.all(&PASSWORDS, &[after.unwrap_or(FIRST).into(), i64::from(limit).into()]).await?;
        let password = |mut row: Row| {
            let kind = SchemeCost { scheme: row.take(1)?, cost: row.take(2)? };
            Ok(StoredPassword { user: row.take(0)?, kind, hash: HashString::new(row.take(3)?) })
        };
        rows.into_iter().map(password).collect()
    }

    /// The users who have what an earlier one has, `limit` at the most.
    pub async fn duplicates(&mut self, what: Unique, limit: u32) -> Result<Vec<UserId>, Error> {
        let statement: &'static Statement = match what {
            Unique::Username => &SAME_NAME,
            Unique::UsernameKey => &SAME_NAME_KEY,
            Unique::EmailKey => &SAME_EMAIL_KEY,
        };
        let rows = self.all(statement, &[i64::from(limit).into()]).await?;
        rows.into_iter().map(|mut row| row.take(0)).collect()
    }

    /// The rows whose user is not there, `limit` at the most: what each is named by.
    pub async fn orphans(&mut self, of: Owned, limit: u32) -> Result<Vec<String>, Error> {
        let limit = [i64::from(limit).into()];
        let (statement, by_id): (&'static Statement, bool) = match of {
            Owned::Credentials => (&OWNERLESS_CREDENTIALS, true),
            Owned::Items => (&OWNERLESS_ITEMS, false),
            Owned::Events => (&EVENTS_OF_NOBODY, false),
        };
        let name = |mut row: Row| match by_id {
            true => row.take::<UserId>(0).map(|id| id.to_string()),
            false => row.take::<i64>(0).map(|number| number.to_string()),
        };
        self.all(statement, &limit).await?.into_iter().map(name).collect()
    }

    /// How many password hashes of each scheme and cost there are, counted; [`Read::hash_mix`] says what is kept.
    pub async fn counted_hashes(&mut self) -> Result<Vec<(SchemeCost, u64)>, Error> {
        let rows = self.all(&COUNTED, &[]).await?;
        let count = |mut row: Row| {
            let kind = SchemeCost { scheme: row.take(0)?, cost: row.take(1)? };
            Ok((kind, row.take::<i64>(2)?.unsigned_abs()))
        };
        rows.into_iter().map(count).collect()
    }

    /// The greatest number of an item, and the last number that the counter gave.
    pub async fn item_numbers(&mut self) -> Result<(i64, i64), Error> {
        let row = self.one(&ITEM_NUMBERS, &[]).await?;
        row.map_or(Ok((0, 0)), |mut row| Ok((row.take(0)?, row.take(1)?)))
    }

    /// How many rows there are; reads them all.
    pub async fn counts(&mut self) -> Result<Counts, Error> {
        let Some(mut row) = self.one(&HOW_MANY, &[]).await? else { return Ok(Counts::default()) };
        let mut number = |at| row.take::<i64>(at).map(i64::unsigned_abs);
        Ok(Counts { users: number(0)?, credentials: number(1)?, items: number(2)?, events: number(3)? })
    }

    /// When the last event was recorded.
    pub async fn last_event_at(&mut self) -> Result<Option<Timestamp>, Error> {
        self.one(&LAST_EVENT, &[]).await?.map(|mut row| row.take(0)).transpose()
    }
}
