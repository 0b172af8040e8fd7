//! Users: found, made, changed, removed.

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde_json::json;

use super::By;
use crate::api::users::{NamedIdentity, NewUser, User, UserChange, Users};
use crate::audit::Act;
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Http, request};
use crate::ident::{AppId, UserId};
use crate::system::{Account, AccountChange, PAGE, Search, Wanted};

/// The app of whoever names none.
const CLASSIC: &str = "classic";

/// `GET users?app=…&search=…&admins=true&after=…&limit=…`
pub async fn list(http: &Http, head: &Parts) -> Result<Response<Answer>, Failure> {
    let asked = |name| request::query(&head.uri, name);
    let limit = match asked("limit") {
        Some(limit) => limit
            .parse()
            .map_err(|_| Failure::bad_request("limit is no number"))?,
        None => 100,
    };
    let search = Search {
        app: asked("app").map(|app| app_of(Some(app))).transpose()?,
        text: asked("search").filter(|text| !text.is_empty()),
        admins: asked("admins").as_deref() == Some("true"),
        after: asked("after").map(|id| UserId(id.into())),
        limit: limit.clamp(1, PAGE),
    };
    let limit = search.limit;
    let found = http.call(move |system| system.accounts(&search)).await?;
    let last = found.last().filter(|_| found.len() == limit);
    let shown = Users {
        next: last.map(|account| account.user.to_string()),
        users: found.into_iter().map(shown).collect(),
    };
    Ok(answer::json(StatusCode::OK, &shown))
}

/// `POST users`
pub async fn add(http: &Http, by: &By, body: &[u8]) -> Result<Response<Answer>, Failure> {
    let wanted: NewUser = request::parse(body)?;
    let (app, moment) = (app_of(wanted.app.clone())?, http.moment());
    let made = http
        .call_hashing(move |system| {
            let wanted = Wanted {
                app: &app,
                name: &wanted.name,
                password: wanted.password.as_ref(),
                admin: wanted.admin,
            };
            system.add_account(&wanted, &moment)
        })
        .await?;
    let entry = by.entry(Act::AddUser).user(&made.user).app(&made.app);
    entry
        .detail(if made.admin { "administrator" } else { "user" })
        .done();
    Ok(answer::json(StatusCode::CREATED, &shown(made)))
}

/// `GET users/<id or name>?app=…`
pub async fn show(http: &Http, head: &Parts, who: &str) -> Result<Response<Answer>, Failure> {
    let found = found(http, head, who).await?;
    Ok(answer::json(StatusCode::OK, &shown(found)))
}

/// `PATCH users/<id or name>?app=…`
pub async fn change(
    http: &Http,
    by: &By,
    head: &Parts,
    who: &str,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let change: UserChange = request::parse(body)?;
    let user = found(http, head, who).await?.user;
    let said = self::changed(&change);
    let (changed, moment) = (user.clone(), http.moment());
    let work = move |system: &crate::system::System| {
        let ended = system.change_account(&changed, &change.into(), &moment)?;
        Ok((system.account(&changed)?, ended))
    };
    let (account, ended) = http.call_hashing(work).await?;
    by.entry(Act::ChangeUser).user(&user).detail(said).done();
    http.surroundings.ended(&ended);
    http.surroundings.user_ended(&user);
    Ok(answer::json(StatusCode::OK, &shown(account)))
}

/// `DELETE users/<id or name>?app=…`
pub async fn remove(
    http: &Http,
    by: &By,
    head: &Parts,
    who: &str,
) -> Result<Response<Answer>, Failure> {
    let user = found(http, head, who).await?.user;
    let (removed, now) = (user.clone(), http.surroundings.now());
    let ended = http
        .call(move |system| system.remove_account(&removed, now))
        .await?;
    by.entry(Act::RemoveUser).user(&user).done();
    http.surroundings.ended(&ended);
    http.surroundings.user_ended(&user);
    Ok(answer::json(StatusCode::OK, &json!({})))
}

async fn found(http: &Http, head: &Parts, who: &str) -> Result<Account, Failure> {
    let who = request::decoded(who).ok_or_else(|| Failure::bad_request("malformed user"))?;
    let app = app_of(request::query(&head.uri, "app"))?;
    http.call(move |system| system.who(&app, &who)).await
}

/// The app of this name; `classic` if none is named.
pub fn app_of(named: Option<String>) -> Result<AppId, Failure> {
    let named = named.as_deref().unwrap_or(CLASSIC);
    AppId::parse(named).ok_or_else(|| Failure::bad_request("malformed app id"))
}

/// What is changed, for the record: no password, and nothing of the custom data.
pub fn changed(change: &UserChange) -> String {
    let either = |said: Option<bool>, yes, no| said.map(|said| if said { yes } else { no });
    let words = [
        change.password.as_ref().map(|_| "password"),
        either(change.admin, "administrator", "no administrator"),
        either(change.suspended, "suspended", "active"),
        change.metadata.as_ref().map(|_| "custom data"),
    ];
    let words: Vec<&str> = words.into_iter().flatten().collect();
    words.join(", ")
}

impl From<UserChange> for AccountChange {
    fn from(change: UserChange) -> AccountChange {
        AccountChange {
            password: change.password,
            admin: change.admin,
            suspended: change.suspended,
            metadata: change.metadata,
        }
    }
}

/// A user, as it is shown.
pub fn shown(account: Account) -> User {
    let identity = |(provider, name): (crate::system::Provider, String)| NamedIdentity {
        provider: provider.name().to_owned(),
        name,
    };
    User {
        id: account.user.to_string(),
        app: account.app.to_string(),
        name: account.name,
        created: account.created.rfc3339(),
        admin: account.admin,
        suspended: account.suspended,
        identities: account.identities.into_iter().map(identity).collect(),
        metadata: account.metadata,
        logins: account.logins,
    }
}
