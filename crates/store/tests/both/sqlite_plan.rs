//! No statement that a request runs reads a whole table.

use sekisho_store::{Param, statements};

use crate::sqlite::open;

/// Those that may: a handful of rows, or a command of the operator.
const SCANS: [&str; 12] = [
    "COUNT",
    "MIX",
    // `db check` looks at every row.
    "SAME_NAME",
    "SAME_NAME_KEY",
    "SAME_EMAIL_KEY",
    "OWNERLESS_CREDENTIALS",
    "OWNERLESS_ITEMS",
    "EVENTS_OF_NOBODY",
    "COUNTED",
    "ITEM_NUMBERS",
    "HOW_MANY",
    "LAST_EVENT",
];

#[tokio::test]
async fn statements_find_their_rows_by_an_index() {
    let db = open().await;
    let mut read = db.store.read().await.unwrap();
    for statement in statements() {
        let explain = format!("explain query plan {}", statement.text()).leak();
        let nulls = vec![Param::Null; statement.params().len()];
        for mut step in read.rows(explain, &nulls).await.unwrap() {
            let detail: String = step.take(3).unwrap();
            let scans = detail.starts_with("SCAN") && !detail.contains("CONSTANT ROW");
            assert!(!scans || SCANS.contains(&statement.name()), "{}: {detail}", statement.name());
        }
    }
}

async fn plan(name: &str) -> Vec<String> {
    let db = open().await;
    let statement = statements().find(|statement| statement.name() == name).unwrap();
    let explain = format!("explain query plan {}", statement.text()).leak();
    let plan = db.store.read().await.unwrap().rows(explain, &[Param::Null]).await.unwrap();
    plan.into_iter().map(|mut step| step.take(3).unwrap()).collect()
}

#[tokio::test]
async fn a_user_is_found_by_the_primary_key_itself() {
    assert_eq!(plan("BY_ID").await, ["SEARCH u USING PRIMARY KEY (id=?)"]);
}

#[tokio::test]
async fn names_to_release_are_found_by_their_time_however_many_rows_are_blank() {
    let by_time = "SEARCH sekisho_users USING INDEX sekisho_users_by_release (released_at<?)";
    assert_eq!(plan("RELEASE").await, [by_time]);
}
