//! How many statements a request runs: the table in `docs/statements.md`, counted on the database that the run is about.

use crate::harness::{Db, Mint, Request, Setup, Site};

/// Each kind of request is made this often, and the fewest statements count: what the server does of its own accord
/// meanwhile only adds some.
const TIMES: usize = 3;

/// The hash of `correct horse`, older than today's settings.
const OUTDATED: &str = "$2b$05$C5cwdiVMBlKXrGSa3uECG.yvdWlq54xDj4fc50NxAQExnjkHdcTpq";

/// Statements so far; beginnings and ends of transactions aside, and what jobs do.
fn statements(site: &Site) -> usize {
    let is_control = |line: &str| {
        ["begin", "commit", "rollback", "savepoint", "release"]
            .iter()
            .any(|word| line.contains(&format!(r#""statement":"{word}"#)))
    };
    let log = site.settled_log();
    let statements = log.lines().filter(|line| line.contains(r#""trace":"sql""#) && !is_control(line));
    statements.filter(|line| !line.contains("sekisho_jobs")).count()
}

/// The fewest statements that this request has run.
fn count(site: &Site, status: u16, mut request: impl FnMut(usize) -> Request) -> usize {
    let counted = (0..TIMES).map(|time| {
        let request = request(time);
        let before = statements(site);
        assert_eq!(site.send(&request).status, status, "{request:?}");
        statements(site) - before
    });
    counted.min().expect("several times")
}

/// The column of the table that speaks of this database.
fn documented(db: Db) -> Vec<(String, usize)> {
    let table = include_str!("../../../../docs/statements.md").lines().filter(|line| line.starts_with("| "));
    // Behind the heading and the line below it.
    let rows = table.skip(2).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let number = if db == Db::Sqlite { cells[1] } else { cells[2] };
        (cells[0].to_owned(), number.parse().unwrap_or_else(|_| panic!("no number in {line}")))
    });
    rows.collect()
}

#[test]
fn each_request_runs_as_many_statements_as_the_table_says() {
    let config = "[log]\necho = true\nformat = \"json\"\ntrace_auth = \"off\"";
    let site = Setup::new().demo().config(config).start();
    let token = site.token("tim", "tim1234");
    let of_the_application = Mint::of("tim").signed();
    let get = |path: &'static str, token: &str| Request::get(path).bearer(token);
    let log_in = |name: &str, password: &str| {
        Request::post("/token").form(&[("username", name), ("password", password)])
    };
    let register = |name: &str, email: &str| {
        let user = serde_json::json!({"username": name, "email": format!("{email}@example.com")});
        Request::post("/users/").json(&serde_json::json!({"user": user, "password": "correct horse"}))
    };
    site.register("anew", "correct horse");
    let outdated = |_| {
        site.database().plant_hash("anew", "bcrypt", "5", OUTDATED);
        log_in("anew", "correct horse")
    };
    let counted = [
        ("`GET /users/me`", count(&site, 200, |_| get("/users/me", &token))),
        (
            "`GET /users/me`, a token without `uid`, as an application issued it before",
            count(&site, 200, |_| get("/users/me", &of_the_application)),
        ),
        (
            "`GET /users/me`, a token that nobody here has signed",
            count(&site, 401, |_| get("/users/me", "x.y.z")),
        ),
        ("`GET /users/me/items`", count(&site, 200, |_| get("/users/me/items", &token))),
        ("`POST /token`", count(&site, 200, |_| log_in("tim", "tim1234"))),
        ("`POST /token`, a wrong password", count(&site, 401, |_| log_in("tim", "wrong"))),
        ("`POST /token`, a name that nobody has", count(&site, 401, |_| log_in("nobody", "wrong"))),
        ("`POST /token`, a hash that is replaced by a newer one", count(&site, 200, outdated)),
        ("`POST /users/`", count(&site, 200, |time| register(&format!("new{time}"), &format!("new{time}")))),
        ("`POST /users/`, a name that is taken", count(&site, 409, |_| register("tim", "other"))),
        ("`GET /livez`", count(&site, 200, |_| Request::get("/livez"))),
        ("`GET /readyz`", count(&site, 200, |_| Request::get("/readyz"))),
    ];
    let counted = counted.map(|(request, statements)| (request.to_owned(), statements));
    assert_eq!(counted.to_vec(), documented(Db::tested()));
}
