use sekisho_core::audit::Event;
use sekisho_core::ctx::{Actor, Ctx};
use sekisho_core::id::{RequestId, UserId};

use super::open;
use crate::world::{NOW, id};

#[tokio::test]
async fn an_event_is_kept_with_who_and_what() {
    let db = open().await;
    let mut ctx = Ctx {
        request_id: RequestId::new([7; 8]),
        peer: Some("::1".parse().unwrap()),
        agent: Some("curl/8".to_owned()),
        actor: Actor::User(id(1)),
        now: NOW,
    };
    let mut tx = db.store.begin().await.unwrap();
    tx.record(&ctx, &Event::ItemAdded { item_id: 3, owner: id(2) }).await.unwrap();
    ctx.actor = Actor::Operator;
    (ctx.peer, ctx.agent) = (None, None);
    tx.record(&ctx, &Event::ItemRemoved { item_id: 3 }).await.unwrap();
    tx.commit().await.unwrap();

    let mut read = db.store.read().await.unwrap();
    let sql = "select event_id, at, kind, subject, actor, actor_id, request_id, peer, agent, data \
               from sekisho_events order by event_id";
    let mut rows = read.rows(sql, &[]).await.unwrap();
    assert_eq!(rows.len(), 2);
    let first = &mut rows[0];
    assert_eq!((first.take::<i64>(0).unwrap(), first.take::<i64>(1).unwrap()), (1, NOW.as_micros()));
    assert_eq!(first.take::<String>(2).unwrap(), "item_added");
    assert_eq!(first.take::<UserId>(3).unwrap(), id(2));
    assert_eq!((first.take::<String>(4).unwrap(), first.take::<UserId>(5).unwrap()), ("user".into(), id(1)));
    assert_eq!(first.take::<String>(6).unwrap(), "0707070707070707");
    assert_eq!(first.take::<String>(7).unwrap(), "::1");
    assert_eq!(first.take::<String>(8).unwrap(), "curl/8");
    assert_eq!(first.take::<String>(9).unwrap(), r#"{"item_id":3}"#);
    let second = &mut rows[1];
    for empty in [3, 5, 7, 8] {
        assert_eq!(second.take::<Option<String>>(empty).unwrap(), None);
    }
    assert_eq!(second.take::<String>(4).unwrap(), "operator");
}
