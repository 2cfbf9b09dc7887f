//! The schema, and the way to it: one set of migrations for both databases.

use sekisho_core::time::Timestamp;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::meta;
use crate::session::{Read, Tx};
use crate::statement::{Statement, statements};
use crate::value::{Param, Row};

/// How the schema of a database stands to the one that this program knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SchemaVersion {
    /// The version in the database; where it is the greater one, the database says that this program may serve on it.
    pub found: usize,
    /// The version that this program brings it to.
    pub known: usize,
}

/// The list of what was applied; it is made before anything else.
pub(crate) const LIST: &str = "create table if not exists sekisho_migrations (\
     owner {key} not null, version {bigint} not null, checksum {bigint} not null, applied_at {bigint} not null, \
     primary key (owner, version)) {table_by_key}";

/// Sekisho's own migrations by version, from 1.
const OURS: &[&str] = &[
    include_str!("../migrations/0001_foundation.sql"),
    include_str!("../migrations/0002_external_ids.sql"),
    include_str!("../migrations/0003_adopted.sql"),
    include_str!("../migrations/0004_nodes.sql"),
];

/// The oldest schema whose programs go on serving on the present one, so that nodes can be replaced one by one.
///
/// A migration only adds: tables, indexes, columns that may be null. What an earlier program reads or writes is taken away
/// by a later release, once no program is served any more that knows it; that release raises this number, and programs of
/// before refuse the database. `tests/both/served.rs` holds it to that.
const OLDEST_SERVED: i64 = 3;

/// Under this name the database says so, for programs that are older than it: as `3..=4`, the last its own version.
pub(crate) const SERVED: &str = "schema_served";

/// The name under which Sekisho's own are listed.
pub(crate) const OWNER: &str = "sekisho";

statements! {
    APPLIED(Text) = "select version, checksum from sekisho_migrations where owner = $1 order by version";
    NOTE(Text, Int, Int, Int) =
        "insert into sekisho_migrations (owner, version, checksum, applied_at) values ($1, $2, $3, $4)";
}

/// The whole schema as statements for one database, in order.
pub fn schema(dialect: Dialect) -> Vec<String> {
    let ours = OURS.iter().flat_map(|text| split(text));
    std::iter::once(LIST).chain(ours).map(|template| dialect.render(template)).collect()
}

/// The texts of Sekisho's own migrations.
pub(crate) fn ours() -> Vec<&'static str> {
    OURS.to_vec()
}

/// The schemas, by the number of their migrations, whose programs serve on the one that this program makes; the last is its own.
pub fn schema_served() -> std::ops::RangeInclusive<i64> {
    OLDEST_SERVED..=OURS.len() as i64
}

impl Read {
    /// How many of `texts` are applied; an error if the database knows others, or more of which it does not say that a
    /// program that knows these may go on serving.
    pub(crate) async fn applied(&mut self, owner: &str, texts: &[&str]) -> Result<usize, Error> {
        Ok(self.schema_version(owner, texts).await?.found.min(texts.len()))
    }

    /// The version found beside the one that is known; the errors are those of [`Read::applied`].
    pub(crate) async fn schema_version(
        &mut self,
        owner: &str,
        texts: &[&str],
    ) -> Result<SchemaVersion, Error> {
        let rows = pairs(self.all(&APPLIED, &[owner.into()]).await?)?;
        let newer = owner == OWNER && rows.len() > texts.len();
        let served = if newer { self.meta(SERVED).await? } else { None };
        compare(owner, &rows, texts, served.as_deref())
    }
}

impl Tx {
    /// Makes our schema, or brings it up to date, within this transaction: in a file that may be somebody else's.
    pub async fn make_schema(&mut self, now: Timestamp) -> Result<(), Error> {
        self.define(LIST).await?;
        self.migrate(OWNER, &ours(), now).await
    }

    /// Applies what is missing of `texts`; a transaction of its own, so that it happens whole or not at all.
    pub(crate) async fn migrate(&mut self, owner: &str, texts: &[&str], now: Timestamp) -> Result<(), Error> {
        // Somebody else may have been here between the look without the lock and this one.
        let done = self.applied(owner, texts).await?;
        for (version, text) in (1i64..).zip(texts).skip(done) {
            for template in split(text) {
                self.define(template).await?;
            }
            self.run(&NOTE, &[owner.into(), version.into(), checksum(text).into(), now.into()]).await?;
        }
        if owner == OWNER && done < texts.len() {
            if self.dialect() == Dialect::Postgres {
                self.keep_to_ourselves().await?;
            }
            self.set_meta(SERVED, &format!("{:?}", schema_served())).await?;
        }
        Ok(())
    }
}

/// The versions of a file that nobody has opened yet, as [`Read::applied`] finds them.
pub(crate) fn found_by(
    rows: impl Fn(&'static Statement, &[Param<'_>]) -> Result<Vec<Row>, Error>,
) -> Result<SchemaVersion, Error> {
    let applied = pairs(rows(&APPLIED, &[OWNER.into()])?)?;
    let served = match applied.len() > OURS.len() {
        true => rows(meta::get(), &[SERVED.into()])?.pop().map(|mut row| row.take(0)).transpose()?,
        false => None::<String>,
    };
    compare(OWNER, &applied, OURS, served.as_deref())
}

fn pairs(rows: Vec<Row>) -> Result<Vec<(i64, i64)>, Error> {
    rows.into_iter().map(|mut row| Ok((row.take(0)?, row.take(1)?))).collect()
}

/// What is applied must begin with what is known; what is beyond that was added by a newer program, which says whom it
/// serves.
fn compare(
    owner: &str,
    applied: &[(i64, i64)],
    texts: &[&str],
    served: Option<&str>,
) -> Result<SchemaVersion, Error> {
    let known = texts.len() as i64;
    if let Some((found, _)) = applied.last().filter(|(version, _)| *version > known) {
        // A note of another version than the last speaks of a schema that is not there any more.
        let of_this = served.and_then(|text| text.strip_suffix(&format!("..={found}")));
        let oldest = of_this.and_then(|text| text.parse::<i64>().ok());
        if oldest.is_none_or(|oldest| known < oldest) {
            return Err(Error::SchemaNewer { found: *found, known });
        }
    }
    for ((expected, text), (version, sum)) in (1i64..).zip(texts).zip(applied) {
        if expected != *version || checksum(text) != *sum {
            return Err(Error::SchemaDiffers { set: owner.to_owned(), version: expected });
        }
    }
    Ok(SchemaVersion { found: applied.len(), known: texts.len() })
}

/// FNV-1a of what the database reads: notices an edited file, and is not meant to withstand anybody.
///
/// Lines of comment, empty lines and white space at line ends don't count, so that a comment can be mended later.
fn checksum(text: &str) -> i64 {
    let lines = text.lines().map(str::trim_end);
    let read = lines.filter(|line| !line.is_empty() && !line.trim_start().starts_with("--"));
    let bytes = read.flat_map(|line| line.bytes().chain([b'\n']));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash.cast_signed()
}

/// The statements of a migration: each ends with a semicolon at the end of a line.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(";\n").map(|part| part.trim().trim_end_matches(';')).filter(|part| !part.is_empty())
}

/// Refuses a library user's statement that would define or change something of ours.
///
/// Our tables may be referred to (`references sekisho_users (id)`) and nothing else.
pub(crate) fn check_own(owner: &str, statement: &str) -> Result<(), Error> {
    let lower = statement.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let touches = |(at, word): (usize, &&str)| {
        word.starts_with("sekisho_") && (at == 0 || words[at - 1] != "references")
    };
    if owner == OWNER || owner.starts_with("sekisho_") || words.iter().enumerate().any(touches) {
        return Err(Error::misuse(
            "names that begin with sekisho_ are Sekisho's own; they may only be referenced",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_split_at_line_ends() {
        let text = "-- a; b\ncreate table a (b text default ';');\n\ncreate index c on a (b);\n";
        let parts: Vec<_> = split(text).collect();
        assert_eq!(parts, ["-- a; b\ncreate table a (b text default ';')", "create index c on a (b)"]);
    }

    #[test]
    fn a_comment_may_be_mended_and_nothing_else() {
        let applied = "-- Orders.\ncreate table a (\n    b text\n);\n";
        for same in [
            "-- What was ordered.\n-- And when.\ncreate table a (\n    b text\n);\n",
            "create table a (  \r\n    b text\t\n  -- the b\n\n);",
        ] {
            assert_eq!(checksum(same), checksum(applied), "{same}");
        }
        for other in [
            "create table a (\n    c text\n);",
            "create table a (\n   b text\n);",
            "create table a (    b text);",
            "create table a (\n    b text -- the b\n);",
            "",
        ] {
            assert_ne!(checksum(other), checksum(applied), "{other}");
        }
    }

    #[test]
    fn what_is_applied_must_be_a_beginning_of_what_is_known() {
        let sums = [(1, checksum("one")), (2, checksum("two"))];
        let version = |found, known| Ok(SchemaVersion { found, known });
        assert_eq!(compare("x", &sums[..1], &["one", "two"], None), version(1, 2));
        assert_eq!(compare("x", &sums, &["one", "two"], None), version(2, 2));
        let differs = |version| Err(Error::SchemaDiffers { set: "x".into(), version });
        assert_eq!(compare("x", &sums, &["one", "other"], None), differs(2));
        assert_eq!(compare("x", &sums[1..], &["one", "two"], None), differs(1));
    }

    #[test]
    fn a_newer_schema_serves_those_whom_it_names() {
        let sums = [(1, checksum("one")), (2, checksum("two")), (3, checksum("three"))];
        let known = ["one", "two"];
        for none in [None, Some("3..=3"), Some("2..=4"), Some("2"), Some("..=3"), Some("")] {
            let refused = Err(Error::SchemaNewer { found: 3, known: 2 });
            assert_eq!(compare("x", &sums, &known, none), refused, "{none:?}");
        }
        for served in ["2..=3", "1..=3"] {
            let version = SchemaVersion { found: 3, known: 2 };
            assert_eq!(compare("x", &sums, &known, Some(served)), Ok(version));
        }
        let differs = Err(Error::SchemaDiffers { set: "x".into(), version: 2 });
        assert_eq!(compare("x", &sums, &["one", "zwei"], Some("1..=3")), differs);
    }

    #[test]
    fn the_oldest_program_that_is_served_is_no_newer_than_this_one() {
        assert!(schema_served().contains(&(OURS.len() as i64)));
    }

    #[test]
    fn library_users_keep_to_their_own_names() {
        for fine in [
            "create table orders (id {bigint}, owner {id} references sekisho_users (id))",
            "drop table orders",
        ] {
            assert!(check_own("shop", fine).is_ok(), "{fine}");
        }
        for not in [
            "create table sekisho_orders (a text)",
            "DROP TABLE \"Sekisho_Users\"",
            "delete from sekisho_users",
        ] {
            assert!(check_own("shop", not).is_err(), "{not}");
        }
        assert!(check_own("sekisho", "create table a (b text)").is_err());
    }
}
