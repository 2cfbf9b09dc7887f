//! No statement that a request runs reads a whole table.

use sekisho_store::{Param, statements};

use crate::scans::{SCANS, of_requests};
use crate::sqlite::open;

#[tokio::test]
async fn statements_find_their_rows_by_an_index() {
    let db = open().await;
    let mut read = db.store.read().await.unwrap();
    let mut scans = Vec::new();
    for statement in of_requests() {
        let explain = format!("explain query plan {}", statement.text()).leak();
        let nulls = vec![Param::Null; statement.params().len()];
        for mut step in read.rows(explain, &nulls).await.unwrap() {
            let detail: String = step.take(3).unwrap();
            let of_a_table = !detail.contains("CONSTANT ROW") && !detail.contains("VALUES CLAUSE");
            if detail.starts_with("SCAN") && of_a_table {
                scans.push((statement.area(), statement.name()));
            }
        }
    }
    assert_eq!(scans, SCANS);
}

async fn plan(area: &str, name: &str) -> Vec<String> {
    let db = open().await;
    let statement = statements().find(|found| (found.area(), found.name()) == (area, name)).unwrap();
    let explain = format!("explain query plan {}", statement.text()).leak();
    let plan = db.store.read().await.unwrap().rows(explain, &[Param::Null]).await.unwrap();
    plan.into_iter().map(|mut step| step.take(3).unwrap()).collect()
}

#[tokio::test]
async fn a_user_is_found_by_the_primary_key_itself() {
    assert_eq!(plan("users", "BY_ID").await, ["SEARCH u USING PRIMARY KEY (id=?)"]);
}

#[tokio::test]
async fn names_to_release_are_found_by_their_time_however_many_rows_are_blank() {
    let by_time = "SEARCH sekisho_users USING INDEX sekisho_users_by_release (released_at<?)";
    assert_eq!(plan("user_changes", "RELEASE").await, [by_time]);
}
