//! `ros token`: tokens for operators.

mod key;
mod make;
mod see;

use crate::failure::Failure;

/// Make, look at and revoke tokens
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros token admin --private-key ros-data/keys/private.pem > admin.token\n  ros token mint alice --realm /alice/notes --read --lifetime 1h\n  ros token inspect admin.token"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Admin(make::Admin),
    Mint(make::Mint),
    Inspect(see::Inspect),
    Revoke(see::Revoke),
}

/// Does what was asked for.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Admin(admin) => make::admin(admin),
        Command::Mint(mint) => make::mint(mint),
        Command::Inspect(inspect) => see::inspect(inspect),
        Command::Revoke(revoke) => see::revoke(revoke),
    }
}
