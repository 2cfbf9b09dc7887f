//! Connecting: which host, with what settings, and what makes a connection old.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use sekisho_core::settings::{ChannelBinding, Pool, PostgresUrl, SessionAttrs};
use tokio_postgres::config::{self, SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Error;

use super::errors::{POOLED, translate, with_cause};
use super::link::Link;
use super::tls;

/// What must be true of every session: a commit is on the disk when it is acknowledged. And a plan that was made while a
/// table was small does not read all of it later.
const DURABLE: &str = "set enable_seqscan = off; set jit = off; select set_config('synchronous_commit', 'on', false) \
                       where current_setting('synchronous_commit') = 'off'";

/// What must be true of those that reads share: whoever wants to write has a transaction, and a plan that was made while a
/// table was small does not read all of it later.
const ONLY_READS: &str = "set default_transaction_read_only = on; set enable_seqscan = off; set jit = off; \
                          set plan_cache_mode = force_generic_plan";

/// That the session has the settings which it was begun with: a pooler may be told to leave them out, and then gives the
/// session to others as well.
const TAKEN: &str = "do $$ begin \
                     if current_setting('sekisho.session', true) is distinct from 'ours' then \
                     raise exception 'the settings of the session were left out' using errcode = 'SK002'; \
                     end if; end $$";

/// The same for one transaction.
const DURABLE_ONCE: &str = "set local enable_seqscan = off; select set_config('synchronous_commit', 'on', true) \
                            where current_setting('synchronous_commit') = 'off'";

/// How long a session may stand within a transaction without a word from us: a node that hangs lets go of its locks.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Counts the times that a connection showed that the server behind it is not what it was; those made before are not
/// used again.
#[derive(Default)]
pub(super) struct Epoch(AtomicU64);

impl Epoch {
    pub(super) fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Returns when this time has been over for a second at most.
    pub(super) async fn ended(&self, epoch: u64) {
        while self.now() == epoch {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Ends this time, unless it has been ended.
    pub(super) fn end(&self, epoch: u64) {
        let ended = self.0.compare_exchange(epoch, epoch + 1, Ordering::AcqRel, Ordering::Relaxed);
        if ended.is_ok() {
            tracing::warn!("a connection to PostgreSQL broke; all are made anew");
        }
    }
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
}

/// Makes connections.
pub(super) struct Connector {
    /// One for each host, in the order of the address.
    hosts: Vec<Host>,
    tls: Option<MakeRustlsConnect>,
    unnamed: bool,
    /// What begins a transaction that writes, on a connection that is another one in each transaction: no setting
    /// outlives it.
    beginning: String,
    connect_timeout: Duration,
    limit: Duration,
    epoch: Arc<Epoch>,
    /// The host that answered last, which is asked first where one that takes writes is wanted.
    last: AtomicUsize,
    finds_writer: bool,
}

/// One connection for oneself.
pub(super) async fn one(url: &PostgresUrl) -> Result<Client, Error> {
    let (pooling, epoch) = (Pool::default(), Arc::new(Epoch::default()));
    let connector = Connector::new(url, &pooling, pooling.acquire_timeout, epoch)?;
    Ok(connector.connect(Purpose::Write).await?.into_client())
}

struct Host {
    config: Config,
    shown: String,
    is_socket: bool,
}

impl Connector {
    pub(super) fn new(
        url: &PostgresUrl,
        pooling: &Pool,
        lock_wait: Duration,
        epoch: Arc<Epoch>,
    ) -> Result<Self, Error> {
        let limit = pooling.statement_timeout + Duration::from_secs(1);
        let connect_timeout = url.connect_timeout.map_or(pooling.connect_timeout, Duration::from_secs);
        // In whole seconds, and no more of them than the kernel takes.
        let keepalive = pooling.keepalive.clamp(Duration::from_secs(1), Duration::from_secs(32_767));
        let mut common = Config::new();
        common
            .application_name(url.application_name.as_deref().unwrap_or("sekisho"))
            .keepalives_idle(keepalive)
            .keepalives_interval((keepalive / 3).max(Duration::from_secs(1)))
            .keepalives_retries(3)
            // However long a statement may take: it is about a network that has gone away.
            .tcp_user_timeout(keepalive * 2)
            // For each address of a name.
            .connect_timeout(connect_timeout)
            .channel_binding(match url.channel_binding {
                ChannelBinding::Disable => config::ChannelBinding::Disable,
                ChannelBinding::Prefer => config::ChannelBinding::Prefer,
                ChannelBinding::Require => config::ChannelBinding::Require,
            })
            .target_session_attrs(match url.target_session_attrs {
                SessionAttrs::ReadWrite => TargetSessionAttrs::ReadWrite,
                SessionAttrs::Any => TargetSessionAttrs::Any,
            });
        // Without one the driver takes the name that this process runs under, as libpq does.
        if let Some(user) = &url.user {
            common.user(user);
        }
        if let Some(password) = &url.password {
            common.password(password.expose());
        }
        if let Some(database) = &url.database {
            common.dbname(database);
        }
        if !url.pgbouncer {
            common.options(session_options(url.options.as_deref(), pooling, lock_wait));
        }
        let tls = tls::connector(&url.ssl)?;
        let hosts = url.hosts.iter().map(|host| {
            let is_socket = host.host.starts_with('/');
            let mut config = common.clone();
            match is_socket {
                true => config.host_path(&host.host).ssl_mode(SslMode::Disable),
                false => config.host(&host.host).ssl_mode(match tls {
                    Some(_) => SslMode::Require,
                    None => SslMode::Disable,
                }),
            };
            config.port(host.port);
            Host { config, shown: format!("{}:{}", host.host, host.port), is_socket }
        });
        Ok(Self {
            hosts: hosts.collect(),
            tls,
            unnamed: url.pgbouncer,
            beginning: format!(
                "begin isolation level read committed read write; set local statement_timeout = {}; \
                 set local lock_timeout = {}; set local idle_in_transaction_session_timeout = {}; {DURABLE_ONCE}",
                pooling.statement_timeout.as_millis(),
                lock_wait.as_millis(),
                FORGOTTEN.as_millis()
            ),
            connect_timeout,
            limit,
            epoch,
            last: AtomicUsize::new(0),
            finds_writer: url.target_session_attrs == SessionAttrs::ReadWrite,
        })
    }

    /// A connection to the first host that takes one.
    pub(super) async fn connect(&self, purpose: Purpose) -> Result<Link, Error> {
        // Taken before: what breaks meanwhile makes this one old as well.
        let epoch = self.epoch.now();
        let mut said = Vec::new();
        let first = if self.finds_writer { self.last.load(Ordering::Relaxed) } else { 0 };
        for at in (first..self.hosts.len()).chain(0..first) {
            let host = &self.hosts[at];
            match tokio::time::timeout(self.for_one_host(), self.reach(host, purpose, epoch)).await {
                Ok(Ok(link)) => {
                    self.last.store(at, Ordering::Relaxed);
                    return Ok(link);
                }
                Ok(Err(error @ Error::Misuse { .. })) => return Err(error),
                Ok(Err(Error::Unavailable { reason })) => said.push(format!("{}: {reason}", host.shown)),
                Ok(Err(error)) => said.push(format!("{}: {error}", host.shown)),
                Err(_) => {
                    let waited = self.for_one_host().as_millis();
                    said.push(format!("{}: no answer within {waited} ms", host.shown));
                }
            }
        }
        Err(Error::unavailable(said.join("; ")))
    }

    /// How long a host may take whose name has several addresses.
    fn for_one_host(&self) -> Duration {
        self.connect_timeout * 2
    }

    /// How long it takes until the last host was tried.
    pub(super) fn for_all_hosts(&self) -> Duration {
        self.for_one_host() * u32::try_from(self.hosts.len()).unwrap_or(u32::MAX) + Duration::from_secs(1)
    }

    /// How long an answer is waited for.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// What begins a transaction that writes where no setting outlives one; `None` where the session has them all.
    pub(super) fn beginning(&self) -> Option<&str> {
        self.unnamed.then_some(self.beginning.as_str())
    }

    /// The time that connections belong to.
    pub(super) fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    async fn reach(&self, host: &Host, purpose: Purpose, epoch: u64) -> Result<Link, Error> {
        let mut link = match &self.tls {
            Some(tls) if !host.is_socket => {
                let (client, connection) = host.config.connect(tls.clone()).await.map_err(refused)?;
                Link::new(client, connection, self.unnamed, self.limit, epoch)
            }
            _ => {
                let (client, connection) = host.config.connect(NoTls).await.map_err(refused)?;
                Link::new(client, connection, self.unnamed, self.limit, epoch)
            }
        };
        if !self.unnamed {
            let first = match purpose {
                Purpose::Write => DURABLE,
                Purpose::Read => ONLY_READS,
            };
            link.say(&format!("{TAKEN}; {first}")).await.map_err(|failed| failed.error)?;
            link.only_reads = purpose == Purpose::Read;
        }
        Ok(link)
    }
}

fn session_options(own: Option<&str>, pooling: &Pool, lock_wait: Duration) -> String {
    let ours = format!(
        "-c sekisho.session=ours -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={}",
        pooling.statement_timeout.as_millis(),
        lock_wait.as_millis(),
        FORGOTTEN.as_millis()
    );
    own.map_or(ours.clone(), |own| format!("{ours} {own}"))
}

/// Why there is no connection; for what only a change of the address mends, [`Error::Misuse`].
fn refused(error: tokio_postgres::Error) -> Error {
    let said = error.as_db_error().map(|said| said.message());
    if said.is_some_and(|said| said.contains("unsupported startup parameter")) {
        return Error::misuse(POOLED);
    }
    if with_cause(&error).contains("server does not support TLS") {
        return Error::unavailable(
            "the server has no TLS: add ?sslmode=disable to its address if the network between is yours alone, or turn \
             TLS on there",
        );
    }
    match error.as_db_error() {
        Some(_) => translate(error),
        None => Error::unavailable(with_cause(&error)),
    }
}
