//! Values for places: few different ones, so that they meet, and now and then a strange one.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use ros::changeset::{Column, ColumnKind, Decimal128, Link, Text, Value};

use super::super::model::Model;
use super::schema;
use super::{Scope, is_erasable};

/// What a value is for.
#[derive(Clone, Copy)]
pub(super) struct For<'a> {
    /// What there is.
    pub model: &'a Model,
    /// What edits may contain.
    pub scope: Scope,
    /// The class of the object around.
    pub class: &'a Text,
    /// Whether embedded objects may stand there.
    pub objects: bool,
}

/// A value for a place of this kind.
pub(super) fn value(random: &mut StdRng, target: For<'_>, column: &Column) -> Option<Value> {
    if column.nullable && random.random_bool(0.15) {
        return Some(Value::Null);
    }
    match &column.kind {
        ColumnKind::Mixed => mixed(random, target),
        ColumnKind::Link(class) => match target.model.classes.get(class)?.kind {
            ros::changeset::TableKind::Embedded => target.objects.then_some(Value::Object),
            _ => link(random, target, class),
        },
        kind => Some(scalar(random, kind, target.scope)),
    }
}

fn mixed(random: &mut StdRng, target: For<'_>) -> Option<Value> {
    match random.random_range(0..11) {
        0 => Some(Value::Null),
        1 => {
            let own = target.scope.own_links;
            // No rule of the merge knows where a link in a Mixed value leads: one to a class that another device erases does not apply.
            let stays = |class: &&Text| !(target.scope.erase_schema && is_erasable(class));
            let any = target.model.objects.keys().filter(stays).choose(random)?;
            link(random, target, if own { target.class } else { any })
        }
        2..4 if target.scope.nested => Some(Value::List),
        4..6 if target.scope.nested => Some(Value::Dictionary),
        6..9 => Some(Value::Int(random.random_range(0..5))),
        _ => {
            let kind = SCALARS.iter().choose(random)?;
            Some(scalar(random, kind, target.scope))
        }
    }
}

const SCALARS: [ColumnKind; 10] = [
    ColumnKind::Int,
    ColumnKind::Bool,
    ColumnKind::String,
    ColumnKind::Binary,
    ColumnKind::Timestamp,
    ColumnKind::Float,
    ColumnKind::Double,
    ColumnKind::Decimal,
    ColumnKind::ObjectId,
    ColumnKind::Uuid,
];

/// A link to an object that may be there or not.
fn link(random: &mut StdRng, target: For<'_>, class: &Text) -> Option<Value> {
    let there = target.model.objects.get(class)?.keys().choose(random);
    let key = match there {
        Some(key) if random.random_bool(0.5) || target.scope.own_links => key.clone(),
        _ if target.scope.own_links => return None, // SDKs link to what is there
        _ => schema::key(
            random,
            class,
            target.model.classes.get(class)?,
            target.scope.maker,
        )?,
    };
    Some(Value::Link(Link {
        class: class.clone(),
        key,
    }))
}

fn scalar(random: &mut StdRng, kind: &ColumnKind, scope: Scope) -> Value {
    let number: i64 = random.random_range(0..5);
    let byte = number as u8;
    let strange = random.random_bool(0.1);
    match kind {
        ColumnKind::Int if strange => {
            Value::Int([i64::MAX, i64::MIN, -1, 128, 65536][number as usize])
        }
        ColumnKind::Int => Value::Int(number),
        ColumnKind::Bool => Value::Bool(number % 2 == 0),
        ColumnKind::String if strange => {
            Value::String(["", "æøå", "日本語", "a\tb\"c\\", "🙂"][number as usize].into())
        }
        ColumnKind::String => Value::String(format!("s{number}").as_str().into()),
        ColumnKind::Binary => Value::Binary(vec![byte; 1 + number as usize % 3].into()),
        ColumnKind::Timestamp => Value::Timestamp {
            seconds: 1_700_000_000 + number,
            nanoseconds: number as i32 * 1_000_000,
        },
        ColumnKind::Float if scope.number_forms => Value::Float(number as f32 / 8.0),
        ColumnKind::Float => Value::Float(number as f32 + 0.125),
        ColumnKind::Double if scope.number_forms => Value::Double(number as f64 / 16.0),
        ColumnKind::Double => Value::Double(number as f64 + 0.0625),
        ColumnKind::Decimal => Value::Decimal(Decimal128 {
            coefficient: if scope.number_forms { 100 } else { 101 } + number as u128,
            exponent: -2,
            negative: strange,
        }),
        ColumnKind::ObjectId => Value::ObjectId([byte; 12]),
        ColumnKind::Uuid => Value::Uuid([byte; 16]),
        ColumnKind::Mixed | ColumnKind::Link(_) => Value::Null,
    }
}
