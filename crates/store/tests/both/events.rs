use std::time::Duration;

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

#[tokio::test]
async fn old_events_are_purged_page_by_page_up_to_the_first_that_is_kept() {
    let db = open().await;
    let at = |minutes: u64| NOW.plus(Duration::from_secs(60 * minutes));
    let mut tx = db.store.begin().await.unwrap();
    for minutes in 0..10 {
        let ctx = Ctx {
            request_id: RequestId::new([7; 8]),
            peer: None,
            agent: None,
            actor: Actor::Server,
            now: at(minutes),
        };
        tx.record(&ctx, &Event::ItemRemoved { item_id: 1 }).await.unwrap();
    }
    let (mut purged, mut pages, mut behind) = (0, 0, 0);
    loop {
        let (some, next) = tx.purge_events(at(7), behind, 3).await.unwrap();
        (purged, pages) = (purged + some, pages + 1);
        match next {
            Some(next) => behind = next,
            None => break,
        }
    }
    tx.commit().await.unwrap();
    assert_eq!((purged, pages), (7, 3));
    let oldest = "select at from sekisho_events order by event_id limit 1";
    let row = db.store.read().await.unwrap().row(oldest, &[]).await.unwrap();
    assert_eq!(row.unwrap().take::<i64>(0).unwrap(), at(7).as_micros());
}
