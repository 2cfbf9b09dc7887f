//! Facts, recorded in the transaction that made them so.

use sekisho_core::audit::Event;
use sekisho_core::ctx::Ctx;
use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::Tx;
use crate::statement::{Step, statements};

statements! {
    RECORD(Int, Text, Id, Text, Id, Text, Text, Text, Text) =
        "insert into sekisho_events (at, kind, subject, actor, actor_id, request_id, peer, agent, data) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    PAGE_END(Int, Int) =
        "select event_id from sekisho_events where event_id > $1 order by event_id limit 1 offset $2";
    PURGE(Int, Int, Int) = "delete from sekisho_events where event_id > $1 and event_id <= $2 and at < $3";
}

impl Tx {
    /// Records a fact and who made it so; if it can't be recorded, the transaction is over and the fact undone.
    pub async fn record(&mut self, ctx: &Ctx, event: &Event) -> Result<(), Error> {
        let step = recorded(ctx, event);
        self.run(step.what(), &step.params()).await.map(drop)
    }

    /// Removes those of the next `limit` events behind `after` that are older than `before`: how many, and behind which to
    /// go on; `None` where a younger one was met, since later ones are younger still.
    pub async fn purge_events(
        &mut self,
        before: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<(u64, Option<i64>), Error> {
        let page = [after.into(), (i64::from(limit.max(1)) - 1).into()];
        let end = self.one(&PAGE_END, &page).await?.map(|mut row| row.take::<i64>(0)).transpose()?;
        let to = end.unwrap_or(i64::MAX);
        let purged = self.run(&PURGE, &[after.into(), to.into(), before.into()]).await?;
        Ok((purged, end.filter(|_| purged == u64::from(limit.max(1)))))
    }
}

/// What records a fact.
pub(crate) fn recorded(ctx: &Ctx, event: &Event) -> Step {
    let peer = ctx.peer.map(|peer| peer.to_string());
    let data = event.data().to_string();
    let params = [
        ctx.now.into(),
        event.kind().into(),
        event.subject().into(),
        ctx.actor.kind().into(),
        ctx.actor.user().into(),
        ctx.request_id.as_str().into(),
        peer.as_deref().into(),
        ctx.agent.as_deref().into(),
        data.as_str().into(),
    ];
    Step::new(&RECORD, &params)
}
