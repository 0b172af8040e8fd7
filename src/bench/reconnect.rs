//! `reconnect`: all devices lose their connection at once, and come back with something to tell.

use std::time::Instant;

use serde::Serialize;

use super::{BenchError, Machine, Process, Target, objects, open_all, rounded};
use crate::changeset::Key;
use crate::client::WriteError;

/// What is loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Reconnect {
    /// Devices, each with a connection of its own.
    pub clients: usize,
    /// Realms, over which they are spread.
    pub realms: usize,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    load: Reconnect,
    /// Until every device is connected again, has uploaded what it made meanwhile, and is up to date.
    seconds: f64,
    /// Changes that a fresh device did not find.
    lost: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Process>,
    machine: Machine,
}

/// Runs the load.
pub async fn reconnect(target: &Target, load: Reconnect) -> Result<Report, BenchError> {
    let machine = Machine::here();
    let realms = load.realms.max(1);
    let clients = open_all(target, load.clients, |client| client % realms).await?;
    for first in clients.iter().take(realms) {
        first.write::<(), WriteError>(objects::schema)?;
    }
    target.uploaded(&clients).await?;
    target.downloaded(&clients).await?;
    let before = target.process()?;
    clients.iter().for_each(|client| client.lose_connection());
    for (number, client) in clients.iter().enumerate() {
        client.write(|edit| {
            objects::schema(edit)?;
            objects::create(edit, number, 0)
        })?;
    }
    let start = Instant::now();
    target.uploaded(&clients).await?;
    target.downloaded(&clients).await?;
    let seconds = rounded(start.elapsed().as_secs_f64());
    let after = target.process()?;
    let mut lost = 0;
    for realm in 0..realms.min(load.clients) {
        let fresh = target.open(realm).await?;
        target.downloaded(std::slice::from_ref(&fresh)).await?;
        for client in (realm..load.clients).step_by(realms) {
            let key = Key::Int(objects::key(client, 0));
            lost += usize::from(fresh.get(objects::CLASS, &key, "seq")?.is_none());
        }
    }
    if lost > 0 {
        return Err(BenchError::Wrong(format!(
            "{lost} acknowledged changes are lost"
        )));
    }
    Ok(Report {
        load,
        seconds,
        lost,
        server: after.zip(before).map(|(after, before)| after.since(before)),
        machine,
    })
}
