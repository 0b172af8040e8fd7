//! What is counted while the server works. Names and meanings are in `docs/metrics.md`.

use std::sync::Arc;

use crate::metrics::{Counter, Exposition, Gauge, Histogram};
use crate::wire::ErrorCode;

/// HTTP statuses from 100 to 599.
const STATUSES: usize = 500;

/// The counts of one server.
pub struct Measures {
    pub opened: Counter,
    pub open: Gauge,
    pub refused: Counter,
    pub sessions: Gauge,
    pub received_messages: Counter,
    pub received_bytes: Counter,
    pub sent_bytes: Counter,
    pub uploaded: Counter,
    pub downloaded: Counter,
    pub clocks_ahead: Counter,
    pub batches: Histogram,
    pub commits: Histogram,
    pub failed_batches: Counter,
    errors: [Counter; ErrorCode::ALL.len()],
    statuses: Box<[Counter]>,
}

impl Default for Measures {
    fn default() -> Measures {
        Measures {
            opened: Counter::default(),
            open: Gauge::default(),
            refused: Counter::default(),
            sessions: Gauge::default(),
            received_messages: Counter::default(),
            received_bytes: Counter::default(),
            sent_bytes: Counter::default(),
            uploaded: Counter::default(),
            downloaded: Counter::default(),
            clocks_ahead: Counter::default(),
            batches: Histogram::default(),
            commits: Histogram::default(),
            failed_batches: Counter::default(),
            errors: Default::default(),
            statuses: (0..STATUSES).map(|_| Counter::default()).collect(),
        }
    }
}

impl Measures {
    /// A client was told of an error.
    pub fn error(&self, code: ErrorCode) {
        let at = ErrorCode::ALL.iter().position(|known| *known == code);
        if let Some(counter) = at.and_then(|at| self.errors.get(at)) {
            counter.inc();
        }
    }

    /// A request was answered.
    pub fn answered(&self, status: u16) {
        let at = usize::from(status).checked_sub(100);
        if let Some(counter) = at.and_then(|at| self.statuses.get(at)) {
            counter.inc();
        }
    }

    /// Errors that clients were told of, by code; those that happened.
    pub fn errors(&self) -> impl Iterator<Item = (u16, u64)> {
        let codes = ErrorCode::ALL.iter().zip(&self.errors);
        let all = codes.map(|(code, counter)| (code.number(), counter.get()));
        all.filter(|(_, count)| *count > 0)
    }

    /// Answered requests by status; those that happened.
    fn statuses(&self) -> impl Iterator<Item = (usize, u64)> {
        let all = self.statuses.iter().enumerate();
        let all = all.map(|(at, counter)| (at + 100, counter.get()));
        all.filter(|(_, count)| *count > 0)
    }

    /// All of it as text.
    pub fn expose(&self, text: &mut Exposition) {
        text.gauge(
            "ros_connections",
            "Sync connections that are open.",
            self.open.get(),
        );
        text.counter(
            "ros_connections_opened_total",
            "Sync connections since the start.",
            self.opened.get(),
        );
        text.counter(
            "ros_connections_refused_total",
            "TCP connections that were closed at once, for too many were open.",
            self.refused.get(),
        );
        text.gauge(
            "ros_sessions",
            "Sessions of sync connections, each with one Realm.",
            self.sessions.get(),
        );
        text.counter(
            "ros_received_messages_total",
            "Sync messages that clients sent.",
            self.received_messages.get(),
        );
        text.counter(
            "ros_received_bytes_total",
            "Bytes of sync messages that clients sent.",
            self.received_bytes.get(),
        );
        text.counter(
            "ros_sent_bytes_total",
            "Bytes of sync messages that clients were sent.",
            self.sent_bytes.get(),
        );
        text.counter(
            "ros_uploaded_changesets_total",
            "Changesets that clients sent, integrated or refused.",
            self.uploaded.get(),
        );
        text.counter(
            "ros_downloaded_changesets_total",
            "Changesets that clients were sent, each counted for each receiver.",
            self.downloaded.get(),
        );
        text.counter(
            "ros_clocks_ahead_total",
            "Uploaded changesets that say to be made more than five minutes from now.",
            self.clocks_ahead.get(),
        );
        text.histogram(
            "ros_integrate_seconds",
            "Time to merge, apply and commit one batch of uploads.",
            &self.batches,
        );
        text.histogram(
            "ros_commit_seconds",
            "Time to make one batch of uploads durable; part of ros_integrate_seconds.",
            &self.commits,
        );
        text.counter(
            "ros_integrate_failures_total",
            "Batches of uploads that could not be stored; the clients send them again.",
            self.failed_batches.get(),
        );
        text.counters(
            "ros_errors_total",
            "Errors of the sync protocol that clients were told of, by code.",
            "code",
            self.errors(),
        );
        text.counters(
            "ros_http_requests_total",
            "HTTP requests, by status of the answer; 101 is an upgrade to sync.",
            "status",
            self.statuses(),
        );
    }
}

/// One session, as long as it is there.
pub struct Counted(Arc<Measures>);

impl Counted {
    /// One more session.
    pub fn session(measures: &Arc<Measures>) -> Counted {
        measures.sessions.inc();
        Counted(measures.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.sessions.dec();
    }
}
