//! A PostgreSQL database as the tests see it: through connections of their own, as its superuser.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, OnceLock};

use sekisho_throwaway::Postgres;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The role that owns each database and that the server is: none with any right beyond it.
const OWNER: &str = "ordinary";

/// Which database stands for which folder.
static DATABASES: LazyLock<Mutex<HashMap<PathBuf, String>>> = LazyLock::new(Mutex::default);

/// One connection, and what drives it.
pub(crate) struct Session {
    client: Client,
    runtime: Runtime,
}

impl Session {
    fn open(url: &str) -> Session {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (client, connection) =
            runtime.block_on(tokio_postgres::connect(url, NoTls)).expect("PostgreSQL can be reached");
        runtime.spawn(connection);
        Session { client, runtime }
    }

    /// Runs statements and hands over the rows of all of them.
    fn run(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let messages = self.runtime.block_on(self.client.simple_query(sql));
        let messages = messages.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(plain)).collect()),
            _ => None,
        });
        rows.collect()
    }
}

/// One database of the shared server.
pub(super) struct Place {
    name: String,
}

impl Place {
    /// The database that stands for a folder.
    pub(super) fn of(folder: &Path) -> Place {
        let url = url_of(folder);
        Place { name: url.rsplit('/').next().expect("a name").to_owned() }
    }

    pub(super) fn session(&self) -> Session {
        Session::open(&Postgres::shared().url(&self.name))
    }

    pub(super) fn execute(&self, sql: &str) {
        self.session().run(sql);
    }

    pub(super) fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.session().run(sql)
    }

    /// Whether our tables are there.
    pub(super) fn exists(&self) -> bool {
        self.rows("select to_regclass('sekisho_users') is not null")[0][0].as_deref() == Some("t")
    }

    /// Begins a transaction that keeps every other writer out.
    pub(super) fn lock(&self) -> Session {
        let session = self.session();
        let tables = session.run(TABLES).into_iter().map(|row| row[0].clone().expect("a name"));
        let tables = tables.collect::<Vec<_>>().join(", ");
        session.run(&format!("begin; lock table {tables} in exclusive mode"));
        session
    }

    /// What PostgreSQL itself says of our tables and of what the server left behind.
    pub(super) fn check(&self) {
        let session = self.session();
        session.run("create extension if not exists amcheck");
        let indexes = "select bt_index_parent_check(c.oid, true, true) from pg_class c \
            join pg_am a on a.oid = c.relam and a.amname = 'btree' \
            join pg_index i on i.indexrelid = c.oid and i.indisvalid \
            where c.relname like 'sekisho%'";
        session.run(indexes);
        let rows = "select * from (select c.relname from pg_class c where c.relkind = 'r' \
            and c.relname like 'sekisho%') t, lateral verify_heapam(t.relname::regclass)";
        assert_eq!(session.run(rows), Vec::<Vec<_>>::new(), "damaged rows");
        let open = "select pid, state, query from pg_stat_activity where datname = current_database() \
            and usename = 'ordinary' and state like 'idle in transaction%'";
        assert_eq!(session.run(open), Vec::<Vec<_>>::new(), "transactions that nobody ends");
        assert_eq!(session.run("select gid from pg_prepared_xacts"), Vec::<Vec<_>>::new());
    }

    /// Every byte that our tables and their indexes keep on disk, rows that are no more included.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let session = self.session();
        session.run("checkpoint");
        let files = "select pg_relation_filepath(c.oid) from pg_class c \
            where c.relkind in ('r', 'i', 't', 'S') and (c.relname like 'sekisho%' or exists ( \
            select from pg_class o where o.relname like 'sekisho%' and o.reltoastrelid = c.oid))";
        let data = Postgres::shared().data();
        let mut bytes = Vec::new();
        for row in session.run(files) {
            let path = data.join(row[0].as_deref().expect("a file"));
            bytes.extend(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        }
        bytes
    }
}

const TABLES: &str = "select relname from pg_class where relkind = 'r' and relname like 'sekisho%'";

/// The address of the database that stands for `folder`, as the server is to be told it: made at the first question.
pub(crate) fn url_of(folder: &Path) -> String {
    let mut databases = DATABASES.lock().expect("not poisoned");
    if let Some(url) = databases.get(folder) {
        return url.clone();
    }
    static OWNED: OnceLock<()> = OnceLock::new();
    let server = Postgres::shared();
    OWNED.get_or_init(|| drop(server.psql(&server.url("postgres"), &format!("create role {OWNER} login"))));
    let url = server.create_database_of(OWNER);
    databases.insert(folder.to_owned(), url.clone());
    url
}

/// Makes another folder stand for the same database, as the folder of another node does.
pub(crate) fn share(folder: &Path, other: &Path) {
    let url = url_of(folder);
    DATABASES.lock().expect("not poisoned").insert(other.to_owned(), url);
}

/// Drops the database that stands for `folder`, if there is one and no other folder shares it.
pub(crate) fn forget(folder: &Path) {
    let mut databases = DATABASES.lock().expect("not poisoned");
    let Some(url) = databases.remove(folder) else { return };
    if databases.values().any(|other| *other == url) {
        return;
    }
    drop(databases);
    Postgres::shared().drop_database(&url);
}

/// As the other database shows it: bytes without the mark in front, `1` and `0` for what is true or not.
fn plain(text: &str) -> String {
    text.strip_prefix("\\x").unwrap_or(text).to_owned()
}
