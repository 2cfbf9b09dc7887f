//! The application's role and ours, where they are not the same.

use super::*;

#[tokio::test]
async fn two_roles_need_what_is_said_and_no_more() {
    let server = Postgres::shared();
    let world = World::new(
        "create role beside_application login; create role beside_sekisho login; create schema app authorization beside_application",
    );
    let named = |role: &str| world.url.replace("sekisho@", &format!("{role}@"));
    let (application, sekisho) = (named("beside_application"), named("beside_sekisho"));
    server.psql(&application, &format!("set search_path = app; {SEEDS}"));
    world.does("revoke create on schema public from public; grant usage on schema app to beside_sekisho");
    let url = DatabaseUrl::parse(&sekisho).unwrap();
    let store = Store::open_in_place(&url, OpenOptions::new(NOW)).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let columns = tx.columns_of(Some("app"), "user").await.unwrap();
    let table = Table {
        schema: tx.schema_of(Some("app"), "user").await.unwrap(),
        ..plan("user", &columns, &SEEDS_ROLES, &[]).unwrap()
    };
    let missing = tx.rights_missing(&table).await.unwrap();
    assert_eq!(
        missing,
        [
            "grant usage, create on schema \"public\" to \"beside_sekisho\";",
            "grant select, insert, update, trigger on table \"app\".\"user\" to \"beside_sekisho\";",
            "grant usage on sequence app.user_id_seq to \"beside_sekisho\";",
        ]
    );
    drop(tx);
    world.does(&missing.concat());
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.rights_missing(&table).await, Ok(Vec::new()));
    tx.hold_users_beside(Some("app"), "user").await.unwrap();
    tx.make_schema(NOW).await.unwrap();
    tx.rejoin(&table).await.unwrap();
    take(&mut tx, &incoming("1", "tim".into(), "tim@gmail.com".into(), HASH)).await;
    let copy = tx.copy_table(&table, "then").await.unwrap();
    assert_eq!(tx.stand_beside(&standing(table)).await.unwrap().map(drop), Ok(()));
    tx.commit().await.unwrap();
    assert_eq!(register(&store, 50, "ann", "ann@example.com").await, Ok(Insert::Done));

    // The application goes on as before, and may see nothing of ours.
    let as_application =
        |sql: &str| server.psql(&application, &format!("set search_path = app, public; {sql}"));
    let row = "insert into \"user\" (email, username, hashed_password) values ('bob@example.com', 'bob', 'x') returning id";
    assert!(as_application(row).parse::<i64>().unwrap() > 2);
    as_application(
        "delete from \"user\" where username = 'ann'; update \"user\" set email = 't@example.com' where id = 1",
    );
    within(&store, async |tx| assert_eq!((tx.links().await, tx.rows_gone().await), (Ok(1), Ok(1)))).await;
    for hidden in ["sekisho_users", "sekisho_credentials", "sekisho_beside", &copy] {
        let may = "select has_table_privilege('beside_application', '{}', 'select, insert, update, delete')";
        assert_eq!(world.does(&may.replace("{}", hidden)), "f", "{hidden}");
    }
    let may = "select has_function_privilege('beside_application', 'sekisho_beside_row_gone()', 'execute')";
    assert_eq!(world.does(may), "f");
    within(&store, async |tx| tx.take_away().await.unwrap()).await;
    assert_eq!(as_application("select username from \"user\" order by id"), "tim\nbob");
}
