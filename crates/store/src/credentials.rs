//! Password hashes, and how many there are of each kind.
//!
//! `sekisho_hash_schemes` is kept in the transaction that writes a credential. Its few rows are written by the commit, in
//! one order: on PostgreSQL each writer of the same scheme waits for them, so nobody holds them for longer than the
//! commit takes, and no two wait for each other.

use sekisho_core::credentials::{HashString, SchemeCost};
use sekisho_core::id::UserId;
use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::{Read, Tx};
use crate::statement::statements;
use crate::value::Row;

statements! {
    CURRENT(Id) = "select scheme, cost, data from sekisho_credentials where user_id = $1 and kind = 'password'";
    SET(Id, Text, Text, Text, Int) =
        "insert into sekisho_credentials (user_id, kind, scheme, cost, data, created_at, updated_at) \
         values ($1, 'password', $2, $3, $4, $5, $5) on conflict (user_id, kind) do update set \
         scheme = excluded.scheme, cost = excluded.cost, data = excluded.data, updated_at = excluded.updated_at";
    UPGRADE(Id, Text, Text, Text, Int, Text) =
        "update sekisho_credentials set scheme = $2, cost = $3, data = $4, updated_at = $5 \
         where user_id = $1 and kind = 'password' and data = $6";
    DROP(Id) = "delete from sekisho_credentials where user_id = $1 and kind <> 'password'";
    DROP_PASSWORD(Id) =
        "delete from sekisho_credentials where user_id = $1 and kind = 'password' returning scheme, cost";
    MORE(Text, Text, Int) =
        "insert into sekisho_hash_schemes (scheme, cost, n) values ($1, $2, $3) \
         on conflict (scheme, cost) do update set n = sekisho_hash_schemes.n + excluded.n";
    LESS(Text, Text, Int) = "update sekisho_hash_schemes set n = n - $3 where scheme = $1 and cost = $2";
    MIX() = "select scheme, cost, n from sekisho_hash_schemes where n > 0 order by scheme, cost";
}

impl Read {
    /// How many password hashes there are of each scheme and cost.
    pub async fn hash_mix(&mut self) -> Result<Vec<(SchemeCost, u64)>, Error> {
        let rows = self.all(&MIX, &[]).await?;
        rows.into_iter()
            .map(|mut row| Ok((scheme_cost(&mut row)?, row.take::<i64>(2)?.unsigned_abs())))
            .collect()
    }
}

impl Tx {
    /// Gives a user this password hash, in place of the former one; nothing happens if there is no such user.
    pub async fn set_password(
        &mut self,
        id: UserId,
        hash: &HashString,
        kind: &SchemeCost,
        now: Timestamp,
    ) -> Result<(), Error> {
        if !self.hold_user(id).await? {
            return Ok(());
        }
        let old = self.one(&CURRENT, &[id.into()]).await?.map(|mut row| scheme_cost(&mut row)).transpose()?;
        let (scheme, cost) = (kind.scheme.as_str(), kind.cost.as_str());
        let params = [id.into(), scheme.into(), cost.into(), hash.as_str().into(), now.into()];
        self.run(&SET, &params).await?;
        self.recount(old.as_ref(), kind);
        Ok(())
    }

    /// Gives the first password hash to a user whom this transaction has inserted: nobody else can know of the row yet, so
    /// it need not be held, and there is no former hash to look for.
    pub async fn set_first_password(
        &mut self,
        id: UserId,
        hash: &HashString,
        kind: &SchemeCost,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (scheme, cost) = (kind.scheme.as_str(), kind.cost.as_str());
        self.run(&SET, &[id.into(), scheme.into(), cost.into(), hash.as_str().into(), now.into()]).await?;
        self.recount(None, kind);
        Ok(())
    }

    /// Replaces `old` by `new` for the same password; `false` if `old` is not there any more, and then nothing is done.
    pub async fn upgrade_password(
        &mut self,
        id: UserId,
        old: &HashString,
        new: &HashString,
        kind: &SchemeCost,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if !self.hold_user(id).await? {
            return Ok(false);
        }
        let Some(mut row) = self.one(&CURRENT, &[id.into()]).await? else { return Ok(false) };
        let was = scheme_cost(&mut row)?;
        let params = [
            id.into(),
            kind.scheme.as_str().into(),
            kind.cost.as_str().into(),
            new.as_str().into(),
            now.into(),
            old.as_str().into(),
        ];
        if self.run(&UPGRADE, &params).await? == 0 {
            return Ok(false);
        }
        self.recount(Some(&was), kind);
        Ok(true)
    }

    /// Removes all that a user logs in with.
    pub(crate) async fn drop_credentials(&mut self, id: UserId) -> Result<(), Error> {
        self.run(&DROP, &[id.into()]).await?;
        if let Some(mut row) = self.one(&DROP_PASSWORD, &[id.into()]).await? {
            self.count_hash(&scheme_cost(&mut row)?, -1);
        }
        Ok(())
    }

    /// As [`Read::hash_mix`], with what this transaction has changed.
    pub async fn hash_mix(&mut self) -> Result<Vec<(SchemeCost, u64)>, Error> {
        self.write_hash_counts().await?;
        Read::hash_mix(self).await
    }

    fn recount(&mut self, old: Option<&SchemeCost>, new: &SchemeCost) {
        if let Some(old) = old {
            self.count_hash(old, -1);
        }
        self.count_hash(new, 1);
    }

    /// Writes what was counted; the commit does so, last of all.
    pub(crate) async fn write_hash_counts(&mut self) -> Result<(), Error> {
        for ((scheme, cost), more) in self.take_hash_counts() {
            let statement = if more > 0 { &MORE } else { &LESS };
            let params = [scheme.as_str().into(), cost.as_str().into(), more.abs().into()];
            self.run(statement, &params).await?;
        }
        Ok(())
    }
}

fn scheme_cost(row: &mut Row) -> Result<SchemeCost, Error> {
    Ok(SchemeCost { scheme: row.take(0)?, cost: row.take(1)? })
}
