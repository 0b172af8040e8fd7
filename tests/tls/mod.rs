//! TLS: pairs, and servers that show them.

mod documented;
mod pairs;
mod serving;
