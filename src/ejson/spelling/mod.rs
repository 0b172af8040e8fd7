//! Values as texts and back: the one spelling of dates, decimals, floats and identifiers, for extended JSON and for queries.
//!
//! Every function that writes has one that reads, and what is written reads back to the same bits. Reading takes more than is written where
//! people write by hand, and never rounds silently: a text that no value equals is refused. (Floats are the exception that everybody expects: `0.1` is the
//! nearest one.)

mod date;
mod decimal;
mod float;
mod id;
mod near;

pub use date::{date, date_text};
pub use decimal::{decimal, decimal_text};
pub use float::{double, double_text, float, float_text};
pub use id::{global, global_text, object_id, object_id_text, uuid, uuid_text};
pub use near::nearest;
