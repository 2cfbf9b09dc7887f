//! No statement that a request runs reads a whole table of PostgreSQL.

use sekisho_store::{Dialect, Kind, Statement, schema, statements};
use sekisho_throwaway::Postgres;
use serde_json::Value;
use tokio_postgres::{Client, NoTls};

use crate::scans::{SCANS, of_requests};

/// The tables that grow with the users; of the others each fits on a page or two.
const LARGE: [&str; 5] =
    ["sekisho_users", "sekisho_credentials", "sekisho_items", "sekisho_events", "sekisho_adopted"];

/// A community of some size, so that the planner has figures to weigh.
const FILL: &str = "
    insert into sekisho_users (id, username, username_key, email, email_key, external_id, token_version, created_at, updated_at)
        select lpad(to_hex(i), 32, '0')::uuid, 'user' || i, 'user' || i, 'user' || i || '@x', 'user' || i || '@x', i, 0, i, i
        from generate_series(1, 20000) i;
    insert into sekisho_credentials (user_id, kind, scheme, cost, data, created_at, updated_at)
        select id, 'password', 'argon2id', 'm=19456,t=2,p=1', repeat('x', 97), 0, 0 from sekisho_users;
    insert into sekisho_items (item_id, owner_id, created_at)
        select row_number() over (), id, 0 from sekisho_users;
    insert into sekisho_events (at, kind, subject, actor, request_id, data)
        select 0, 'user_registered', id, 'anonymous', 'r', '{}' from sekisho_users;
    insert into sekisho_adopted (kind, external_id, user_id, adopted_at)
        select 'user', external_id, id, 0 from sekisho_users;
    analyze;
";

/// One plan for all values, as a server that has prepared a statement comes to use.
const GENERIC: &str = "set plan_cache_mode = force_generic_plan";

async fn filled() -> Client {
    let url = Postgres::shared().create_database();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    for statement in schema(Dialect::Postgres) {
        client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{error:?}: {statement}"));
    }
    client.batch_execute(FILL).await.unwrap();
    client.batch_execute(GENERIC).await.unwrap();
    client
}

/// Every node of the plan.
async fn plan(client: &Client, statement: &Statement) -> Vec<Value> {
    let types: Vec<&str> = statement.params().iter().map(type_of).collect();
    plan_of(client, statement.text(), &types).await
}

async fn plan_of(client: &Client, text: &str, types: &[&str]) -> Vec<Value> {
    let (types, nulls) = match types {
        [] => (String::new(), String::new()),
        some => (format!("({})", some.join(", ")), format!("({})", vec!["null"; some.len()].join(", "))),
    };
    let prepare = format!("deallocate all; prepare s {types} as {text}");
    client.batch_execute(&prepare).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let explain = format!("explain (format json) execute s {nulls}");
    let rows = client.query(&explain, &[]).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let text: Json = rows[0].get(0);
    let mut nodes = Vec::new();
    collect(&serde_json::from_str::<Value>(&text.0).unwrap()[0]["Plan"], &mut nodes);
    nodes
}

fn collect(node: &Value, into: &mut Vec<Value>) {
    into.push(node.clone());
    for below in node["Plans"].as_array().into_iter().flatten() {
        collect(below, into);
    }
}

/// The table that a node reads from its first row to its last, be it through an index.
fn read_whole(node: &Value) -> Option<&str> {
    let whole = match node["Node Type"].as_str()? {
        "Seq Scan" => true,
        "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" => node["Index Cond"].is_null(),
        _ => false,
    };
    whole.then(|| node["Relation Name"].as_str().or(node["Index Name"].as_str())).flatten()
}

const fn type_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Id => "uuid",
        Kind::Int => "bigint",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
    }
}

/// The type `json` as text.
struct Json(String);

impl<'a> tokio_postgres::types::FromSql<'a> for Json {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?.to_owned()))
    }

    fn accepts(ty: &tokio_postgres::types::Type) -> bool {
        *ty == tokio_postgres::types::Type::JSON
    }
}

#[tokio::test]
async fn statements_find_their_rows_by_an_index() {
    let client = filled().await;
    // Where nothing else works it is used all the same: a table of one page has an index too.
    client.batch_execute("set enable_seqscan = off").await.unwrap();
    let mut scans = Vec::new();
    for statement in of_requests() {
        if plan(&client, statement).await.iter().any(|node| read_whole(node).is_some()) {
            scans.push((statement.area(), statement.name()));
        }
    }
    assert_eq!(scans, SCANS);
}

#[tokio::test]
async fn the_planner_left_to_itself_reads_no_large_table_whole() {
    let client = filled().await;
    for statement in of_requests() {
        let name = (statement.area(), statement.name());
        for node in plan(&client, statement).await {
            let large = read_whole(&node).filter(|table| LARGE.contains(table));
            assert!(large.is_none() || SCANS.contains(&name), "{name:?} reads all of {large:?}");
        }
    }
}

#[tokio::test]
async fn a_user_is_found_by_the_primary_key_itself_and_so_are_many() {
    let client = filled().await;
    let by_id = statements().find(|found| (found.area(), found.name()) == ("users", "BY_ID")).unwrap();
    // As token checks that wait together share it.
    let of_many = by_id.text().replace("= $1", "= any($1)");
    for (text, types) in [(by_id.text(), "uuid"), (&of_many, "uuid[]")] {
        let plan = plan_of(&client, text, &[types]).await;
        let read = |node: &Value| (node["Node Type"].clone(), node["Index Name"].clone());
        let plan: Vec<_> = plan.iter().map(read).collect();
        assert_eq!(plan, [("Index Scan".into(), "sekisho_users_pkey".into())], "{text}");
    }
}
