//! Adopting again, and the ends of a trial.

use super::*;

#[tokio::test]
async fn a_second_adoption_takes_what_is_new_and_no_more() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(register(&store, 51, "eve", "eve@example.com").await, Ok(Insert::Done));
    for gone in [id(1), id(51)] {
        within(&store, async |tx| assert!(tx.delete_user(gone, NOW, NOW).await.unwrap())).await;
    }
    store.close().await;
    world.application().execute_batch("insert into user values (4, 'bob@example.com', 'bob', 'x')").unwrap();
    let before = world.rows("id, username, email, hashed_password");
    for _ in 0..2 {
        let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
        assert_eq!(world.rows("id, username, email, hashed_password"), before);
        assert_eq!(store.read().await.unwrap().count_users().await, Ok(2), "ann and bob");
        within(&store, async |tx| assert_eq!(tx.links().await, Ok(4))).await;
        store.close().await;
    }
}

#[tokio::test]
async fn a_twin_gets_the_name_that_it_has_here() {
    let world = World::new(&format!("{SEEDS}; insert into user values (2, 'tim2@gmail.com', 'tim', 'y')"));
    let (store, mut tx) = world.begin().await;
    tx.make_schema(NOW).await.unwrap();
    let columns = tx.columns_of("user").await.unwrap();
    for (id, username, email) in [("1", "tim", "tim@gmail.com"), ("2", "tim-2", "tim2@gmail.com")] {
        take(&mut tx, &incoming(id, username.into(), email.into(), HASH)).await;
    }
    let table = plan("user", &columns, &SEEDS_ROLES, &[]).unwrap();
    assert!(tx.stand_beside(&standing(table)).await.unwrap().is_ok());
    tx.commit().await.unwrap();
    drop(store);
    assert_eq!(world.rows("id, username"), ["1|tim", "2|tim-2"]);
}

#[tokio::test]
async fn going_back_leaves_the_application_alone_with_its_rows() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    let before = world.rows("id, username, email, hashed_password");
    within(&store, async |tx| {
        assert_eq!(tx.unreadable_beside().await, Ok(0));
        tx.take_away().await.unwrap();
    })
    .await;
    store.close().await;
    assert_eq!(leave_wal(&world.file, "delete"), Ok(true));
    assert_eq!(world.rows("id, username, email, hashed_password"), before);
    let ours = "select count(*) from sqlite_schema where name like 'sekisho%'";
    let left: i64 = world.application().query_row(ours, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn keeping_sekisho_takes_the_hashes_out_and_goes_on_with_names() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    let standing = store.read().await.unwrap().standing().await.unwrap().unwrap();
    within(&store, async |tx| assert_eq!(tx.withhold_passwords(&standing).await, Ok(1))).await;
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(
        world.rows("username, hashed_password"),
        [format!("tim|{NOBODYS_HASH}"), format!("ann|{NOBODYS_HASH}")]
    );
    within(&store, async |tx| tx.detach().await.unwrap()).await;
    assert_eq!(register(&store, 51, "bob", "bob@example.com").await, Ok(Insert::Done));
    assert_eq!(world.rows("username"), ["tim", "ann"]);
    assert_eq!(store.read().await.unwrap().standing().await, Ok(None));
    store.close().await;
    // Adopted once more, the table has everybody again, whoever came when.
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(
        world.rows("id, username, hashed_password"),
        [format!("1|tim|{HASH}"), format!("2|ann|{HASH}"), format!("3|bob|{HASH}")]
    );
    within(&store, async |tx| {
        assert_eq!(tx.links().await, Ok(3));
        assert!(tx.disable(id(50), NOW).await.unwrap());
    })
    .await;
}
