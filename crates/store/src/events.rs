//! Facts, recorded in the transaction that made them so.

use sekisho_core::audit::Event;
use sekisho_core::ctx::Ctx;

use crate::error::Error;
use crate::session::Tx;
use crate::statement::statements;

statements! {
    RECORD(Int, Text, Id, Text, Id, Text, Text, Text, Text) =
        "insert into sekisho_events (at, kind, subject, actor, actor_id, request_id, peer, agent, data) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
}

impl Tx {
    /// Records a fact and who made it so; if it can't be recorded, the transaction is over and the fact undone.
    pub async fn record(&mut self, ctx: &Ctx, event: &Event) -> Result<(), Error> {
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
        self.run(&RECORD, &params).await.map(drop)
    }
}
