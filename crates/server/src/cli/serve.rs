//! `sekisho serve`: starts, says where, serves until a signal, and stops cleanly.

use super::exit::{Exit, Stop};
use super::instance::{Instance, lock_path};
use super::notify::Notify;
use super::open;
use super::outputs::Outputs;
use super::screen::Screen;
use crate::accounts::manage;
use crate::adopt::way_back;
use crate::app::App;
use crate::config::root_key::{self, RootKey};
use crate::config::{self, Flags, Loaded};
use crate::failure::Failure;
use crate::http::{self, Gate};
use crate::jobs::{JobKind, keeper};
use crate::metrics::{self, JobRuns, Reloads, Watched};
use crate::reload::in_place::{self, Running, level_filter};
use crate::reload::supervisor;
use crate::router::{TEMPLATES, direct, metrics_router};
use crate::system::{RELEASED, SystemClock, Terminal};
use crate::telemetry::{AuthTrace, Sink, Style, echo, log, panic};
use crate::{below_root_path, demo, router};
use axum::Router;
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use sekisho_core::settings::{LogFormat, Settings, Switch};
use sekisho_core::{Actor, Clock as _, Timestamp};
use std::io::{ErrorKind, IsTerminal as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The example of `sekisho serve --help`.
pub(super) const EXAMPLE: &str = "\
Examples:
  sekisho                              serves at http://127.0.0.1:8000 on ./data
  sekisho serve --demo                 the same with the user tim, password tim1234
  sekisho serve --listen 0.0.0.0:8000 --data /var/lib/sekisho

SIGTERM and SIGINT answer what is in flight and end with exit code 0; a second one ends at once.
SIGHUP reads the configuration again.";

/// How long a restarted server retries its port: its predecessor has let go of it, the system may not have.
const BIND_PATIENCE: Duration = Duration::from_secs(5);

/// How long a stop waits for the database to be closed.
const CLOSING_PATIENCE: Duration = Duration::from_secs(3);

/// Runs the server; returns when it has stopped.
pub(super) fn run<R>(flags: &Flags, supervised: Option<u32>, own_routes: R) -> Result<(), Stop>
where
    R: AsyncFnOnce(Arc<App>) -> Result<Router, Failure>,
{
    let loaded = config::load(flags)?;
    if let Some(parent) = supervised {
        die_with(parent)?;
    } else if loaded.settings.server.reload {
        return supervise(flags, loaded);
    }
    let style = style(&loaded.settings);
    let outputs = Outputs::start(style).map_err(cannot_start)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    let served = runtime.block_on(serve(flags, loaded, supervised.is_some(), style, &outputs, own_routes));
    drop(runtime);
    outputs.flush_before(served)
}

fn cannot_start(error: std::io::Error) -> Stop {
    Stop::unavailable(format!("cannot start: {error}"))
}

fn supervise(flags: &Flags, loaded: Loaded) -> Result<(), Stop> {
    let outputs = Outputs::start(style(&loaded.settings)).map_err(cannot_start)?;
    let started = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = started
        .and_then(|runtime| runtime.block_on(supervisor::supervise(flags, loaded, outputs.stderr.sink())))
        .map_err(|error| Stop::unavailable(format!("cannot watch over a server: {error}")));
    outputs.flush();
    let code = ended?;
    // The server has said why; its exit code is passed on.
    let stop = |exit| Stop { exit, reason: None, lines: Vec::new() };
    match code {
        0 => Ok(()),
        1 => Err(stop(Exit::Refused)),
        2 => Err(stop(Exit::Usage)),
        _ => Err(stop(Exit::Unavailable)),
    }
}

/// Ends this process when its supervisor does; it may have ended already.
fn die_with(parent: u32) -> Result<(), Stop> {
    let asked = set_parent_process_death_signal(Some(Signal::TERM));
    if asked.is_err() || getppid().map(Pid::as_raw_nonzero).is_none_or(|id| id.get() as u32 != parent) {
        return Err(Stop::unavailable("the process that watched over this one is gone"));
    }
    Ok(())
}

async fn serve<R>(
    flags: &Flags,
    loaded: Loaded,
    supervised: bool,
    style: Style,
    outputs: &Outputs,
    own_routes: R,
) -> Result<(), Stop>
where
    R: AsyncFnOnce(Arc<App>) -> Result<Router, Failure>,
{
    let mut signals =
        Signals::listen().map_err(|error| Stop::unavailable(format!("cannot take signals: {error}")))?;
    let Loaded { settings, .. } = loaded;
    let say = outputs.stderr.sink();
    let log = log::init(level_filter(settings.log.level), style, Arc::new(SystemClock), Arc::clone(&say));
    panic::log_places_only();

    clock_is_set(SystemClock.now())?;
    let file = open::database_file(&settings);
    let (listeners, _instance) = take_place(&settings, file.as_deref(), supervised, &say).await?;
    let addresses = listeners.addresses()?;
    let root = open::root(&settings).await?;
    let trace = trace(&settings, style, &say);
    let echo = settings.log.echo.then(|| echo::printer(style, say));
    let app = open::app(settings, &root, trace, echo).await?;
    let demo = app.current().settings.server.demo && demo::make(&app, &app.ctx(Actor::Server)).await?;

    let (stop, stopped) = tokio::sync::watch::channel(());
    let until_stopped = stopped.clone();
    let stopped = || {
        let mut stopped = stopped.clone();
        // Nothing is ever sent: it ends with its sender.
        async move { while stopped.changed().await.is_ok() {} }
    };
    let root_path = app.current().settings.server.root_path.clone();
    let own_routes = metrics::counted(own_routes(Arc::clone(&app)).await?);
    let routes = below_root_path(&root_path, router(Arc::clone(&app)).merge(own_routes));
    let new_gate = |settings: &Settings| Gate::new(settings, Arc::clone(&app.clock), Arc::clone(&app.dice));
    let gate = new_gate(&app.current().settings);
    let gate = gate.asking_first(direct(Arc::clone(&app)));
    let gate = if addresses.figures.is_some() { gate.counting(TEMPLATES, &root_path) } else { gate };
    let gate = Arc::new(gate);
    let reloads = Arc::new(Reloads::default());
    let job_runs = Arc::new(JobRuns::of(JobKind::ALL.map(JobKind::name)));
    let figures = listeners.figures.map(|listener| {
        let watched = Watched {
            app: Arc::clone(&app),
            gate: Arc::clone(&gate),
            log: outputs.stderr.clone(),
            reloads: Arc::clone(&reloads),
            jobs: Arc::clone(&job_runs),
            database: file.clone(),
            started: app.clock.now(),
        };
        let own_gate = Arc::new(new_gate(&metrics::front_door(&app.current().settings)));
        tokio::spawn(http::serve(listener, metrics_router(Arc::new(watched)), own_gate, stopped()))
    });
    let jobs = tokio::spawn(keeper::keep(Arc::clone(&app), job_runs, until_stopped));
    let mut server = tokio::spawn(http::serve(listeners.public, routes, Arc::clone(&gate), stopped()));
    outputs.stdout.sink()(&greeting(&app, addresses, file.as_deref(), &root, demo).await);
    warn(&app, &root);
    if let Some(since) =
        app.store.read().await.map_err(Failure::from)?.frozen_since().await.map_err(Failure::from)?
    {
        let since = log::rfc3339(since);
        tracing::warn!(
            since,
            "the database is frozen: every write is answered 503 until `sekisho db unfreeze`"
        );
    }
    if let Some(warning) = way_back::warning(&app).await? {
        tracing::warn!("{warning}");
    }
    let notify = Notify::from_environment();
    notify.ready();

    loop {
        tokio::select! {
            ended = &mut server => return Err(Stop::unavailable(format!("the server ended by itself: {ended:?}"))),
            asked = signals.next() => match asked {
                Asked::Reload => {
                    notify.reloading();
                    let running = Running { app: &app, gate: &gate, root: &root, log: &log };
                    reloads.count(in_place::reload(&running, flags));
                    notify.ready();
                }
                Asked::Stop => break,
            },
        }
    }
    tracing::info!("stopping: what is in flight is answered");
    notify.stopping();
    drop(stop);
    let at_once = outputs.clone();
    tokio::spawn(async move {
        while !matches!(signals.next().await, Asked::Stop) {}
        at_once.flush();
        std::process::exit(Exit::Refused as i32);
    });
    let _ = server.await;
    let _ = jobs.await;
    if let Some(figures) = figures {
        let _ = figures.await;
    }
    let store = app.store.clone();
    // The gate asks the application too, and the database is closed when nobody has it any more.
    drop((gate, app));
    // Leaves one whole file behind, without a log beside it; nothing depends on it, so nothing waits long for it.
    let _ = tokio::time::timeout(CLOSING_PATIENCE, store.close()).await;
    tracing::info!("stopped");
    Ok(())
}

/// Where the server listens.
struct Listeners {
    public: TcpListener,
    figures: Option<TcpListener>,
}

/// The addresses that came out of it, where a port was left to the system.
#[derive(Clone, Copy)]
struct Addresses {
    public: SocketAddr,
    figures: Option<SocketAddr>,
}

impl Listeners {
    async fn bind(settings: &Settings, patient: bool) -> Result<Listeners, Stop> {
        let public = bind(settings.server.listen, patient, "with --listen").await?;
        let figures = match settings.metrics.listen {
            Some(address) => Some(bind(address, patient, "in metrics.listen").await?),
            None => None,
        };
        Ok(Listeners { public, figures })
    }

    fn addresses(&self) -> Result<Addresses, Stop> {
        let address = |listener: &TcpListener| {
            listener.local_addr().map_err(|error| Stop::usage(format!("cannot listen: {error}")))
        };
        let figures = self.figures.as_ref().map(address).transpose()?;
        Ok(Addresses { public: address(&self.public)?, figures })
    }
}

/// The listeners and the lock of the database's file, which PostgreSQL has none of. Where a database is there already, its lock comes first: the instance that holds
/// it may hold the port as well and be about to go. Otherwise the port comes first, and a port in use leaves nothing behind.
async fn take_place(
    settings: &Settings,
    database: Option<&Path>,
    supervised: bool,
    say: &Sink,
) -> Result<(Listeners, Option<Instance>), Stop> {
    let Some(database) = database else { return Ok((Listeners::bind(settings, supervised).await?, None)) };
    if lock_path(database).exists() {
        let instance = Instance::take(database, say).await?;
        return Ok((Listeners::bind(settings, supervised).await?, Some(instance)));
    }
    let listeners = Listeners::bind(settings, supervised).await?;
    root_key::make_directory(&settings.storage.data_dir)?;
    Ok((listeners, Some(Instance::take(database, say).await?)))
}

/// Tokens and the names of the deleted live by the clock; one of before this program existed would revive them.
fn clock_is_set(now: Timestamp) -> Result<(), Stop> {
    if now >= RELEASED {
        return Ok(());
    }
    let (said, released) = (log::rfc3339(now), log::rfc3339(RELEASED));
    Err(Stop::usage(format!(
        "the clock says {said}, before this program was written ({released}): set it, and start again"
    )))
}

async fn bind(address: SocketAddr, patient: bool, another: &str) -> Result<TcpListener, Stop> {
    const STEP: Duration = Duration::from_millis(50);
    let mut waited = Duration::ZERO;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse && patient && waited < BIND_PATIENCE => {
                tokio::time::sleep(STEP).await;
                waited += STEP;
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                return Err(Stop::usage(format!(
                    "{address} is in use by another program; choose another {another}"
                )));
            }
            Err(error) => return Err(Stop::usage(format!("cannot listen on {address}: {error}"))),
        }
    }
}

/// The first screen. `listening on …` is a line of its own, for whoever waits for it.
async fn greeting(
    app: &App,
    addresses: Addresses,
    database: Option<&Path>,
    root: &RootKey,
    demo: bool,
) -> String {
    let has_users = manage::list(app, None, 1).await.is_ok_and(|users| !users.is_empty());
    let current = app.current();
    let screen = Screen {
        settings: &current.settings,
        address: addresses.public,
        figures: addresses.figures,
        database,
        root_key: &root.path,
        has_users,
        demo,
        trace: app.trace.is_on(),
    };
    let mut text = format!("sekisho {}\n\nlistening on {}\n", env!("CARGO_PKG_VERSION"), screen.url());
    screen.lines().iter().for_each(|line| {
        text.push_str(line);
        text.push('\n');
    });
    text
}

/// What the operator should know about this start.
fn warn(app: &App, root: &RootKey) {
    app.current().settings.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    if root.exposed {
        tracing::warn!("others than its owner may read {}: chmod 600", root.path.display());
    }
}

/// For whom log, trace and echo are written.
fn style(settings: &Settings) -> Style {
    Style::of_stderr(match settings.log.format {
        LogFormat::Json => true,
        LogFormat::Human => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    })
}

fn trace(settings: &Settings, style: Style, say: &Sink) -> AuthTrace {
    let on = match settings.log.trace_auth {
        Switch::On => true,
        Switch::Off => false,
        Switch::Auto => !settings.profile.is_production() && std::io::stderr().is_terminal(),
    };
    let zone = if on { jiff::tz::TimeZone::system() } else { jiff::tz::TimeZone::UTC };
    AuthTrace::new(on.then_some(style), zone, Arc::clone(say))
}

/// What a signal asks for.
enum Asked {
    Stop,
    Reload,
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    terminal: Terminal,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            terminal: Terminal::of_this_process(),
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.hangup.recv() => if self.terminal.is_gone() { Asked::Stop } else { Asked::Reload },
        }
    }
}
