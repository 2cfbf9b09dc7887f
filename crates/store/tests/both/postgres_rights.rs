//! Whose our tables are, whatever a database gives to others by itself.

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{OpenOptions, Store};
use sekisho_throwaway::Postgres;

use crate::world::NOW;

#[tokio::test]
async fn what_default_privileges_would_give_to_others_is_taken_back() {
    let server = Postgres::shared();
    let url = server.create_database();
    server.psql(
        &url,
        "create role curious login; \
         alter default privileges grant select, insert, update, delete on tables to curious; \
         alter default privileges grant usage on sequences to curious; \
         alter default privileges grant execute on functions to curious",
    );
    let store = Store::open(&DatabaseUrl::parse(&url).unwrap(), OpenOptions::new(NOW)).await.unwrap();
    let theirs = "select coalesce(string_agg(c.relname, ' ' order by c.relname), 'none') from pg_class c \
                  where c.relname like 'sekisho%' and c.relkind in ('r', 'S') \
                  and has_table_privilege('curious', c.oid, 'select, insert, update, delete')";
    assert_eq!(server.psql(&url, theirs).trim(), "none");
    // What is given on purpose, of what is there already, stays.
    server.psql(&url, "grant select on sekisho_users to curious");
    drop(store);
    let store = Store::open(&DatabaseUrl::parse(&url).unwrap(), OpenOptions::new(NOW)).await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(server.psql(&url, theirs).trim(), "sekisho_users");
    store.close().await;
    server.drop_database(&url);
    server.psql(&server.url("postgres"), "drop role curious");
}
