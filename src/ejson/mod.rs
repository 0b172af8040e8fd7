//! What a Realm contains as extended JSON, and back. The format is stable: exports are kept, scripts read it.
//!
//! | in a column of type | is |
//! |---|---|
//! | int | a number |
//! | bool, string | plain |
//! | float, double | a number that reads back to the same bits, or `{"$numberDouble":"-0.0"}` (`Infinity`, `-Infinity`, `NaN`, `NaN(0x…bits)`) |
//! | decimal128 | `{"$numberDecimal":"1.50"}` |
//! | date | `{"$date":"2023-11-14T22:13:20.123456789Z"}`, with as many digits as it takes |
//! | data | `{"$binary":{"base64":"AAE=","subType":"00"}}` |
//! | uuid, objectId | `{"$uuid":"…"}`, `{"$oid":"…"}` |
//! | link | `{"$ref":"Person","$id":<key>}`; an embedded object is an object of its fields |
//! | list, set | an array |
//! | dictionary | an object |
//! | mixed | as above, but for `{"$numberDouble":"1.5"}` and `{"$numberFloat":"1.5"}`: a plain number is an int. A list is an array, a dictionary an object |
//!
//! A key is a value of its type; that of an object without primary key is `{"$global":"hi-lo"}`. An object begins with its key: under the name of the primary
//! key, or `$id` where there is none.
//!
//! What the table cannot say has a longer form, so that nothing is lost:
//!
//! | | is |
//! |---|---|
//! | a string that is not UTF-8 | `{"$text":{"base64":"…"}}` |
//! | the name of a field, class or dictionary key that is not UTF-8 or begins with `$text:` | `$text:` and base64 |
//! | a column `$id` in a class without primary key | `$text:` and base64 |
//! | a dictionary with a key that begins with `$` | `{"$dictionary":{…}}` |
//! | a date in a year that has not four digits | `{"$date":{"seconds":-99999999999,"nanoseconds":-5}}`, both of one sign |
//! | a decimal that is no number, infinity or plain NaN | `{"$decimal128":{"negative":false,"coefficient":"1","exponent":9696}}` |
//!
//! Reading takes what is written, and what people write by hand:
//!
//! - `{"$numberInt":"5"}`, `{"$numberLong":"5"}`, with the number as a text or a number, wherever a number stands;
//! - `{"$date":…}` with milliseconds (a number or `$numberLong`) or an RFC 3339 text with any offset, or a day alone;
//! - `{"$binary":"base64"}`, and `{"$binary":{…,"subType":"04"}}` for a UUID;
//! - where the column says the type: an RFC 3339 text for a date, plain digits for a UUID or an ObjectId, a number or text for a decimal, and the key alone for
//!   a link;
//! - in a mixed place a number with a point for a double.
//!
//! Absent on purpose: where objects are stored, and what becomes of what was read.

mod error;
mod key;
mod name;
mod object;
mod read;
mod scalar;
mod schema;
pub mod spelling;
mod write;

#[cfg(test)]
mod tests;

pub use error::EjsonError;
pub use key::{key_from_json, key_from_text, key_to_json};
pub use name::{name_from_json, name_to_json};
pub use object::{field_from_json, object_from_json, object_to_json};
pub use read::from_json;
pub use schema::{Shape, type_word};
pub use write::to_json;
