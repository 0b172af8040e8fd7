//! House rules: what must stay true of the source itself.

mod generated;
mod layers;
