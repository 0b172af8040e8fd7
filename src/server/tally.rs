//! What one connection has done, from its beginning to its end: counted for all, and said in one line when it is over.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::time::Instant;

use super::clock;
use super::measures::Measures;
use super::peer::Peer;
use crate::ident::{OriginTimestamp, RealmName, UserId};
use crate::wire::{Protocol, UploadEntry};

/// The account of one connection. It is closed, and the line written, when it is dropped.
pub struct Tally {
    measures: Arc<Measures>,
    id: Arc<str>,
    peer: Peer,
    agent: Box<str>,
    user: Option<UserId>,
    protocol: Protocol,
    began: Instant,
    sessions: u64,
    /// The Realms of its sessions, so many at most.
    realms: Vec<RealmName>,
    received: u64,
    sent: u64,
    uploaded: u64,
    downloaded: u64,
    reason: Option<Box<str>>,
}

impl Tally {
    /// A connection begins.
    pub fn begin(
        measures: Arc<Measures>,
        id: Arc<str>,
        peer: Peer,
        agent: &str,
        user: Option<UserId>,
        protocol: Protocol,
    ) -> Tally {
        measures.opened.inc();
        measures.open.inc();
        let shown = user.as_ref().map_or("-", |user| &*user.0);
        tracing::info!(connection = %id, %peer, user = shown, agent, %protocol, "connected");
        Tally {
            measures,
            id,
            peer,
            agent: agent.into(),
            user,
            protocol,
            began: Instant::now(),
            sessions: 0,
            realms: Vec::new(),
            received: 0,
            sent: 0,
            uploaded: 0,
            downloaded: 0,
            reason: None,
        }
    }

    /// The address of the client.
    pub fn address(&self) -> IpAddr {
        self.peer.address
    }

    /// Who it is, if that was not known before.
    pub fn user(&mut self, user: &UserId) {
        self.user.get_or_insert_with(|| user.clone());
    }

    /// A session begins in this Realm.
    pub fn session(&mut self, realm: &RealmName) {
        self.sessions += 1;
        if self.realms.len() < MOST_REALMS && !self.realms.contains(realm) {
            self.realms.push(realm.clone());
        }
    }

    /// The client has sent a message of so many bytes.
    pub fn received(&mut self, bytes: usize) {
        self.received += bytes as u64;
        self.measures.received_messages.inc();
        self.measures.received_bytes.add(bytes as u64);
    }

    /// The client has taken so many bytes.
    pub fn sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
        self.measures.sent_bytes.add(bytes as u64);
    }

    /// The client has uploaded changesets. Whether the clock of one was ahead of ours.
    pub fn uploaded(&mut self, entries: &[UploadEntry]) -> bool {
        if entries.is_empty() {
            return false;
        }
        self.uploaded += entries.len() as u64;
        self.measures.uploaded.add(entries.len() as u64);
        let latest = OriginTimestamp(clock::timestamp().0.saturating_add(AHEAD));
        let ahead = entries.iter().filter(|entry| entry.timestamp > latest);
        let ahead = ahead.count() as u64;
        self.measures.clocks_ahead.add(ahead);
        ahead > 0
    }

    /// The client is sent so many changesets.
    pub fn downloaded(&mut self, changesets: usize) {
        self.downloaded += changesets as u64;
        self.measures.downloaded.add(changesets as u64);
    }

    /// Why it ends. The first reason counts.
    pub fn ends(&mut self, reason: &str) {
        self.reason.get_or_insert_with(|| reason.into());
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.measures.open.dec();
        let realms: Vec<&str> = self.realms.iter().map(RealmName::as_str).collect();
        tracing::info!(
            connection = %self.id,
            peer = %self.peer,
            user = self.user.as_ref().map_or("-", |user| &*user.0),
            agent = &*self.agent,
            protocol = %self.protocol,
            sessions = self.sessions,
            realms = realms.join(","),
            received_bytes = self.received,
            sent_bytes = self.sent,
            uploaded_changesets = self.uploaded,
            downloaded_changesets = self.downloaded,
            seconds = self.began.elapsed().as_millis() as f64 / 1000.0,
            reason = self.reason.as_deref().unwrap_or("unknown"),
            "disconnected"
        );
    }
}

/// Realms that the last line names.
const MOST_REALMS: usize = 8;

/// Milliseconds that a device's clock may be ahead before somebody should look at it.
const AHEAD: u64 = 5 * 60 * 1000;
