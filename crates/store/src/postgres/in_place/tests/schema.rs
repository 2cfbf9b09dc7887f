//! Migrations of the application's table while it is kept in step.

use super::*;
use crate::postgres::check::intruders;

#[tokio::test]
async fn what_is_renamed_or_moved_is_followed() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.does(
        "alter table \"user\" rename column username to login; alter table \"user\" rename column id to nr; \
         alter table \"user\" add column phone varchar; alter table \"user\" rename to people; \
         create schema app; alter table people set schema app",
    );
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    within(&store, async |tx| assert!(tx.disable(id(1), NOW).await.unwrap())).await;
    let rows = world.does("select login || ' ' || right(hashed_password, 3) from app.people order by nr");
    assert_eq!(rows, format!("tim ...\nann {}", &HASH[HASH.len() - 3..]));
    world.does("delete from app.people where login = 'ann'");
    within(&store, async |tx| assert_eq!(tx.has_lost_row(id(50)).await, Ok(true))).await;
    // And it may be left as it is.
    within(&store, async |tx| tx.detach().await.unwrap()).await;
    assert_eq!(register(&store, 51, "bob", "bob@example.com").await, Ok(Insert::Done));
    assert_eq!(world.does("select login from app.people"), "tim");
}

#[tokio::test]
async fn what_is_needed_is_not_dropped_and_no_type_is_changed_unseen() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    for refused in [
        "alter table \"user\" drop column username",
        "alter table \"user\" alter column email type varchar(80)",
        "drop table \"user\"",
    ] {
        let mut tx = store.begin().await.unwrap();
        assert!(tx.execute(refused, &[]).await.is_err(), "{refused}");
    }
    within(&store, async |tx| tx.detach().await.unwrap()).await;
    world.does(
        "alter table \"user\" alter column email type varchar(80); alter table \"user\" add column x int",
    );
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(world.rows("username"), ["tim", "ann"]);
}

#[tokio::test]
async fn a_new_column_that_must_have_a_value_is_asked_for_with_the_next_adoption() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.does(
        "alter table \"user\" add column role varchar not null default 'member'; \
         alter table \"user\" alter column role drop default",
    );
    let refused = register(&store, 50, "ann", "ann@example.com").await;
    assert_eq!(refused, Ok(Insert::Refused("not null: role".into())));
    let store = world.adopt(&SEEDS_ROLES, &["role=guest"]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(world.rows("username, role"), ["tim|member", "ann|guest"]);
}

#[tokio::test]
async fn a_table_that_was_dropped_with_all_that_hangs_on_it_can_be_adopted_anew() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    world.does(&format!("drop table \"user\" cascade; {SEEDS}"));
    let gone = register(&store, 50, "ann", "ann@example.com").await;
    assert!(matches!(gone, Err(Error::Misuse { .. })), "{gone:?}");
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));
    assert_eq!(world.rows("username"), ["tim", "ann"]);
}

#[tokio::test]
async fn what_is_not_as_the_record_makes_it_is_named() {
    let world = World::new(SEEDS);
    let store = world.adopt(&SEEDS_ROLES, &[]).await.unwrap();
    let intruders = async || intruders(&mut store.read().await.unwrap()).await.unwrap();
    assert_eq!(intruders().await, Vec::<String>::new());
    let standing = store.read().await.unwrap().standing().await.unwrap().unwrap();
    within(&store, async |tx| assert_eq!(tx.withhold_passwords(&standing).await, Ok(1))).await;
    assert_eq!(intruders().await, Vec::<String>::new());
    let other = "is not as the record of the application's table makes it";
    for (forged, said) in [
        (
            "create or replace function sekisho_beside_after() returns trigger language plpgsql as \
             $$ begin update sekisho_users set disabled_at = null; return null; end $$",
            format!("function sekisho_beside_after {other}"),
        ),
        (
            "drop trigger sekisho_beside_insert on sekisho_users",
            "sekisho_beside_insert is missing".to_owned(),
        ),
        (
            "alter table sekisho_users disable trigger sekisho_beside_update",
            format!("trigger sekisho_beside_update {other}"),
        ),
        (
            "create trigger sekisho_beside_more after update on sekisho_users for each row \
             execute function sekisho_beside_after()",
            "trigger sekisho_beside_more is not of this program, and acts on its tables".to_owned(),
        ),
    ] {
        world.does(forged);
        let found = intruders().await;
        assert!(found.contains(&said), "{said}: {found:?}");
    }
}
