//! Peers that misbehave, on real sockets: each gets its error, memory stays bounded, and nobody else notices.

mod attacks;
mod beside;
mod checks;
pub mod client;
mod damage;
mod files;
mod floods;
mod frames;
mod merging;
mod noise;
mod readers;
mod sizes;
mod slow;
