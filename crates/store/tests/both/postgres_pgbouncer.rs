//! PgBouncer in transaction mode, where each transaction may have another connection.

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use sekisho_core::settings::{DatabaseUrl, Pool};
use sekisho_store::{Error, OpenOptions, Store};
use sekisho_throwaway::Postgres;

use crate::world::{NOW, id, insert, new_user};

/// Ends the pooler when its own input ends, which it does with this process, however that went.
const SCRIPT: &str = "/usr/sbin/pgbouncer \"$1\" & read -r _; kill -9 $!";

/// A PgBouncer in front of a server of its own, over sockets in that one's folder.
struct Bouncer {
    server: Postgres,
    process: Child,
}

impl Bouncer {
    /// With these lines more in its configuration.
    fn start(more: &str) -> Bouncer {
        let server = Postgres::start();
        let folder = server.folder().to_owned();
        let list = server.write("users.txt", "\"sekisho\" \"\"\n");
        // Two connections for everybody: whoever needs one of his own for longer than a transaction gets none.
        let text = format!(
            "[databases]\n* = host={folder} port={port}\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = {folder}\n\
             auth_type = trust\nauth_file = {list}\npool_mode = transaction\ndefault_pool_size = 2\nlogfile = {folder}/bouncer.log\n{more}\n",
            folder = folder.display(),
            port = server.port(),
            list = list.display(),
        );
        let ini = server.write("pgbouncer.ini", &text);
        let mut shell = server.program("/bin/sh");
        shell.args(["-c", SCRIPT, "bouncer"]).arg(ini);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = shell.spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while !folder.join(".s.PGSQL.6432").exists() {
            let log = || std::fs::read_to_string(folder.join("bouncer.log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PgBouncer does not start: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
        Bouncer { server, process }
    }

    fn url(&self, options: &str) -> DatabaseUrl {
        let database = self.server.create_database();
        let name = database.rsplit('/').next().unwrap();
        let folder = self.server.folder().display();
        let text = format!("postgresql://sekisho@/{name}?host={folder}&port=6432{options}");
        DatabaseUrl::parse(&text).unwrap()
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        if let Some(mut input) = self.process.stdin.take() {
            let _ = input.write_all(b"\n");
        }
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_transaction_mode_it_works_with_the_option_and_is_refused_without() {
    let bouncer = Bouncer::start("");
    let refused = Store::open(&bouncer.url(""), OpenOptions::new(NOW)).await.unwrap_err();
    assert!(matches!(refused, Error::Misuse { .. }), "{refused:?}");
    let said = refused.to_string();
    assert!(
        said.contains("a pooler such as PgBouncer stands here")
            && said.contains("?pgbouncer=true to DATABASE_URL"),
        "{said}"
    );

    let pool = Pool { connections: 8, ..Pool::default() };
    let options = OpenOptions { pool, ..OpenOptions::new(NOW) };
    let url = bouncer.url("&pgbouncer=true");
    let (one, other) =
        (Store::open(&url, options.clone()).await.unwrap(), Store::open(&url, options).await.unwrap());
    let work = |store: Store, number: u64| async move {
        let name = format!("user{number}");
        insert(&store, &[new_user(number, &name, &name, &name)]).await;
        let found = store.read().await.unwrap().user_by_id(id(number)).await.unwrap();
        assert_eq!(found.unwrap().username, name);
        let mut snapshot = store.snapshot().await.unwrap();
        let counted = snapshot.count_users().await.unwrap();
        assert_eq!(snapshot.count_users().await.unwrap(), counted, "one state");
    };
    let stores = [one, other];
    let all: Vec<_> = (0..60)
        .map(|number| tokio::spawn(work(stores[usize::from(number % 2 == 1)].clone(), number)))
        .collect();
    for one in all {
        one.await.unwrap();
    }
    assert_eq!(stores[0].read().await.unwrap().count_users().await.unwrap(), 60);

    // The settings of a session that nobody keeps hold within each transaction.
    let mut tx = stores[0].begin().await.unwrap();
    let row =
        tx.row("select current_setting('statement_timeout'), current_setting('lock_timeout')", &[]).await;
    let mut row = row.unwrap().unwrap();
    assert_eq!((row.take::<String>(0).unwrap(), row.take::<String>(1).unwrap()), ("7s".into(), "5s".into()));
}

/// Told to leave out what it does not know, it would give sessions to others with half of our settings.
#[tokio::test]
async fn one_that_leaves_settings_out_in_silence_is_found_out() {
    let bouncer = Bouncer::start("ignore_startup_parameters = options");
    let refused = Store::open(&bouncer.url(""), OpenOptions::new(NOW)).await.unwrap_err();
    assert!(matches!(refused, Error::Misuse { .. }), "{refused:?}");
    assert!(refused.to_string().contains("?pgbouncer=true to DATABASE_URL"), "{refused}");
    Store::open(&bouncer.url("&pgbouncer=true"), OpenOptions::new(NOW)).await.unwrap();
}
