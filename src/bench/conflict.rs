//! `conflict`: devices that edited the same objects offline come online together.

use std::time::Instant;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;

use super::{BenchError, Machine, Process, Target, objects, open_all, rounded};
use crate::changeset::{CollectionKind, Key, Path, Step, Value};
use crate::client::{Realm, Transaction, WriteError, field};
use crate::state::{Content, Reader};

/// What is loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Conflict {
    /// Devices.
    pub clients: usize,
    /// Edits of each while it is offline, five in a transaction.
    pub ops: usize,
    /// Objects that they share: the fewer, the more conflicts.
    pub objects: usize,
    /// From which the edits are drawn.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    load: Conflict,
    /// From coming online until all are equal.
    merge_s: f64,
    ops_per_s: f64,
    converged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Process>,
    machine: Machine,
}

/// Runs the load.
pub async fn conflict(target: &Target, load: Conflict) -> Result<Report, BenchError> {
    let machine = Machine::here();
    let clients = open_all(target, load.clients, |_| 0).await?;
    if let Some(first) = clients.first() {
        first.write(|edit| {
            objects::schema(edit)?;
            (0..load.objects).try_for_each(|object| objects::create(edit, 0, object))
        })?;
        target.uploaded(std::slice::from_ref(first)).await?;
    }
    target.downloaded(&clients).await?;
    for (number, client) in clients.iter().enumerate() {
        client.set_online(false);
        let mut random = StdRng::seed_from_u64(load.seed.wrapping_mul(1000) + number as u64);
        for first in (0..load.ops).step_by(5) {
            let count = (load.ops - first).min(5);
            client.write(|edit| (0..count).try_for_each(|_| edit_one(edit, &mut random, &load)))?;
        }
    }
    let before = target.process()?;
    let start = Instant::now();
    clients.iter().for_each(|client| client.set_online(true));
    target.uploaded(&clients).await?;
    target.downloaded(&clients).await?;
    let merge_s = start.elapsed().as_secs_f64();
    let after = target.process()?;
    let fresh = target.open(0).await?;
    target.downloaded(std::slice::from_ref(&fresh)).await?;
    let expected = contents(&fresh)?;
    for (number, client) in clients.iter().enumerate() {
        if contents(client)? != expected {
            return Err(BenchError::Wrong(format!(
                "device {number} and a fresh one are not equal (seed {})",
                load.seed
            )));
        }
    }
    Ok(Report {
        merge_s: rounded(merge_s),
        ops_per_s: rounded((load.ops * load.clients) as f64 / merge_s),
        converged: true,
        server: after.zip(before).map(|(after, before)| after.since(before)),
        machine,
        load,
    })
}

/// One random edit of one shared object.
fn edit_one(
    edit: &mut Transaction<'_, '_>,
    random: &mut StdRng,
    load: &Conflict,
) -> Result<(), WriteError> {
    let object = Key::Int(objects::key(0, random.random_range(0..load.objects.max(1))));
    let number = random.random_range(0..1000);
    if !edit.has(objects::CLASS, &object)? {
        return edit.create(objects::CLASS, object);
    }
    let list = field(objects::CLASS, &object, "list");
    let at = |index: u32| Path {
        steps: vec![Step::Index(index)],
        ..list.clone()
    };
    let length = edit.list_length(&at(0))?;
    match random.random_range(0..100) {
        0..30 => edit.set(field(objects::CLASS, &object, "seq"), Value::Int(number)),
        30..45 => edit.set(
            field(objects::CLASS, &object, "text"),
            Value::String(format!("text {number}").as_str().into()),
        ),
        45..55 => edit.add(field(objects::CLASS, &object, "client"), number),
        55..80 => {
            let index = random.random_range(0..=length);
            edit.insert(at(index), Value::Int(number))
        }
        80..90 if length > 0 => edit.remove(at(random.random_range(0..length))),
        90..97 if length > 0 => edit.set(at(random.random_range(0..length)), Value::Int(number)),
        97 => edit.clear(list, CollectionKind::List),
        98 => edit.delete(objects::CLASS, object),
        _ => edit.set(
            field(objects::CLASS, &object, "flag"),
            Value::Bool(number % 2 == 0),
        ),
    }
}

/// Everything in a copy.
fn contents(realm: &Realm) -> Result<Vec<(Key, Vec<Content>)>, BenchError> {
    let mut all = realm.look(|schema, cells| {
        let Some(class) = schema.class(&objects::CLASS.into()).cloned() else {
            return Ok(Vec::new());
        };
        let mut reader = Reader::new(cells, schema);
        let keys = reader.keys(&class, None, usize::MAX)?;
        keys.into_iter()
            .map(|(key, _)| {
                let mut fields = reader.object(&class, &key)?.unwrap_or_default();
                fields.sort_by(|a, b| a.name.cmp(&b.name));
                Ok((key, fields.into_iter().map(|field| field.content).collect()))
            })
            .collect()
    })?;
    all.sort_by(|a: &(Key, Vec<Content>), b| a.0.cmp(&b.0));
    Ok(all)
}
