//! Users that come from elsewhere: written whole, with identity, hash and items, in the caller's transaction.

use sekisho_core::accounts::{IncomingUser, User};
use sekisho_core::audit::Event;
use sekisho_core::ctx::Ctx;
use sekisho_core::id::UserId;
use sekisho_core::time::Timestamp;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::session::{Read, Tx};
use crate::statement::{Statement, Step, statements};
use crate::user_changes::{Field, Insert};
use crate::value::Param;
use crate::{adopted, events};

statements! {
    INSERT(Id, Text, Text, Text, Text, Text, Text, Text, Int, Int, Int, Int) =
        "insert into sekisho_users (id, username, username_key, email, email_key, full_name, external_id, extra, \
         token_version, disabled_at, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing";
    IN_THE_WAY(Id, Text, Text, Text, Text, Int) =
        "select id, external_id, username, username_key from sekisho_users \
         where (id = $1 or external_id = $2 or username = $3 or username_key = $4 or email_key = $5) \
         and (id = $1 or released_at is null or released_at > $6)";
    ID_BY_EXTERNAL_ID(Text) =
        "select id from sekisho_users where external_id = $1 and released_at is null";
    ID_BY_EMAIL_KEY(Text) = "select id from sekisho_users where email_key = $1 and released_at is null";
    OWNER(Int) = "select owner_id from sekisho_items where item_id = $1";
    EXTRA(Id) = "select extra from sekisho_users where id = $1 and released_at is null";
    PASSWORD(Id, Text, Text, Text, Int) =
        "insert into sekisho_credentials (user_id, kind, scheme, cost, data, created_at, updated_at) \
         values ($1, 'password', $2, $3, $4, $5, $5)";
    ITEM(Int, Id, Int) =
        "insert into sekisho_items (item_id, owner_id, created_at) values ($1, $2, $3) on conflict do nothing";
    COUNTED(Int) =
        "insert into sekisho_counters (name, value) values ('item', $1) \
         on conflict (name) do update set value = excluded.value where sekisho_counters.value < excluded.value";
}

impl Read {
    /// The user who has this identifier in the system that they came from.
    pub async fn user_by_external_id(&mut self, external_id: &str) -> Result<Option<User>, Error> {
        match self.one(&ID_BY_EXTERNAL_ID, &[external_id.into()]).await? {
            Some(mut row) => self.user_by_id(row.take(0)?).await,
            None => Ok(None),
        }
    }

    /// What the system that the user came from knew besides; `None` if there is nothing, or no such user.
    pub async fn extra_of(&mut self, id: UserId) -> Result<Option<Map<String, Value>>, Error> {
        let text =
            self.one(&EXTRA, &[id.into()]).await?.map(|mut row| row.take::<Option<String>>(0)).transpose()?;
        text.flatten().as_deref().map(parse_extra).transpose()
    }

    /// Which of what a user from elsewhere brings is taken by somebody else, at this time, be it in the table of the
    /// application beside: what [`Tx::insert_incoming`] would say.
    ///
    /// The rows are asked, since the databases choose freely which index to name.
    pub async fn incoming_conflict(
        &mut self,
        new: &IncomingUser,
        now: Timestamp,
    ) -> Result<Option<Field>, Error> {
        let params = [
            new.id.into(),
            new.external_id.as_deref().into(),
            new.username.as_str().into(),
            new.username_key.as_deref().into(),
            new.email_key.as_deref().into(),
            now.into(),
        ];
        let mut found = [false; 3];
        for mut row in self.all(&IN_THE_WAY, &params).await? {
            if row.take::<UserId>(0)? == new.id {
                return Ok(Some(Field::Id));
            }
            let same =
                |there: Option<String>, ours: Option<&str>| there.is_some() && there.as_deref() == ours;
            let external = same(row.take(1)?, new.external_id.as_deref());
            let name =
                same(row.take(2)?, Some(&new.username)) | same(row.take(3)?, new.username_key.as_deref());
            found = [found[0] | external, found[1] | name, found[2] | !(external || name)];
        }
        match found {
            [true, ..] => Ok(Some(Field::ExternalId)),
            [_, true, _] => Ok(Some(Field::Username)),
            [.., true] => Ok(Some(Field::Email)),
            _ => self.taken_beside(&new.username, new.email.as_deref()).await,
        }
    }

    /// The user with this key of an address.
    pub async fn id_by_email_key(&mut self, key: &str) -> Result<Option<UserId>, Error> {
        self.one(&ID_BY_EMAIL_KEY, &[key.into()]).await?.map(|mut row| row.take(0)).transpose()
    }

    /// Whose item has this number.
    pub async fn owner_of_item(&mut self, item_id: i64) -> Result<Option<UserId>, Error> {
        self.one(&OWNER, &[item_id.into()]).await?.map(|mut row| row.take(0)).transpose()
    }
}

impl Tx {
    /// Writes a user with extra, hash and hash mix as they are; the database decides every race.
    ///
    /// What is taken is said, the id first, then the external id, name and address, and then nothing was written and the
    /// transaction goes on. Call [`Tx::release_names`] before. The row of a deleted user holds its id for ever.
    ///
    /// A constraint in the table of the application beside is [`Error::Taken`] or [`Error::Constraint`] and ends the
    /// transaction, as every error does: [`Tx::try_insert_incoming`] survives it.
    pub async fn insert_incoming(&mut self, new: &IncomingUser) -> Result<Insert, Error> {
        self.write_incoming(new, false).await
    }

    /// The same, and says what a constraint refuses: the user is undone alone.
    ///
    /// Each costs some pages of memory until the transaction ends, so it is for a few users.
    pub async fn try_insert_incoming(&mut self, new: &IncomingUser) -> Result<Insert, Error> {
        self.write_incoming(new, true).await
    }

    async fn write_incoming(&mut self, new: &IncomingUser, apart: bool) -> Result<Insert, Error> {
        let steps = written(new);
        let params: Vec<_> = steps.iter().map(Step::params).collect();
        let steps: Vec<(&'static Statement, &[Param<'_>])> =
            steps.iter().zip(&params).map(|(step, params)| (step.what(), params.as_slice())).collect();
        let written = match apart {
            true => self.run_together(&steps).await?,
            false => Ok(self.run_each(&steps).await?),
        };
        match written {
            Ok(true) => {
                if let Some((_, kind)) = &new.password {
                    self.count_hash(kind, 1);
                }
                Ok(Insert::Done)
            }
            Ok(false) => {
                let field = self.incoming_conflict(new, Timestamp::from_micros(i64::MIN)).await?;
                // With nothing left in the way, a name was released meanwhile; the caller may try again.
                Ok(Insert::Taken(field.unwrap_or(Field::Username)))
            }
            Err(error) => self.refused_beside(error).await,
        }
    }

    /// Writes users who were taken over, each as [`Tx::insert_incoming`] does, and what is noted and recorded of that; in few
    /// round trips, however many they are.
    ///
    /// Nothing of theirs may be anybody else's: [`Error::Taken`] or [`Error::Constraint`] ends the transaction.
    pub async fn insert_adopted(&mut self, ctx: &Ctx, users: &[IncomingUser]) -> Result<(), Error> {
        let mut steps = Vec::with_capacity(users.len() * 4);
        for user in users {
            let external_id = user.external_id.as_deref().unwrap_or_default();
            let event = Event::UserAdopted { user: user.id, external_id: external_id.to_owned() };
            steps.extend(written(user));
            steps.push(adopted::noted_user(external_id, user.id, ctx.now));
            steps.push(events::recorded(ctx, &event));
        }
        if self.run_all(&steps).await?.contains(&0) {
            return Err(Error::Taken { what: "a name that nobody had".to_owned() });
        }
        for (_, kind) in users.iter().filter_map(|user| user.password.as_ref()) {
            self.count_hash(kind, 1);
        }
        Ok(())
    }

    /// Runs these in order, up to one that changes no row: whether all did.
    async fn run_each(&mut self, steps: &[(&'static Statement, &[Param<'_>])]) -> Result<bool, Error> {
        for (what, params) in steps {
            if self.run(what, params).await? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds an item under the number that it had elsewhere, and lets later numbers begin above it; `false` if the
    /// number is taken.
    ///
    /// The owner must exist: one that does not is [`Error::Constraint`].
    pub async fn insert_incoming_item(
        &mut self,
        item_id: i64,
        owner: UserId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        // The counter first, as whoever adds an item does: two that wait for each other would end one of them.
        self.run(&COUNTED, &[item_id.into()]).await?;
        Ok(self.run(&ITEM, &[item_id.into(), owner.into(), now.into()]).await? == 1)
    }
}

/// What writes a user, with the password's hash.
fn written(new: &IncomingUser) -> Vec<Step> {
    let extra = new.extra.as_ref().map(|extra| Value::Object(extra.clone()).to_string());
    let user = [
        new.id.into(),
        new.username.as_str().into(),
        new.username_key.as_deref().into(),
        new.email.as_deref().into(),
        new.email_key.as_deref().into(),
        new.full_name.as_deref().into(),
        new.external_id.as_deref().into(),
        extra.as_deref().into(),
        new.token_version.into(),
        new.disabled_at.into(),
        new.created_at.into(),
        new.updated_at.into(),
    ];
    let password = new.password.as_ref().map(|(hash, kind)| {
        let (scheme, cost) = (kind.scheme.as_str().into(), kind.cost.as_str().into());
        Step::new(&PASSWORD, &[new.id.into(), scheme, cost, hash.as_str().into(), new.updated_at.into()])
    });
    std::iter::once(Step::new(&INSERT, &user)).chain(password).collect()
}

/// The stored text of `extra` as the object that it is.
pub(crate) fn parse_extra(text: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(text).map_err(|_| Error::corrupt("extra does not hold a JSON object"))
}
