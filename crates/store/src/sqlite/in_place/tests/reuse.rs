//! Rows that the application deletes, and the ids that SQLite gives to others then.

use super::*;

const COLUMNS: &str = "id, username, email, hashed_password";

#[tokio::test]
async fn a_deleted_rows_id_is_the_next_ones_and_nobody_elses() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    // The application deletes the newest user, and so the next has that number, whoever makes it.
    world.application().execute_batch("delete from user where username = 'ann'").unwrap();
    assert_eq!(register(&store, 51, "eve", "eve@example.com").await, Ok(Insert::Done));
    let eves = format!("2|eve|eve@example.com|{HASH}");
    assert_eq!(world.rows(COLUMNS)[1], eves);
    let eve = store.read().await.unwrap().user_by_id(id(51)).await.unwrap().unwrap();
    assert_eq!(eve.external_id.as_deref(), Some("2"));
    let ann = store.read().await.unwrap().user_by_id(id(50)).await.unwrap().unwrap();
    assert_eq!(ann.external_id, None);
    // What happens to the one does not reach the other.
    within(&store, async |tx| {
        tx.set_password(id(50), &HashString::new(LATER.to_owned()), &kind(), NOW).await.unwrap();
        tx.disable(id(50), NOW).await.unwrap();
    })
    .await;
    within(&store, async |tx| assert!(tx.delete_user(id(50), NOW, NOW).await.unwrap())).await;
    assert_eq!(world.rows(COLUMNS)[1], eves);
}

#[tokio::test]
async fn a_row_that_the_application_makes_anew_is_not_the_former_users() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world
        .application()
        .execute_batch("delete from user; insert into user values (1, 'alice@example.com', 'alice', 'hers')")
        .unwrap();
    within(&store, async |tx| {
        tx.set_password(id(1), &HashString::new(LATER.to_owned()), &kind(), NOW).await.unwrap();
        assert_eq!((tx.links().await, tx.rows_gone().await), (Ok(0), Ok(1)));
        assert_eq!(tx.linked_user("1").await, Ok(None));
        assert_eq!(tx.has_lost_row(id(1)).await, Ok(true));
    })
    .await;
    assert_eq!(world.rows(COLUMNS), ["1|alice|alice@example.com|hers"]);
}

#[tokio::test]
async fn a_row_that_no_trigger_saw_go_is_noted_with_the_next_adoption() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    // `insert or replace` deletes the row of that address without a trigger.
    world
        .application()
        .execute_batch("insert or replace into user values (9, 'ann@example.com', 'annie', 'x')")
        .unwrap();
    within(&store, async |tx| assert_eq!((tx.links().await, tx.rows_gone().await), (Ok(2), Ok(0)))).await;
    let standing = store.read().await.unwrap().standing().await.unwrap().unwrap();
    within(&store, async |tx| {
        assert_eq!(tx.note_rows_gone(&standing.table).await, Ok(1));
        assert_eq!((tx.links().await, tx.rows_gone().await), (Ok(1), Ok(1)));
        assert!(tx.stand_beside(&standing).await.unwrap().is_ok());
    })
    .await;
    // Nobody who is gone there is made anew.
    assert_eq!(world.rows("id, username"), ["1|tim", "9|annie"]);
}

#[tokio::test]
async fn a_row_that_is_there_again_is_its_users_again() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    let again =
        "create temp table t as select * from user; delete from user; insert into user select * from t";
    world.application().execute_batch(again).unwrap();
    within(&store, async |tx| assert_eq!(tx.links().await, Ok(0))).await;
    store.close().await;
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    within(&store, async |tx| assert_eq!((tx.links().await, tx.rows_gone().await), (Ok(1), Ok(0)))).await;
    assert_eq!(world.rows("id, username"), ["1|tim"]);
}
