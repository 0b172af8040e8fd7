//! `ros perms`: who may do what. What changes anything is written into Management Realms, like by any SDK.

mod ask;
mod grant;
mod lines;
mod offers;
mod rights;
mod show;
mod why;

use crate::failure::Failure;

/// See and change permissions
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros perms list\n  ros perms grant alice@example.com /bob/notes --read --write\n  ros perms grant '*' /shared/wall --read\n  ros perms why alice@example.com /bob/notes"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    List(show::List),
    Show(show::Show),
    Grant(grant::Grant),
    Revoke(grant::Revoke),
    Why(why::Arguments),
    Offer(offers::Offer),
    Accept(offers::Accept),
    Offers(offers::Offers),
}

/// Does what was asked for.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = crate::runtime()?;
    runtime.block_on(async {
        match &arguments.command {
            Command::List(list) => list.run().await,
            Command::Show(show) => show.run().await,
            Command::Grant(grant) => grant.run().await,
            Command::Revoke(revoke) => revoke.run().await,
            Command::Why(why) => why.run().await,
            Command::Offer(offer) => offer.run().await,
            Command::Accept(accept) => accept.run().await,
            Command::Offers(offers) => offers.run().await,
        }
    })
}
