//! TLS: pairs, and servers that show them.

mod pairs;
mod serving;
