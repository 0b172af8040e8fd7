//! `ros token inspect` and `ros token revoke`.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use ros::api::tokens::Inspected;
use ros::auth::{Inspection, PublicKey};
use ros::http::inspected;
use ros::ident::UnixTime;

use crate::consent::Consent;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Rows};
use crate::reach::{Reach, secret_of};

/// Say what a token contains, and whether the server takes it
///
/// Any token: an administrator's, one of the classic API, one of an app. Ends with 5 if the server refuses it, and says why. With --public-key no server is asked: then only
/// signature and time are looked at, not whether its login has ended or it was revoked.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros token inspect ros-data/keys/admin.token\n  ros token mint alice | ros token inspect -o json\n  ros token inspect --public-key ros-data/keys/public.pem alice.token"
)]
pub struct Inspect {
    /// The file that holds it; - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// A public key, PEM, that may have signed it; no server is asked
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

/// End a token before its time
///
/// A token that somebody got by signing in ends with its login, and so do all others of that login and what was opened with them. One that was made with `ros token` ends alone.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros token revoke lost.token --yes\n  ros token revoke - --dry-run < lost.token"
)]
pub struct Revoke {
    /// The file that holds it; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    reach: Reach,
}

/// Looks at a token.
pub fn inspect(arguments: &Inspect) -> Result<(), Failure> {
    let token = secret_of(&arguments.file)?;
    let found = match &arguments.public_key {
        Some(file) => {
            let key = PublicKey::read(file).map_err(|error| {
                Failure::new(Exit::Failed, "cannot read the public key").cause(error)
            })?;
            let inspection = Inspection::of(&token, Some(&key), now());
            let accepted = Some(inspection.refused.is_none());
            Inspected {
                accepted,
                ..inspected(inspection)
            }
        }
        None => {
            let reach = &arguments.reach;
            let (server, admin) = (reach.server()?, reach.admin_token()?);
            let asked = async {
                let asking = server.inspect_token(&admin, &token);
                reach.within("cannot ask about the token", asking).await
            };
            crate::runtime()?.block_on(asked)?
        }
    };
    show(&found, arguments.output)?;
    match found.accepted {
        Some(false) => Err(Failure::shown(Exit::Denied)),
        Some(true) | None => Ok(()),
    }
}

fn show(found: &Inspected, format: Format) -> Result<(), Failure> {
    if let Format::Json | Format::Ndjson = format {
        return output::print_json(found);
    }
    let or_none = |text: &Option<String>, none: &str| text.clone().unwrap_or(none.to_owned());
    let accepted = match (&found.refused, found.accepted) {
        (Some(cause), _) => format!("no: {cause}"),
        (None, Some(true)) => "yes".to_owned(),
        (None, _) => "not known".to_owned(),
    };
    let mut rows = Rows::new(["what", "value"]);
    for (what, value) in [
        ("accepted", accepted),
        ("kind", or_none(&found.kind, "none that is known")),
        ("form", or_none(&found.form, "none that is known")),
        (
            "signed by",
            or_none(&found.signed_by, "no key of the server"),
        ),
        ("issued", or_none(&found.issued_at, "not said")),
        ("expires", or_none(&found.expires_at, "never")),
    ] {
        rows.push(vec![what.to_owned(), value]);
    }
    let parts = [("header", &found.header), ("claim", &found.claims)];
    for (part, members) in parts {
        for (name, value) in members.as_object().into_iter().flatten() {
            rows.push(vec![format!("{part} {name}"), value.to_string()]);
        }
    }
    output::print(&rows.text(format))
}

/// Ends a token.
pub fn revoke(arguments: &Revoke) -> Result<(), Failure> {
    let token = secret_of(&arguments.file)?;
    let reach = &arguments.reach;
    let (server, admin) = (reach.server()?, reach.admin_token()?);
    let what = format!("revoke the token in {}", arguments.file.display());
    if !arguments.consent.given(&what)? {
        return Ok(());
    }
    let revoked = async {
        let revoking = server.revoke_token(&admin, &token);
        reach.within("cannot revoke the token", revoking).await
    };
    crate::runtime()?.block_on(revoked)
}

fn now() -> UnixTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixTime(now.unwrap_or_default().as_secs())
}
