//! Lines in which tasks wait for their turn, one for each key, without a thread.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lines that are there as long as somebody is in them.
pub struct Lines<K: Eq + Hash> {
    at_once: usize,
    lines: Mutex<HashMap<K, Arc<Semaphore>>>,
}

/// A place in a line, and from when [`Lines::turn`] gives it, a turn. Whoever lets it go lets the next one have it.
pub struct Turn<K: Eq + Hash> {
    lines: Arc<Lines<K>>,
    key: K,
    permit: Option<OwnedSemaphorePermit>,
}

impl<K: Eq + Hash + Clone> Lines<K> {
    /// In each line, so many have their turn at once.
    pub fn new(at_once: usize) -> Arc<Lines<K>> {
        Arc::new(Lines {
            at_once: at_once.max(1),
            lines: Mutex::default(),
        })
    }

    /// Waits in the line of a key.
    pub async fn turn(self: &Arc<Self>, key: &K) -> Turn<K> {
        let at_once = self.at_once;
        let line = self
            .lock()
            .entry(key.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(at_once)))
            .clone();
        // From here on, so that the line goes away too if nobody waits for this any more.
        let mut turn = Turn {
            lines: self.clone(),
            key: key.clone(),
            permit: None,
        };
        let permit = line.acquire_owned().await;
        turn.permit = Some(permit.expect("a line is never closed"));
        turn
    }
}

impl<K: Eq + Hash> Lines<K> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<Semaphore>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody is in any line.
    #[cfg(test)]
    pub fn are_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

impl<K: Eq + Hash> Drop for Turn<K> {
    fn drop(&mut self) {
        self.permit = None;
        let mut lines = self.lines.lock();
        if lines
            .get(&self.key)
            .is_some_and(|line| Arc::strong_count(line) == 1)
        {
            lines.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_line_is_for_one_key_and_goes_with_the_last() {
        let lines = Lines::new(1);
        let first = lines.turn(&'a').await;
        let other = lines.turn(&'b').await;
        let soon = Duration::from_millis(1);
        assert!(tokio::time::timeout(soon, lines.turn(&'a')).await.is_err());
        drop(other);
        assert_eq!(lines.lock().len(), 1);
        let mut waiting = Box::pin(lines.turn(&'a'));
        assert!(tokio::time::timeout(soon, &mut waiting).await.is_err());
        drop(first);
        assert_eq!(lines.lock().len(), 1);
        drop(waiting); // its turn had come
        assert!(lines.are_empty());
        drop(lines.turn(&'a').await);
        assert!(lines.are_empty());
    }
}
