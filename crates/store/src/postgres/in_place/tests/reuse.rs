//! Rows that the application deletes, and ids that others get then.

use super::*;

const COLUMNS: &str = "id, username, email, hashed_password";

#[tokio::test]
async fn what_happens_to_a_user_without_a_row_reaches_nobody_elses() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    // Her number is given anew, as after a restore or where the application draws its own.
    world.does("delete from \"user\" where username = 'ann'; select setval('user_id_seq', 3)");
    assert_eq!(register(&store, 51, "eve", "eve@example.com").await, Ok(Insert::Done));
    let eves = format!("4|eve|eve@example.com|{HASH}");
    assert_eq!(world.rows(COLUMNS)[1], eves);
    let eve = store.read().await.unwrap().user_by_id(id(51)).await.unwrap().unwrap();
    assert_eq!(eve.external_id.as_deref(), Some("4"));
    let ann = store.read().await.unwrap().user_by_id(id(50)).await.unwrap().unwrap();
    assert_eq!(ann.external_id, None);
    within(&store, async |tx| {
        tx.set_password(id(50), &HashString::new(LATER.to_owned()), &kind(), NOW).await.unwrap();
        tx.disable(id(50), NOW).await.unwrap();
    })
    .await;
    within(&store, async |tx| assert!(tx.delete_user(id(50), NOW, NOW).await.unwrap())).await;
    assert_eq!(world.rows(COLUMNS)[1], eves);
}

#[tokio::test]
async fn rows_that_are_deleted_all_at_once_are_noted_too() {
    for (gone, left) in [
        ("delete from \"user\"", 0),
        ("truncate \"user\"", 0),
        ("alter table \"user\" rename column id to nr; delete from \"user\" where nr = 1", 0),
        ("begin; delete from \"user\"; rollback", 1),
    ] {
        let world = World::new(SEEDS);
        let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
        world.does(gone);
        within(&store, async |tx| {
            assert_eq!((tx.links().await, tx.rows_gone().await), (Ok(left), Ok(1 - left)), "{gone}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_row_that_the_application_makes_anew_is_not_the_former_users() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.does("delete from \"user\"; insert into \"user\" values (1, 'alice@example.com', 'alice', 'hers')");
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
    world.does(
        "set session_replication_role = replica; delete from \"user\" where username = 'ann'; \
         insert into \"user\" values (9, 'ann@example.com', 'annie', 'x')",
    );
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
    world.does(
        "create temp table t as select * from \"user\"; delete from \"user\"; insert into \"user\" select * from t",
    );
    within(&store, async |tx| assert_eq!(tx.links().await, Ok(0))).await;
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    within(&store, async |tx| assert_eq!((tx.links().await, tx.rows_gone().await), (Ok(1), Ok(0)))).await;
    assert_eq!(world.rows("id, username"), ["1|tim"]);
}
