//! The log: one line an event on standard error, for a person or as JSON, its level changeable while it runs.
//!
//! A formatter of our own instead of the usual one, because text from outside must not be able to forge a line: carriage
//! returns, line feeds, escape sequences and direction marks are escaped in every field and message (ATTACKS L14; the usual
//! formatter once passed escape sequences through, RUSTSEC-2025-0055, and still passes line feeds). The libraries below
//! speak at `warn` and above only: at `trace` they would show what they parse. Whoever stands above, an application that adds
//! routes of its own, speaks at the level that is set.

use super::escape::one_line;
use super::json;
use super::sink::{Sink, Style};
use crate::failure::Failure;
use sekisho_core::{Clock, Ctx, Refusal, Timestamp};
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::Arc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::{Registry, reload};

/// The handle that changes the level in place.
#[derive(Clone)]
pub struct LogControl(reload::Handle<LevelFilter, Registry>);

impl LogControl {
    /// Sets the level from now on, for every thread.
    pub fn set_level(&self, level: LevelFilter) {
        // It fails only when the subscriber is gone, and then there is no log to change.
        let _ = self.0.reload(level);
    }
}

/// Starts the log of this process; a second call in one process leaves the first in place.
pub fn init(level: LevelFilter, style: Style, clock: Arc<dyn Clock>, sink: Sink) -> LogControl {
    let (subscriber, control) = subscriber(level, style, clock, sink);
    let _ = tracing::subscriber::set_global_default(subscriber);
    control
}

/// The log as a subscriber of its own, and its control.
pub(super) fn subscriber(
    level: LevelFilter,
    style: Style,
    clock: Arc<dyn Clock>,
    sink: Sink,
) -> (impl Subscriber + Send + Sync, LogControl) {
    let (filter, handle) = reload::Layer::new(level);
    (Registry::default().with(filter).with(Lines { style, clock, sink }), LogControl(handle))
}

/// Logs why a call failed: the reason code beside the request id, for the operator, never for the client.
///
/// The level follows whose matter it is: `error` for the server's own faults, `warn` for what an operator should look at,
/// `info` for what clients do every day.
pub fn failed(ctx: &Ctx, failure: &Failure) {
    let error = match failure {
        Failure::Store(error) => error.to_string(),
        Failure::Refused(_) | Failure::Later(..) | Failure::Invalid(_) => String::new(),
    };
    reason(ctx, failure.refusal(), &error);
}

/// Logs a refusal that no verb made.
pub fn refused(ctx: &Ctx, refusal: Refusal) {
    reason(ctx, refusal, "");
}

fn reason(ctx: &Ctx, refusal: Refusal, error: &str) {
    let (reason, request_id) = (refusal.code(), ctx.request_id.as_str());
    let peer = ctx.peer.map(|peer| peer.to_string()).unwrap_or_default();
    match level_of(refusal) {
        Level::ERROR => tracing::error!(reason, request_id, peer, error, "refused"),
        Level::WARN => tracing::warn!(reason, request_id, peer, error, "refused"),
        _ => tracing::info!(reason, request_id, peer, error, "refused"),
    }
}

fn level_of(refusal: Refusal) -> Level {
    match refusal {
        Refusal::Internal | Refusal::StorageUnavailable => Level::ERROR,
        Refusal::HashUnreadable
        | Refusal::HashSchemeUnknown
        | Refusal::HashTooCostly
        | Refusal::HashingBusy
        | Refusal::LogInsThrottled
        | Refusal::AnswerTimeout
        | Refusal::Overloaded
        | Refusal::TooManyConnections
        | Refusal::ProxyInDevelopment
        | Refusal::HostInDevelopment => Level::WARN,
        _ => Level::INFO,
    }
}

/// A time as the log writes it: RFC 3339, UTC, milliseconds.
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros())
        .map_or_else(|_| at.as_micros().to_string(), |at| format!("{at:.3}"))
}

/// Words the line that stands where lines found no room.
pub fn lost(style: Style, clock: Arc<dyn Clock>) -> impl Fn(u64) -> String + Send {
    move |lines| {
        let time = rfc3339(clock.now());
        match style {
            Style::Json => json::line([
                ("time", time.into()),
                ("level", "warn".into()),
                ("message", "lines are missing here: standard error was not read".into()),
                ("lines", lines.into()),
                ("target", module_path!().into()),
            ]),
            style => format!(
                "{} {} {lines} lines are missing here: standard error was not read\n",
                style.paint("2", &time),
                style.paint("33", " WARN")
            ),
        }
    }
}

/// The libraries that this server stands on and that speak through `tracing`.
const BELOW: [&str; 11] = [
    "axum",
    "axum_core",
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "rustls",
    "tokio",
    "tokio_postgres",
    "tokio_util",
    "tower",
];

fn is_below(target: &str) -> bool {
    BELOW.contains(&target.split("::").next().unwrap_or(target))
}

struct Lines {
    style: Style,
    clock: Arc<dyn Clock>,
    sink: Sink,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= Level::WARN || !is_below(metadata.target())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let time = rfc3339(self.clock.now());
        let meta = event.metadata();
        let line = match self.style {
            Style::Json => fields.json(&time, meta),
            style => fields.human(&time, meta, style),
        };
        (self.sink)(&line);
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn human(&self, time: &str, meta: &tracing::Metadata<'_>, style: Style) -> String {
        let (level, colour) = match *meta.level() {
            Level::ERROR => ("ERROR", "31"),
            Level::WARN => (" WARN", "33"),
            Level::INFO => (" INFO", "32"),
            Level::DEBUG => ("DEBUG", "34"),
            Level::TRACE => ("TRACE", "35"),
        };
        let mut out =
            format!("{} {} {}", style.paint("2", time), style.paint(colour, level), one_line(&self.message));
        for (name, value) in &self.others {
            let text = match value {
                Value::String(text) if text.is_empty() => continue,
                Value::String(text) if text.contains([' ', '"', '=']) => format!("{text:?}"),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let _ = write!(out, " {}={}", style.paint("2", name), one_line(&text));
        }
        out.push('\n');
        out
    }

    fn json(&self, time: &str, meta: &tracing::Metadata<'_>) -> String {
        let head = [
            ("time", time.into()),
            ("level", meta.level().as_str().to_ascii_lowercase().into()),
            ("message", Value::from(&*one_line(&self.message))),
        ];
        let fields = self.others.iter().filter_map(|(name, value)| match value {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some((*name, Value::from(&*one_line(text)))),
            other => Some((*name, other.clone())),
        });
        json::line(head.into_iter().chain(fields).chain([("target", meta.target().into())]))
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => self.others.push((name, text.into())),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.others.push((name, value.into())),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.others.push((field.name(), value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.others.push((field.name(), value.into()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.others.push((field.name(), value.into()));
    }
}
