//! House rules: what must stay true of the source itself.

mod crates;
mod generated;
mod layers;
mod lines;
