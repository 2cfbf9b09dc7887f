//! What the figures say while the database is away.

use sekisho_throwaway::Postgres;

use super::{page, samples, with_figures};
use crate::harness::Db;

#[test]
fn a_database_that_does_not_answer_is_down_and_no_job_is_late_by_it() {
    let postgres = Postgres::start();
    let setup = with_figures().on(Db::Postgres).env("DATABASE_URL", &postgres.create_database());
    let mut site = setup.env("SEKISHO_ROOT_KEY_FILE", "data/sekisho.key").start();
    let late = "sekisho_job_last_success_timestamp_seconds{job=\"purge-events\"}";
    let ran = "sekisho_job_runs_total{job=\"purge-events\",outcome=\"done\"}";
    let before = samples(&page(&site));
    assert_eq!(before["sekisho_database_up"], 1.0);
    assert!(before.contains_key(late) && before.contains_key(ran), "{before:?}");
    postgres.kill();
    let away = samples(&page(&site));
    assert_eq!(away["sekisho_database_up"], 0.0);
    // 0 would be "never".
    assert!(!away.contains_key(late) && away.contains_key(ran), "{away:?}");
    site.stop();
}
