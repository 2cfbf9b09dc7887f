//! Writing users: insert, disable, delete.

use sekisho_core::id::UserId;
use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::Tx;
use crate::statement::statements;

statements! {
    INSERT(Id, Text, Text, Text, Text, Text, Text, Int) =
        "insert into sekisho_users (id, username, username_key, email, email_key, full_name, external_id, \
         token_version, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8) \
         on conflict do nothing";
    IN_THE_WAY(Id, Text, Text, Text, Text) =
        "select id, username, username_key, email_key from sekisho_users \
         where id = $1 or username = $2 or username_key = $3 or email_key = $4 or external_id = $5";
    HOLD(Id) =
        "update sekisho_users set token_version = token_version where id = $1 and released_at is null returning id";
    RAISE(Id, Int) =
        "update sekisho_users set token_version = token_version + 1, updated_at = $2 \
         where id = $1 and released_at is null returning token_version";
    DISABLE(Id, Int) =
        "update sekisho_users set disabled_at = $2, updated_at = $2 \
         where id = $1 and released_at is null and disabled_at is null";
    ENABLE(Id, Int) =
        "update sekisho_users set disabled_at = null, updated_at = $2 \
         where id = $1 and released_at is null and disabled_at is not null";
    BLANK(Id, Int, Int) =
        "update sekisho_users set email = null, email_key = null, full_name = null, external_id = null, extra = null, \
         disabled_at = null, token_version = token_version + 1, updated_at = $2, released_at = $3 \
         where id = $1 and released_at is null";
    DROP_ITEMS(Id) = "delete from sekisho_items where owner_id = $1";
    RELEASE(Int) =
        "update sekisho_users set username = null, username_key = null \
         where released_at <= $1 and username is not null";
    RELEASE_UP_TO(Int, Int) =
        "select released_at from sekisho_users where released_at <= $1 and username is not null \
         order by released_at limit 1 offset $2";
    RELEASE_THIS(Text, Text, Int) =
        "update sekisho_users set username = null, username_key = null \
         where (username = $1 or username_key = $2) and released_at <= $3";
}

/// A user to be inserted; the token version begins at 0.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// The id, never used before.
    pub id: UserId,
    /// The name as typed; unique byte for byte.
    pub username: &'a str,
    /// The name's canonical key; unique. `None` for an adopted twin that only its exact spelling finds.
    pub username_key: Option<&'a str>,
    /// The address as typed.
    pub email: Option<&'a str>,
    /// The address's canonical key; unique.
    pub email_key: Option<&'a str>,
    /// The full name.
    pub full_name: Option<&'a str>,
    /// The id in the system that the user came from.
    pub external_id: Option<&'a str>,
    /// The time of the user's creation.
    pub now: Timestamp,
}

/// What became of an insert.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Insert {
    /// The row is there.
    Done,
    /// Somebody has this already, or had the name and it is not released yet; nothing was written.
    Taken(Field),
    /// The table of the application beside does not take such a row, for this reason in the database's words, which names
    /// a constraint; nothing was written.
    Refused(String),
}

/// What of a user is unique.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// The id; only of a user that comes from elsewhere.
    Id,
    /// The identifier in the system that the user comes from.
    ExternalId,
    /// The name, exactly or by its key.
    Username,
    /// The address, by its key.
    Email,
}

impl Tx {
    /// Inserts a user, the database deciding every race; if name and address are both taken, the name is named.
    ///
    /// A name that a deleted user had is free from its time on. [`Error::Taken`] if the id itself exists.
    pub async fn insert_user(&mut self, new: &NewUser<'_>) -> Result<Insert, Error> {
        let NewUser { id, username, username_key, email, email_key, full_name, external_id, now } = *new;
        let params = [
            id.into(),
            username.into(),
            username_key.into(),
            email.into(),
            email_key.into(),
            full_name.into(),
            external_id.into(),
            now.into(),
        ];
        let mut inserted = self.run_together(&[(&INSERT, &params)]).await?;
        if inserted == Ok(false) {
            let freed = [username.into(), username_key.into(), now.into()];
            if self.run(&RELEASE_THIS, &freed).await? > 0 {
                inserted = self.run_together(&[(&INSERT, &params)]).await?;
            }
        }
        match inserted {
            Ok(true) => return Ok(Insert::Done),
            Ok(false) => {}
            Err(error) => return self.refused_beside(error).await,
        }
        // Which of the unique indexes refuses is for the databases to choose, so the rows themselves are asked.
        let params = [id.into(), username.into(), username_key.into(), email_key.into(), external_id.into()];
        let (mut email_taken, mut external_id_taken) = (false, false);
        for mut row in self.all(&IN_THE_WAY, &params).await? {
            let (name, key): (Option<String>, Option<String>) = (row.take(1)?, row.take(2)?);
            if name.as_deref() == Some(username) || (key.is_some() && key.as_deref() == username_key) {
                return Ok(Insert::Taken(Field::Username));
            }
            if row.take::<UserId>(0)? == id {
                return Err(Error::Taken { what: "sekisho_users.id".to_owned() });
            }
            let key: Option<String> = row.take(3)?;
            let by_email = key.is_some() && key.as_deref() == email_key;
            email_taken |= by_email;
            external_id_taken |= !by_email;
        }
        Ok(Insert::Taken(match (email_taken, external_id_taken) {
            (true, _) => Field::Email,
            (false, true) => Field::ExternalId,
            // With nothing left in the way here, it is in the table of the application beside; or who was there has just
            // been released, and the caller may try again.
            (false, false) => self.taken_beside(username, email).await?.unwrap_or(Field::Username),
        }))
    }

    /// What a constraint means that a new user has met: a unique one of the application's table, that a name or an address
    /// is taken there; any other, that the table does not take the row, which is nobody's fault who registers.
    pub(crate) async fn refused_beside(&mut self, error: Error) -> Result<Insert, Error> {
        let (what, unique) = match error {
            Error::Taken { what } => (what, true),
            Error::Constraint { what } => (what, false),
            error => return Err(error),
        };
        tracing::warn!(constraint = what, "the application's own table refuses a new user");
        // On the heap, since it is rare and would make every caller's future larger.
        let taken = match Box::pin(self.standing()).await? {
            Some(standing) if unique => Box::pin(self.field_beside(&standing.table, &what)).await?,
            _ => None,
        };
        Ok(taken.map_or(Insert::Refused(what), Insert::Taken))
    }

    /// Holds a user's row until the end of the transaction, so that nobody deletes it or counts the user's old
    /// credential meanwhile; `false` if there is none.
    pub(crate) async fn hold_user(&mut self, id: UserId) -> Result<bool, Error> {
        Ok(self.one(&HOLD, &[id.into()]).await?.is_some())
    }

    /// Makes every token issued so far invalid; the new version, or `None` if there is no such user.
    pub async fn raise_token_version(&mut self, id: UserId, now: Timestamp) -> Result<Option<i64>, Error> {
        self.one(&RAISE, &[id.into(), now.into()]).await?.map(|mut row| row.take(0)).transpose()
    }

    /// Disables a user; `false` if there is none or they are disabled already.
    pub async fn disable(&mut self, id: UserId, now: Timestamp) -> Result<bool, Error> {
        Ok(self.run(&DISABLE, &[id.into(), now.into()]).await? == 1)
    }

    /// Enables a user again; `false` if there is none or they are not disabled.
    pub async fn enable(&mut self, id: UserId, now: Timestamp) -> Result<bool, Error> {
        Ok(self.run(&ENABLE, &[id.into(), now.into()]).await? == 1)
    }

    /// Deletes a user, with credentials and items; `false` if there is none.
    ///
    /// A blank row stays for ever and guards the id, and until `released_at` the name: a token may carry them. The
    /// address is free at once.
    pub async fn delete_user(
        &mut self,
        id: UserId,
        now: Timestamp,
        released_at: Timestamp,
    ) -> Result<bool, Error> {
        if self.run(&BLANK, &[id.into(), now.into(), released_at.into()]).await? == 0 {
            return Ok(false);
        }
        self.drop_credentials(id).await?;
        self.run(&DROP_ITEMS, &[id.into()]).await?;
        Ok(true)
    }

    /// Frees the names of the deleted users whose time has come; how many there were.
    ///
    /// Their rows stay, since tables of one's own may refer to them.
    pub async fn release_names(&mut self, now: Timestamp) -> Result<u64, Error> {
        self.run(&RELEASE, &[now.into()]).await
    }

    /// The same for about `limit` of them, the oldest first.
    pub async fn release_some_names(&mut self, now: Timestamp, limit: u32) -> Result<u64, Error> {
        let last = [now.into(), (i64::from(limit.max(1)) - 1).into()];
        let last = self.one(&RELEASE_UP_TO, &last).await?.map(|mut row| row.take(0)).transpose()?;
        self.release_names(last.unwrap_or(now)).await
    }
}
