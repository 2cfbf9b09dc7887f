//! Reading users.

use sekisho_core::accounts::{LoginName, User};
use sekisho_core::credentials::HashString;
use sekisho_core::id::UserId;

use crate::error::Error;
use crate::session::Read;
use crate::statement::statements;
use crate::value::Row;

/// What a [`User`] is made of, in the order in which [`user`] takes it.
macro_rules! columns {
    () => {
        "u.id, u.username, u.email, u.full_name, u.external_id, u.token_version, u.disabled_at, u.created_at, \
         u.updated_at"
    };
}

/// A log-in name's row: the exact name before the key, the key before the address. Each is looked for only if the one
/// before was not found.
macro_rules! login {
    () => {
        "u.id = coalesce(\
         (select id from sekisho_users where username = $1 and released_at is null), \
         (select id from sekisho_users where username_key = $2 and released_at is null), \
         (select id from sekisho_users where email_key = $3 and released_at is null))"
    };
}

statements! {
    BY_ID(Id) = concat!("select ", columns!(), " from sekisho_users u where u.id = $1 and u.released_at is null");
    BY_USERNAME(Text) =
        concat!("select ", columns!(), " from sekisho_users u where u.username = $1 and u.released_at is null");
    BY_LOGIN(Text, Text, Text) = concat!("select ", columns!(), " from sekisho_users u where ", login!());
    CANDIDATE(Text, Text, Text) = concat!(
        "select ", columns!(), ", c.data from sekisho_users u \
         left join sekisho_credentials c on c.user_id = u.id and c.kind = 'password' where ", login!()
    );
    PAGE(Id, Int) = concat!(
        "select ", columns!(), " from sekisho_users u where u.id > $1 and u.released_at is null \
         order by u.id limit $2"
    );
    COUNT() = "select count(*) from sekisho_users where released_at is null";
    ANY(Id) = "select id from sekisho_users where id > $1 and released_at is null order by id limit 1";
}

/// Less than every id.
const FIRST: UserId = UserId::from_bytes([0; 16]);

impl Read {
    /// The user with this id: the statement of every request that carries a token.
    pub async fn user_by_id(&mut self, id: UserId) -> Result<Option<User>, Error> {
        self.one_by_id(&BY_ID, id).await?.map(user).transpose()
    }

    /// The user with exactly this name, byte for byte, as `sub` has it.
    pub async fn user_by_username(&mut self, username: &str) -> Result<Option<User>, Error> {
        self.one(&BY_USERNAME, &[username.into()]).await?.map(user).transpose()
    }

    /// The user who logs in by this name: the exact name, then its key, then an e-mail address.
    pub async fn user_by_login(&mut self, name: &LoginName) -> Result<Option<User>, Error> {
        let params = [name.text.as_str().into(), name.key.as_str().into(), name.email_key.as_deref().into()];
        self.one(&BY_LOGIN, &params).await?.map(user).transpose()
    }

    /// As [`Read::user_by_login`], with the password's hash if there is one.
    pub async fn login_candidate(
        &mut self,
        name: &LoginName,
    ) -> Result<Option<(User, Option<HashString>)>, Error> {
        let params = [name.text.as_str().into(), name.key.as_str().into(), name.email_key.as_deref().into()];
        let Some(mut row) = self.one(&CANDIDATE, &params).await? else { return Ok(None) };
        let hash = row.take::<Option<String>>(9)?.map(HashString::new);
        Ok(Some((user(row)?, hash)))
    }

    /// Up to `limit` users after `after`, by id, which is the order of their creation.
    pub async fn users(&mut self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Error> {
        let rows = self.all(&PAGE, &[after.unwrap_or(FIRST).into(), i64::from(limit).into()]).await?;
        rows.into_iter().map(user).collect()
    }

    /// How many users there are; reads them all.
    pub async fn count_users(&mut self) -> Result<u64, Error> {
        let count = self.one(&COUNT, &[]).await?.map(|mut row| row.take::<i64>(0)).transpose()?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// Whether there is any user.
    pub async fn has_users(&mut self) -> Result<bool, Error> {
        Ok(self.one(&ANY, &[FIRST.into()]).await?.is_some())
    }
}

/// The row's user.
fn user(mut row: Row) -> Result<User, Error> {
    Ok(User {
        id: row.take(0)?,
        username: row.take(1)?,
        email: row.take(2)?,
        full_name: row.take(3)?,
        external_id: row.take(4)?,
        token_version: row.take(5)?,
        disabled_at: row.take(6)?,
        created_at: row.take(7)?,
        updated_at: row.take(8)?,
    })
}
