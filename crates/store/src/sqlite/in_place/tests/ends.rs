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
    let columns = tx.columns_of(None, "user").await.unwrap();
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

#[tokio::test]
async fn what_changed_while_the_table_was_left_alone_is_carried_and_no_more() {
    let world = World::new(
        "create table user (id integer not null primary key, email varchar not null unique, username varchar not null, \
         full_name varchar, hashed_password varchar not null, is_active boolean not null)",
    );
    let roles = Roles { full_name: Some("full_name"), disabled: Some(("is_active", true)), ..SEEDS_ROLES };
    let store = world.adopt(&roles, &[]).await.unwrap();
    for (last, name) in [(50, "ann"), (51, "bob"), (52, "eve")] {
        assert_eq!(register(&store, last, name, &format!("{name}@example.com")).await, Ok(Insert::Done));
    }
    within(&store, async |tx| tx.detach().await.unwrap()).await;
    within(&store, async |tx| {
        for change in [
            "update sekisho_users set username = 'anne', email = 'anne@example.com', full_name = 'Anne' where username = 'ann'",
            "update sekisho_users set email = null where username = 'bob'",
        ] {
            tx.execute(change, &[]).await.unwrap();
        }
        assert!(tx.disable(id(50), NOW).await.unwrap());
    })
    .await;
    world
        .application()
        .execute_batch(
            "update user set full_name = 'Annie', hashed_password = 'hers' where id = 1; \
             update user set email = 'eva@example.com', is_active = 0 where id = 3",
        )
        .unwrap();
    let standing = {
        let mut tx = store.begin().await.unwrap();
        let columns = tx.columns_of(None, "user").await.unwrap();
        standing(plan("user", &columns, &roles, &[]).unwrap())
    };
    within(&store, async |tx| {
        tx.rejoin(&standing.table).await.unwrap();
        assert!(tx.stand_beside(&standing).await.unwrap().is_ok());
    })
    .await;
    let rows = world.rows("id, username, email, full_name, hashed_password, is_active");
    assert_eq!(rows[0], "1|anne|anne@example.com|Anne|hers|0");
    assert!(
        rows[1].starts_with("2|bob|none-") && rows[1].ends_with(&format!("|Ann|{HASH}|1")),
        "{}",
        rows[1]
    );
    assert_eq!(rows[2], format!("3|eve|eva@example.com|Ann|{HASH}|0"));
}

#[tokio::test]
async fn a_column_that_was_renamed_does_not_keep_it_from_detaching() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.application().execute_batch("alter table user rename column hashed_password to hash").unwrap();
    within(&store, async |tx| tx.detach().await.unwrap()).await;
    assert_eq!(world.rows("hash"), [HASH]);
}
