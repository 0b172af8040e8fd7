//! What somebody may do, and what that follows from.

use ros::api::permissions::{RowShown, Why, WhyBody};

use crate::failure::Failure;
use crate::open;
use crate::output::{self, Format, Rows};
use crate::reach::Reach;

/// Say what a user may do in a Realm, and why
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros perms why alice@example.com /bob/notes\n  ros perms why '*' my-app/notes -o json"
)]
pub struct Arguments {
    /// An id, the name by which a user signs in, or '*' for whoever has nothing of its own
    #[arg(value_name = "USER")]
    who: String,
    /// The Realm: a path (/alice/notes) or a partition of an app (my-app/notes)
    #[arg(value_name = "REALM")]
    realm: String,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

impl Arguments {
    /// Does it.
    pub async fn run(&self) -> Result<(), Failure> {
        let address = open::address(&self.realm)?;
        let (server, token) = (self.reach.server()?, self.reach.admin_token()?);
        let body = WhyBody {
            user: self.who.clone(),
            realm: address.to_string(),
        };
        let what = format!("cannot find out what {} may do on {address}", self.who);
        let why = self.reach.within(&what, server.why(&token, &body)).await?;
        match self.output {
            Format::Json => output::print_json(&why),
            Format::Ndjson => output::print(&(serde_json::json!(why).to_string() + "\n")),
            Format::Table | Format::Plain | Format::Csv => {
                output::print(&table(&why).text(self.output))
            }
        }
    }
}

fn table(why: &Why) -> Rows {
    let read = match &why.read_implied_by {
        Some(right) => format!("read (follows from {right})"),
        None => "read".to_owned(),
    };
    let words = |flags: &[(bool, &str)]| {
        let has: Vec<&str> = flags
            .iter()
            .filter(|(has, _)| *has)
            .map(|(_, word)| *word)
            .collect();
        if has.is_empty() {
            "nothing".to_owned()
        } else {
            has.join(", ")
        }
    };
    let row = |row: &Option<RowShown>| {
        let Some(row) = row else {
            return "none".to_owned();
        };
        let sent = [
            (row.may_read, "read"),
            (row.may_write, "write"),
            (row.may_manage, "manage"),
        ];
        format!(
            "{}; by {} ({}) since {}",
            words(&sent),
            row.by,
            row.how,
            row.since
        )
    };
    let rights = [
        (why.may_read, read.as_str()),
        (why.may_write, "write"),
        (why.may_manage, "manage"),
        (why.may_add_schema, "add classes"),
        (why.may_erase_schema, "remove classes"),
    ];
    let mut rows = Rows::new(["", ""]);
    let exists = if why.exists { "" } else { " (not there yet)" };
    let known = if why.known {
        ""
    } else {
        " (no user of this server)"
    };
    for (name, value) in [
        ("realm", format!("{}{exists}", why.realm)),
        ("user", format!("{}{known}", why.user)),
        ("may", words(&rights)),
        ("because", why.reason.clone()),
        (
            "owner",
            why.owner.clone().unwrap_or_else(|| "none".to_owned()),
        ),
        ("own row", row(&why.own)),
        ("everyone's row", row(&why.everyone)),
    ] {
        rows.push(vec![name.to_owned(), value]);
    }
    rows
}
