//! No statement that a request runs reads a whole table.

use sekisho_store::{Param, statements};

use crate::sqlite::open;

/// Those that may: a handful of rows, or a command of the operator.
const SCANS: [&str; 2] = ["COUNT", "MIX"];

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

#[tokio::test]
async fn a_user_is_found_by_the_primary_key_itself() {
    let db = open().await;
    let statement = statements().find(|statement| statement.name() == "BY_ID").unwrap();
    let explain = format!("explain query plan {}", statement.text()).leak();
    let plan = db.store.read().await.unwrap().rows(explain, &[Param::Null]).await.unwrap();
    let steps: Vec<String> = plan.into_iter().map(|mut step| step.take(3).unwrap()).collect();
    assert_eq!(steps, ["SEARCH u USING PRIMARY KEY (id=?)"]);
}
