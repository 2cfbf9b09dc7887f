//! PostgreSQL takes the same schema and the same statements, with the kinds that are bound.

use sekisho_store::{Dialect, Kind, schema, statements};
use sekisho_throwaway::Postgres;
use tokio_postgres::NoTls;
use tokio_postgres::types::Type;

#[tokio::test]
async fn every_statement_is_prepared_on_postgresql_with_the_kinds_that_are_bound() {
    let url = Postgres::shared().create_database();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    for statement in schema(Dialect::Postgres) {
        client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{error:?}: {statement}"));
    }
    let kind = |given: &Type| match *given {
        Type::UUID => Kind::Id,
        Type::INT8 => Kind::Int,
        Type::TEXT => Kind::Text,
        Type::BYTEA => Kind::Bytes,
        ref other => panic!("{other} is not a type of the house dialect"),
    };
    for statement in statements() {
        let prepared = client
            .prepare(statement.text())
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", statement.name()));
        let wanted: Vec<Kind> = prepared.params().iter().map(kind).collect();
        assert_eq!(wanted, statement.params(), "{}", statement.name());
        for column in prepared.columns() {
            // Panics for a type that a row can't be read from.
            kind(column.type_());
        }
    }
}
