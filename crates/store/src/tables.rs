//! Every table that a copy carries over, with its columns: what two databases are compared by.
//!
//! A test holds the list against the schema of both databases, so that a new table or column can't be forgotten.

use std::sync::OnceLock;

use crate::value::Kind;

/// One table.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its columns: those of the primary key first.
    pub(crate) columns: &'static [TableColumn],
    /// How many of the columns are the primary key.
    pub(crate) key: usize,
    /// Whether the database draws the key, so that it keeps which number is the next.
    pub(crate) drawn: bool,
    texts: OnceLock<Texts>,
}

/// One column.
#[derive(Debug)]
pub(crate) struct TableColumn {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Whether it may hold nothing.
    pub(crate) nullable: bool,
}

/// The statements over a whole table, made of its columns once.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The first rows by key: `$1` of them.
    pub(crate) first: &'static str,
    /// The rows after the key `$1 …`, as many as the last parameter says.
    pub(crate) next: &'static str,
    /// One row.
    pub(crate) insert: &'static str,
    /// How many rows there are.
    pub(crate) count: &'static str,
    /// Whether there is a row.
    pub(crate) any: &'static str,
    /// Every row away.
    pub(crate) clear: &'static str,
    /// The columns, as a list.
    pub(crate) columns: &'static str,
}

const fn must(name: &'static str, kind: Kind) -> TableColumn {
    TableColumn { name, kind, nullable: false }
}

const fn may(name: &'static str, kind: Kind) -> TableColumn {
    TableColumn { name, kind, nullable: true }
}

impl Table {
    const fn new(name: &'static str, key: usize, columns: &'static [TableColumn]) -> Self {
        Self { name, columns, key, drawn: false, texts: OnceLock::new() }
    }

    const fn drawn(mut self) -> Self {
        self.drawn = true;
        self
    }

    /// The name as a person reads it: without our prefix.
    pub(crate) fn short(&self) -> &'static str {
        self.name.trim_start_matches("sekisho_")
    }

    /// The statements over the whole table.
    pub(crate) fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| self.make())
    }

    fn make(&self) -> Texts {
        let table = self.name;
        let list =
            |columns: &[TableColumn]| columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
        let places = |n: usize| (1..=n).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
        let (all, key) = (list(self.columns), list(&self.columns[..self.key]));
        // Made once for each table of the list: it stays for as long as the program.
        let kept = |text: String| -> &'static str { text.leak() };
        Texts {
            first: kept(format!("select {all} from {table} order by {key} limit $1")),
            next: kept(format!(
                "select {all} from {table} where ({key}) > ({}) order by {key} limit ${}",
                places(self.key),
                self.key + 1
            )),
            insert: kept(format!("insert into {table} ({all}) values ({})", places(self.columns.len()))),
            count: kept(format!("select count(*) from {table}")),
            any: kept(format!("select 1 from {table} limit 1")),
            clear: kept(format!("delete from {table}")),
            columns: kept(all),
        }
    }
}

use Kind::{Bytes, Id, Int, Text};

/// All of them, each after those that it refers to.
pub(crate) static TABLES: [Table; 10] = [
    Table::new(
        "sekisho_users",
        1,
        &[
            must("id", Id),
            may("username", Text),
            may("username_key", Text),
            may("email", Text),
            may("email_key", Text),
            may("full_name", Text),
            may("external_id", Text),
            may("extra", Text),
            must("token_version", Int),
            may("disabled_at", Int),
            must("created_at", Int),
            must("updated_at", Int),
            may("released_at", Int),
        ],
    ),
    Table::new(
        "sekisho_credentials",
        2,
        &[
            must("user_id", Id),
            must("kind", Text),
            must("scheme", Text),
            must("cost", Text),
            must("data", Text),
            must("created_at", Int),
            must("updated_at", Int),
        ],
    ),
    Table::new("sekisho_hash_schemes", 2, &[must("scheme", Text), must("cost", Text), must("n", Int)]),
    Table::new("sekisho_counters", 1, &[must("name", Text), must("value", Int)]),
    Table::new("sekisho_items", 1, &[must("item_id", Int), must("owner_id", Id), must("created_at", Int)]),
    Table::new(
        "sekisho_adopted",
        2,
        &[
            must("kind", Text),
            must("external_id", Text),
            must("user_id", Id),
            may("item_id", Int),
            must("adopted_at", Int),
        ],
    ),
    Table::new(
        "sekisho_events",
        1,
        &[
            must("event_id", Int),
            must("at", Int),
            must("kind", Text),
            may("subject", Id),
            must("actor", Text),
            may("actor_id", Id),
            must("request_id", Text),
            may("peer", Text),
            may("agent", Text),
            must("data", Text),
        ],
    )
    .drawn(),
    Table::new(
        "sekisho_jobs",
        1,
        &[
            must("name", Text),
            must("due_at", Int),
            may("holder", Text),
            may("held_until", Int),
            may("began_at", Int),
            may("ended_at", Int),
            may("succeeded_at", Int),
            may("outcome", Text),
            must("runs", Int),
            must("failures", Int),
        ],
    ),
    Table::new(LIMITS, 1, &[must("counted", Bytes), must("full_at", Int)]),
    Table::new(META, 1, &[must("name", Text), must("value", Text)]),
];

/// What belongs to the database as a whole; some of its rows belong to this very database, and stay.
pub(crate) const META: &str = "sekisho_meta";

/// What failed log-ins have used up: counted while writes are on hold as at any other time.
const LIMITS: &str = "sekisho_limits";

/// The names of the tables that are not written while writes are on hold, the list of migrations among them.
pub(crate) fn held() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|table| table.name).filter(|name| *name != LIMITS).chain(["sekisho_migrations"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_over_a_table_follow_from_its_columns() {
        let table = TABLES.iter().find(|table| table.name == "sekisho_hash_schemes").unwrap();
        let texts = table.texts();
        assert_eq!(
            texts.first,
            "select scheme, cost, n from sekisho_hash_schemes order by scheme, cost limit $1"
        );
        assert_eq!(
            texts.next,
            "select scheme, cost, n from sekisho_hash_schemes where (scheme, cost) > ($1, $2) \
             order by scheme, cost limit $3"
        );
        assert_eq!(texts.insert, "insert into sekisho_hash_schemes (scheme, cost, n) values ($1, $2, $3)");
        assert_eq!((table.short(), texts.columns), ("hash_schemes", "scheme, cost, n"));
    }
}
