//! Every family that this program counts itself, in the order of the page.

use sekisho_core::SchemeCost;
use sekisho_store::{Measured, PoolStatus};

use crate::app::App;
use crate::hashing::Figures;
use crate::http::{Connections, Gate, Requests};
use crate::throttle::Refused;

use super::page::{Page, Unit};

/// Writes them; `stored` is what the database said of its hashes, if it answered.
pub(super) fn write(page: &mut Page, app: &App, gate: &Gate, stored: Option<&[(SchemeCost, u64)]>) {
    page.gauge("sekisho_build_info", "Which version this is; always 1.", |samples| {
        samples.of(&[("version", env!("CARGO_PKG_VERSION"))], 1_u64);
    });
    if let Some(seen) = gate.requests() {
        requests(page, &seen);
    }
    let most = app.current().settings.http.max_connections;
    connections(page, &gate.connections(), most);
    log_ins(page, app.throttle.refused());
    hashing(page, &app.lane.figures());
    let help = "Whether the database answered just now.";
    page.gauge("sekisho_database_up", help, |samples| samples.of(&[], u64::from(stored.is_some())));
    if let Some(measured) = app.store.measured() {
        database(page, &measured);
    }
    if let Some(pool) = app.store.pool() {
        connections_to_database(page, pool);
    }
    stored_hashes(page, stored.unwrap_or_default());
}

fn requests(page: &mut Page, seen: &Requests) {
    let help = "Requests answered, by route (a template, unmatched, or other), method and status code.";
    page.counter("sekisho_http_requests", help, |samples| {
        for (route, method, status, count) in &seen.answers {
            samples.of(&[("route", route), ("method", method), ("status", status)], *count);
        }
    });
    let help = "From a request's header block to its answer, by route.";
    page.histogram("sekisho_http_request_duration_seconds", help, |histograms| {
        for (route, times) in &seen.times {
            histograms.of(&[("route", route)], Unit::Time, times);
        }
    });
    let help = "Requests whose client left before the answer.";
    page.counter("sekisho_http_requests_abandoned", help, |samples| samples.of(&[], seen.abandoned));
    let help =
        "Requests refused, by the reason code that sekisho explain knows; every code is here from the start.";
    page.counter("sekisho_refusals", help, |samples| {
        for (refusal, count) in &seen.refusals {
            samples.of(&[("reason", refusal.code())], *count);
        }
    });
}

fn connections(page: &mut Page, seen: &Connections, most: usize) {
    page.gauge("sekisho_http_connections", "Connections that are open.", |samples| {
        samples.of(&[], seen.open)
    });
    let help = "Connections that may be open: http.max_connections.";
    page.gauge("sekisho_http_connections_limit", help, |samples| samples.of(&[], most));
    let help = "Connections let in.";
    page.counter("sekisho_http_connections_accepted", help, |samples| samples.of(&[], seen.accepted));
    let help = "Connections turned away for want of room.";
    page.counter("sekisho_http_connections_refused", help, |samples| samples.of(&[], seen.refused));
    let help = "Connections closed by the server, by reason: slow_head, idle, slow_reader, displaced.";
    page.counter("sekisho_http_connections_closed", help, |samples| {
        for (reason, count) in &seen.closed {
            samples.of(&[("reason", reason)], *count);
        }
    });
}

fn log_ins(page: &mut Page, refused: Refused) {
    let help = "Log-ins refused because of failures before, by the counter that was full.";
    page.counter("sekisho_log_ins_throttled", help, |samples| {
        samples.of(&[("counter", "account_and_address")], refused.account_and_address);
        samples.of(&[("counter", "address")], refused.address);
        samples.of(&[("counter", "account")], refused.account);
    });
}

fn hashing(page: &mut Page, lane: &Figures) {
    let help = "Password hashes that wait.";
    page.gauge("sekisho_hashing_queue_length", help, |samples| samples.of(&[], lane.stats.waiting));
    let help = "Password hashes that may wait: hashing.queue.";
    page.gauge("sekisho_hashing_queue_limit", help, |samples| samples.of(&[], lane.queue));
    page.gauge("sekisho_hashing_running", "Password hashes that run.", |samples| {
        samples.of(&[], lane.stats.running);
    });
    page.gauge("sekisho_hashing_threads", "Password hashes that can run at once.", |samples| {
        samples.of(&[], lane.threads);
    });
    page.gauge("sekisho_hashing_memory_bytes", "Memory that the threads keep for Argon2.", |samples| {
        samples.of(&[], lane.memory);
    });
    page.counter("sekisho_hashing_hashes", "Password hashes made.", |samples| {
        samples.of(&[], lane.stats.hashes)
    });
    let help = "Password hashes refused because the queue or the account's part of it was full.";
    page.counter("sekisho_hashing_refused", help, |samples| samples.of(&[], lane.stats.refused));
    let help = "Password hashes dropped from the queue because the client had gone.";
    page.counter("sekisho_hashing_abandoned", help, |samples| samples.of(&[], lane.stats.abandoned));
    page.histogram(
        "sekisho_hashing_wait_seconds",
        "How long hashes waited for their thread.",
        |histograms| {
            histograms.of(&[], Unit::Time, &lane.waits);
        },
    );
    page.histogram(
        "sekisho_hashing_duration_seconds",
        "How long hashes took on their thread.",
        |histograms| {
            histograms.of(&[], Unit::Time, &lane.works);
        },
    );
}

fn database(page: &mut Page, measured: &Measured) {
    let help = "1 if the disk failed to confirm a write: nothing is written any more before a restart.";
    page.gauge("sekisho_database_writes_stopped", help, |samples| {
        samples.of(&[], u64::from(measured.writes_stopped));
    });
    page.histogram("sekisho_database_statement_seconds", "How long statements took.", |histograms| {
        histograms.of(&[("kind", "read")], Unit::Time, &measured.reads);
        histograms.of(&[("kind", "write")], Unit::Time, &measured.writes);
    });
    let help = "From a transaction's lock to its durable end, or to its undoing.";
    page.histogram("sekisho_database_transaction_seconds", help, |histograms| {
        histograms.of(&[], Unit::Time, &measured.transactions);
    });
    let help = "How long commits took, the sync to the disk included.";
    page.histogram("sekisho_database_commit_seconds", help, |histograms| {
        histograms.of(&[], Unit::Time, &measured.commits);
    });
    let help = "How many transactions shared a commit.";
    page.histogram("sekisho_database_commit_group_size", help, |histograms| {
        histograms.of(&[], Unit::Number, &measured.groups);
    });
    let help = "Waits for a lock that another transaction or process held.";
    page.histogram("sekisho_database_lock_wait_seconds", help, |histograms| {
        histograms.of(&[], Unit::Time, &measured.waits);
    });
    page.gauge("sekisho_database_readers_on_loan", "Connections that read.", |samples| {
        samples.of(&[], measured.readers_on_loan);
    });
    let help = "Errors of the database, by kind: busy, full, corrupt, unavailable, other.";
    page.counter("sekisho_database_errors", help, |samples| {
        for (kind, count) in &measured.errors {
            samples.of(&[("kind", kind)], *count);
        }
    });
}

/// PostgreSQL alone has them.
fn connections_to_database(page: &mut Page, pool: PoolStatus) {
    let help = "PostgreSQL: connections of the pool, by state: on_loan, idle.";
    page.gauge("sekisho_database_pool_connections", help, |samples| {
        samples.of(&[("state", "on_loan")], pool.on_loan);
        samples.of(&[("state", "idle")], pool.open.saturating_sub(pool.on_loan));
    });
    let help = "PostgreSQL: connections that the pool may have: storage.connections.";
    page.gauge("sekisho_database_pool_limit", help, |samples| samples.of(&[], pool.most));
    let help = "PostgreSQL: transactions that wait for a connection.";
    page.gauge("sekisho_database_pool_waiting", help, |samples| samples.of(&[], pool.waiting));
}

/// By scheme and not by cost: a handful of rows, whatever was imported.
fn stored_hashes(page: &mut Page, stored: &[(SchemeCost, u64)]) {
    let mut schemes: Vec<(&str, u64)> = Vec::new();
    for (kind, count) in stored {
        match schemes.iter_mut().find(|(scheme, _)| *scheme == kind.scheme) {
            Some((_, sum)) => *sum += count,
            None => schemes.push((&kind.scheme, *count)),
        }
    }
    page.gauge("sekisho_stored_hashes", "Password hashes in the database, by scheme.", |samples| {
        for (scheme, count) in schemes {
            samples.of(&[("scheme", scheme)], count);
        }
    });
}
