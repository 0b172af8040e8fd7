//! What happens to a connection beside its socket.
//!
//! The queue has small slots: the memory of an idle connection is that of its queues, and there are many connections.

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::budget::Share;
use crate::session::{Close, Input, SessionKey};

/// Something that happened.
pub enum Event {
    /// The answer to a question of the session machine.
    Answer(Input),
    /// The answer to a read: how many changesets it holds, and what its bytes are counted in.
    Made(Input, usize, Option<Share>),
    /// The outcome of an upload.
    Integrated(Input),
    /// The session's Realm has news; the version is where the subscription keeps it.
    News(SessionKey),
    /// What the session's user may do has perhaps changed.
    Rights(SessionKey),
    /// The session's Realm is removed.
    Removed(SessionKey),
    /// A BIND has shown a good token, which ends then.
    Token(Option<Instant>),
    /// The connection must go.
    Close(Close),
}

/// Where events are sent. Cheap to clone.
#[derive(Clone)]
pub struct Events(mpsc::UnboundedSender<Box<Event>>);

/// Where they arrive, in the order in which they were sent.
pub struct Arrivals(mpsc::UnboundedReceiver<Box<Event>>);

/// The queue of a connection.
pub fn queue() -> (Events, Arrivals) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Events(sender), Arrivals(receiver))
}

impl Events {
    /// Sends an event. When the connection's task is gone nobody waits for it.
    pub fn send(&self, event: Event) {
        drop(self.0.send(Box::new(event)));
    }

    /// Waits until the connection's task is gone.
    pub async fn are_unwanted(&self) {
        self.0.closed().await;
    }
}

impl Arrivals {
    /// The next event; nothing when nobody can send any more.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await.map(|event| *event)
    }
}
