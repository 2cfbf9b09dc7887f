//! `/readyz` and `/livez` while the database is away.

use std::time::{Duration, Instant};

use sekisho_throwaway::Postgres;

use crate::harness::{Db, Setup, until};

#[test]
fn s11_not_ready_and_alive_while_the_database_is_away_and_ready_again_by_itself() {
    let postgres = Postgres::start();
    let url = postgres.create_database();
    let setup = Setup::new().demo().on(Db::Postgres).env("DATABASE_URL", &url);
    let mut site = setup.env("SEKISHO_ROOT_KEY_FILE", "data/sekisho.key").start();
    let token = site.token("tim", "tim1234");
    assert_eq!(site.get("/readyz").status, 200);
    postgres.kill();
    let started = Instant::now();
    for (path, status) in [("/readyz", 503), ("/livez", 200)] {
        let answer = site.get(path);
        assert_eq!(answer.status, status, "{path}");
        if status == 503 {
            assert_eq!(answer.json()["error"], "storage_unavailable");
            assert!(answer.header("retry-after").is_some());
        }
    }
    assert_eq!(site.me(&token).status, 503);
    assert_eq!(site.login("tim", "tim1234").status, 503);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    postgres.restart();
    until("the node to be ready", || (site.get("/readyz").status == 200).then_some(()));
    assert_eq!(site.me(&token).status, 200);
    assert_eq!(site.register("anew", super::PASSWORD).status, 200);
    let log = site.settled_log();
    for line in ["the database is away, /readyz is red", "the database is back"] {
        assert_eq!(log.matches(line).count(), 1, "{line}: {log}");
    }
    site.stop();
}
