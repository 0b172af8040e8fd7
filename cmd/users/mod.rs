//! `ros users`: who may sign in.

mod import;
mod place;
mod show;

use std::path::PathBuf;

use ros::secret::Secret;
use serde_json::json;

use crate::consent::Consent;
use crate::failure::Failure;
use crate::output::Format;
use crate::reach::secret_of;
use place::Target;

/// List, make, change and remove users
///
/// Of a running server with an administrator's token or name; of a stopped one with --root DIR, for whoever has its data folder, also when no administrator can sign in.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros users list --search example.com\n  ros users add ada@example.com --admin --new-password-file -\n  ros users make-admin ada@example.com --root /var/lib/realm"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List users, in the order of their ids
    #[command(
        before_long_help = "Examples:\n  ros users list --app my-app\n  ros users list --search example.com --limit 20 -o json\n  ros users list --admins"
    )]
    List {
        /// Those of this app; `classic` are the users of Realm Object Server 1 to 3 [default: all]
        #[arg(long)]
        app: Option<String>,
        /// Those whose name contains this, or whose id begins with it
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Administrators alone
        #[arg(long)]
        admins: bool,
        /// How many, at most
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// The form of the result
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
        #[command(flatten)]
        target: Target,
    },
    /// Show what is known of a user
    #[command(
        before_long_help = "Examples:\n  ros users show ada@example.com\n  ros users show 5d1c0e7a9b3f4c2286aa10f3b7e4d901 -o json"
    )]
    Show {
        #[command(flatten)]
        who: Who,
        /// The form of the result
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
        #[command(flatten)]
        target: Target,
    },
    /// Make a user
    ///
    /// Without a password the user cannot sign in until `ros users set-password`.
    #[command(
        before_long_help = "Examples:\n  ros users add ada@example.com --new-password-file ada.password\n  ros users add root --admin --new-password-file - --root /var/lib/realm"
    )]
    Add {
        /// Name or e-mail address
        name: String,
        /// The app that the user belongs to
        #[arg(long, default_value = CLASSIC)]
        app: String,
        /// A file that holds the password; - for standard input
        #[arg(long, value_name = "FILE")]
        new_password_file: Option<PathBuf>,
        /// Make it an administrator of the server
        #[arg(long)]
        admin: bool,
        /// The form of the result
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
        #[command(flatten)]
        target: Target,
    },
    /// Make the users of another server, with their ids and the hashes of their passwords
    ///
    /// The list is lines of JSON, or CSV with a heading. Each user has an id and a name; hash and salt (base64 of PBKDF2), digest (sha256, sha512) and iterations, or data as
    /// Realm Object Server 1 keeps it; admin, suspended, metadata, app. A hash is replaced by a stronger one when its user signs in.
    #[command(
        before_long_help = "Examples:\n  ros users import users.ndjson --dry-run\n  ros users import users.csv -o ndjson\n  ros users import - --root /var/lib/realm < users.ndjson"
    )]
    Import {
        /// The list; - for standard input
        file: PathBuf,
        /// The app of users whose line names none
        #[arg(long, default_value = CLASSIC)]
        app: String,
        /// Say which users could be made, and make none
        #[arg(long)]
        dry_run: bool,
        /// The form of the report
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
        #[command(flatten)]
        target: Target,
    },
    /// Remove a user with its Realms, and end all that it has open
    #[command(
        before_long_help = "Examples:\n  ros users remove ada@example.com --dry-run\n  ros users remove ada@example.com --app my-app --yes"
    )]
    Remove {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        consent: Consent,
        #[command(flatten)]
        target: Target,
    },
    /// Give a user another password, and end all its logins
    #[command(
        before_long_help = "Examples:\n  ros users set-password ada@example.com --new-password-file -\n  ros users set-password root --new-password-file new.password --root /var/lib/realm"
    )]
    SetPassword {
        #[command(flatten)]
        who: Who,
        /// A file that holds the password; - for standard input
        #[arg(long, value_name = "FILE")]
        new_password_file: PathBuf,
        #[command(flatten)]
        target: Target,
    },
    /// Make a user an administrator of the server
    #[command(
        before_long_help = "Examples:\n  ros users make-admin ada@example.com\n  ros users make-admin ada@example.com --undo"
    )]
    MakeAdmin {
        #[command(flatten)]
        who: Who,
        /// Make it one like all others again
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Keep a user out, and end all that it has open
    #[command(
        before_long_help = "Examples:\n  ros users suspend ada@example.com\n  ros users suspend ada@example.com --undo"
    )]
    Suspend {
        #[command(flatten)]
        who: Who,
        /// Let it in again
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        target: Target,
    },
}

/// The app of whoever names none.
const CLASSIC: &str = "classic";

/// A user.
#[derive(clap::Args)]
struct Who {
    /// The user: its id, name or e-mail address
    #[arg(id = "who", value_name = "USER")]
    user: String,
    /// The app that the user belongs to
    #[arg(long, default_value = CLASSIC)]
    app: String,
}

/// Does what was asked for.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::List {
            app,
            search,
            admins,
            limit,
            output,
            target,
        } => {
            let asked = place::Asked {
                app: app.clone(),
                search: search.clone(),
                admins: *admins,
                limit: limit.unwrap_or(usize::MAX),
            };
            show::list(&target.open()?.list(&asked)?, *output)
        }
        Command::Show {
            who,
            output,
            target,
        } => show::one(&target.open()?.show(&who.app, &who.user)?, *output),
        Command::Add {
            name,
            app,
            new_password_file,
            admin,
            output,
            target,
        } => {
            let password = new_password_file.as_deref().map(secret_of).transpose()?;
            let made = target.open()?.add(app, name, password.as_ref(), *admin)?;
            show::one(&made, *output)
        }
        Command::Import {
            file,
            app,
            dry_run,
            output,
            target,
        } => import::run(file, app, *dry_run, *output, target),
        Command::Remove {
            who,
            consent,
            target,
        } => {
            let mut place = target.open()?;
            let user = place.show(&who.app, &who.user)?;
            let name = user.name.as_deref().unwrap_or("without a name");
            if consent.given(&format!(
                "remove the user {name} ({}) of {} with its Realms",
                user.id, user.app
            ))? {
                place.remove(&user.app, &user.id)?;
            }
            Ok(())
        }
        Command::SetPassword {
            who,
            new_password_file,
            target,
        } => {
            let password: Secret = secret_of(new_password_file)?;
            change(target, who, &json!({ "password": password.reveal() }))
        }
        Command::MakeAdmin { who, undo, target } => change(target, who, &json!({ "admin": !undo })),
        Command::Suspend { who, undo, target } => {
            change(target, who, &json!({ "suspended": !undo }))
        }
    }
}

fn change(target: &Target, who: &Who, change: &serde_json::Value) -> Result<(), Failure> {
    target.open()?.change(&who.app, &who.user, change).map(drop)
}
