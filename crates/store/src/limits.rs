//! Token buckets that all nodes share: what is counted is named by a keyed hash, and each bucket is one number, the moment
//! at which it is full again.

use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::{Read, Tx};
use crate::statement::statements;
use crate::value::Param;

statements! {
    // What is inserted is the present and the time in which one token comes back; their difference is what is taken.
    TAKE(Bytes, Int, Bytes, Int, Bytes, Int, Int, Int) =
        "insert into sekisho_limits (counted, full_at) values ($1, $2), ($3, $4), ($5, $6) \
         on conflict (counted) do update set full_at = case when sekisho_limits.full_at <= $7 then excluded.full_at \
         when sekisho_limits.full_at > $8 then $8 else sekisho_limits.full_at + excluded.full_at - $7 end \
         returning counted, full_at";
    GET(Bytes) = "select full_at from sekisho_limits where counted = $1";
    PUT(Bytes, Int) =
        "insert into sekisho_limits (counted, full_at) values ($1, $2) \
         on conflict (counted) do update set full_at = excluded.full_at";
    PAGE_END(Bytes, Int) =
        "select counted from sekisho_limits where counted > $1 order by counted limit 1 offset $2";
    FORGET(Bytes, Bytes, Int) =
        "delete from sekisho_limits where counted > $1 and counted <= $2 and full_at < $3";
    FORGET_REST(Bytes, Int) = "delete from sekisho_limits where counted > $1 and full_at < $2";
}

/// What is counted: a keyed hash, so that the table tells nobody whose log-ins failed.
pub type Counted = [u8; 16];

impl Read {
    /// When this bucket is full again; `None` if nothing is known of it.
    pub async fn limit(&mut self, counted: &Counted) -> Result<Option<Timestamp>, Error> {
        self.one(&GET, &[counted.as_slice().into()]).await?.map(|mut row| row.take(0)).transpose()
    }
}

impl Tx {
    /// Takes from three different buckets at once: when each is full again, in their order.
    ///
    /// With each comes the present plus what is taken. No bucket is more than `longest` in the future before it: what a
    /// node wrote whose clock was wrong does not last.
    pub async fn take_from_limits(
        &mut self,
        mut taken: [(Counted, Timestamp); 3],
        now: Timestamp,
        longest: Timestamp,
    ) -> Result<[Timestamp; 3], Error> {
        let asked = taken.map(|(counted, _)| counted);
        // Whoever takes from the same buckets takes in the same order, and nobody waits in a circle.
        taken.sort_unstable();
        let [(a, at_a), (b, at_b), (c, at_c)] = &taken;
        let params: [Param<'_>; 8] = [
            a.as_slice().into(),
            (*at_a).into(),
            b.as_slice().into(),
            (*at_b).into(),
            c.as_slice().into(),
            (*at_c).into(),
            now.into(),
            longest.into(),
        ];
        let mut full = [now; 3];
        for mut row in self.all(&TAKE, &params).await? {
            let (counted, full_at): (Vec<u8>, Timestamp) = (row.take(0)?, row.take(1)?);
            for (place, _) in asked.iter().enumerate().filter(|(_, asked)| asked[..] == counted[..]) {
                full[place] = full_at;
            }
        }
        Ok(full)
    }

    /// Puts down when this bucket is full again.
    pub async fn set_limit(&mut self, counted: &Counted, full_at: Timestamp) -> Result<(), Error> {
        self.run(&PUT, &[counted.as_slice().into(), full_at.into()]).await.map(drop)
    }

    /// Forgets the buckets that were full before `before`, of up to `limit` behind `after`: how many, and behind which to go
    /// on, `None` at the end.
    pub async fn forget_limits(
        &mut self,
        after: &[u8],
        before: Timestamp,
        limit: u32,
    ) -> Result<(u64, Option<Vec<u8>>), Error> {
        let offset = i64::from(limit.max(1)) - 1;
        let end = self.one(&PAGE_END, &[after.into(), offset.into()]).await?;
        let Some(end) = end.map(|mut row| row.take::<Vec<u8>>(0)).transpose()? else {
            return Ok((self.run(&FORGET_REST, &[after.into(), before.into()]).await?, None));
        };
        let forgotten = self.run(&FORGET, &[after.into(), end.as_slice().into(), before.into()]).await?;
        Ok((forgotten, Some(end)))
    }
}
