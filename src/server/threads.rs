//! Work for Realms on threads that may wait: bounded altogether, and for each Realm, so that a busy one never stops others.
//!
//! Who waits does so in line and without a thread.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::lines::Lines;
use crate::courtesy;
use crate::ident::RealmName;

/// Threads for one kind of work.
pub struct Threads {
    all: Arc<Semaphore>,
    turns: Arc<Lines<RealmName>>,
}

/// The work has panicked; the panic itself is in the log.
#[derive(Debug)]
pub struct Panicked;

impl Threads {
    /// So many threads, of which one Realm has `each` at most.
    pub fn new(all: usize, each: usize) -> Threads {
        Threads {
            all: Arc::new(Semaphore::new(all.max(1))),
            turns: Lines::new(each),
        }
    }

    /// Does the work when it is its turn. Work that has begun is done, even if nobody waits for it any more.
    pub async fn run<T: Send + 'static>(
        &self,
        realm: &RealmName,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let turn = self.turns.turn(realm).await;
        let thread = self.all.clone().acquire_owned().await;
        let thread = thread.expect("the line of all is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let _until_done = (turn, thread);
            courtesy::giving_way(work)
        });
        done.await.map_err(|_| Panicked)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};
    use std::time::Duration;

    use super::*;

    fn realm(name: &str) -> RealmName {
        RealmName::from_canonical(name)
    }

    #[tokio::test]
    async fn a_busy_realm_does_not_stop_others() {
        let threads = Arc::new(Threads::new(3, 2));
        let (release, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let busy: Vec<_> = (0..10)
            .map(|_| {
                let (threads, wait) = (threads.clone(), wait.clone());
                let work = move || wait.lock().unwrap().recv().unwrap();
                tokio::spawn(async move { threads.run(&realm("/busy"), work).await })
            })
            .collect();
        for n in 0..100 {
            let done = threads.run(&realm("/other"), move || n).await;
            assert_eq!(done.unwrap(), n);
        }
        for _ in &busy {
            release.send(()).unwrap();
        }
        for work in busy {
            work.await.unwrap().unwrap();
        }
        assert!(threads.turns.are_empty());
    }

    #[tokio::test]
    async fn work_counts_until_it_is_done_whoever_waits() {
        let threads = Threads::new(1, 1);
        let (release, wait) = mpsc::channel::<()>();
        let name = realm("/a");
        let abandoned = threads.run(&name, move || wait.recv().unwrap());
        let soon = Duration::from_millis(1);
        assert!(tokio::time::timeout(soon, abandoned).await.is_err());
        assert_eq!(threads.all.available_permits(), 0);
        release.send(()).unwrap();
        threads.run(&name, || ()).await.unwrap();
        assert!(threads.run(&name, || panic!("at work")).await.is_err());
        threads.run(&name, || ()).await.unwrap();
        assert!(threads.turns.are_empty());
    }
}
