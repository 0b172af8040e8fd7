//! Users, printed.

use ros::api::users::User;

use crate::failure::Failure;
use crate::output::{self, Format, Rows};

/// Many.
pub fn list(users: &[User], format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => output::print_json(&users),
        Format::Ndjson => users.iter().try_for_each(output::print_json),
        format => {
            let mut rows = Rows::new(["id", "app", "name", "state", "logins", "created"]);
            for user in users {
                rows.push(vec![
                    user.id.clone(),
                    user.app.clone(),
                    user.name.clone().unwrap_or_default(),
                    state(user).to_owned(),
                    user.logins.to_string(),
                    user.created.clone(),
                ]);
            }
            output::print(&rows.text(format))
        }
    }
}

/// One.
pub fn one(user: &User, format: Format) -> Result<(), Failure> {
    if let Format::Json | Format::Ndjson = format {
        return output::print_json(user);
    }
    let mut rows = Rows::new(["what", "value"]);
    let mut row = |what: &str, value: String| rows.push(vec![what.to_owned(), value]);
    row("id", user.id.clone());
    row("app", user.app.clone());
    row("name", user.name.clone().unwrap_or_default());
    row("state", state(user).to_owned());
    row("created", user.created.clone());
    row("logins", user.logins.to_string());
    for identity in &user.identities {
        row(
            &format!("identity {}", identity.provider),
            identity.name.clone(),
        );
    }
    for (key, value) in &user.metadata {
        row(&format!("metadata {key}"), value.to_string());
    }
    output::print(&rows.text(format))
}

fn state(user: &User) -> &'static str {
    match (user.suspended, user.admin) {
        (true, _) => "suspended",
        (false, true) => "admin",
        (false, false) => "active",
    }
}
