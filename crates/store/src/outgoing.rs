//! Users as a whole, with all that another system would need of them: what is exported, and compared at an import.

use sekisho_core::accounts::IncomingUser;
use sekisho_core::credentials::{HashString, SchemeCost};
use sekisho_core::id::UserId;

use crate::error::Error;
use crate::incoming::parse_extra;
use crate::session::Read;
use crate::statement::statements;
use crate::value::Row;

/// What an [`IncomingUser`] is made of, in the order in which [`whole`] takes it.
macro_rules! whole {
    ($($rest:literal),*) => {
        concat!(
            "select u.id, u.external_id, u.username, u.username_key, u.email, u.email_key, u.full_name, u.extra, \
             u.token_version, u.disabled_at, u.created_at, u.updated_at, c.data, c.scheme, c.cost \
             from sekisho_users u \
             left join sekisho_credentials c on c.user_id = u.id and c.kind = 'password' ",
            $($rest),*
        )
    };
}

statements! {
    WHOLE(Id) = whole!("where u.id = $1 and u.released_at is null");
    WHOLE_PAGE(Id, Int) = whole!("where u.id > $1 and u.released_at is null order by u.id limit $2");
    ITEMS_OF_PAGE(Id, Id) =
        "select owner_id, item_id from sekisho_items where owner_id > $1 and owner_id <= $2 \
         order by owner_id, item_id";
}

/// Less than every id.
const FIRST: UserId = UserId::from_bytes([0; 16]);

impl Read {
    /// Everything about the user with this id, the hash included: for import and export alone.
    pub async fn whole_user(&mut self, id: UserId) -> Result<Option<IncomingUser>, Error> {
        self.one(&WHOLE, &[id.into()]).await?.map(whole).transpose()
    }

    /// Everything about up to `limit` users after `after`, by id, each with the numbers of their items.
    pub async fn whole_users(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<(IncomingUser, Vec<i64>)>, Error> {
        let after = after.unwrap_or(FIRST);
        let rows = self.all(&WHOLE_PAGE, &[after.into(), i64::from(limit).into()]).await?;
        let users = rows.into_iter().map(whole).collect::<Result<Vec<_>, Error>>()?;
        let Some(last) = users.last() else { return Ok(Vec::new()) };
        let items = self.all(&ITEMS_OF_PAGE, &[after.into(), last.id.into()]).await?;
        let items = items.into_iter().map(|mut row| Ok((row.take(0)?, row.take(1)?)));
        let mut items = items.collect::<Result<Vec<(UserId, i64)>, Error>>()?.into_iter().peekable();
        let with_items = users.into_iter().map(|user| {
            let mut numbers = Vec::new();
            // Both lists are in the order of the users' ids.
            while let Some((_, number)) = items.next_if(|(owner, _)| *owner <= user.id) {
                numbers.push(number);
            }
            (user, numbers)
        });
        Ok(with_items.collect())
    }
}

fn whole(mut row: Row) -> Result<IncomingUser, Error> {
    let extra: Option<String> = row.take(7)?;
    let hash: Option<String> = row.take(12)?;
    let password = match hash {
        Some(hash) => {
            Some((HashString::new(hash), SchemeCost { scheme: row.take(13)?, cost: row.take(14)? }))
        }
        None => None,
    };
    Ok(IncomingUser {
        id: row.take(0)?,
        external_id: row.take(1)?,
        username: row.take(2)?,
        username_key: row.take(3)?,
        email: row.take(4)?,
        email_key: row.take(5)?,
        full_name: row.take(6)?,
        extra: extra.as_deref().map(parse_extra).transpose()?,
        token_version: row.take(8)?,
        disabled_at: row.take(9)?,
        created_at: row.take(10)?,
        updated_at: row.take(11)?,
        password,
    })
}
