//! Users: looked up, listed, made, suspended, deleted. For administrators, and partly for the user itself.

use hyper::Response;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::problem::{Kind, Problem};
use super::{app, done, token};
use crate::api::classic::{AccountBody, MetadataBody, UserBody, WantedStatus, WantedUser};
use crate::audit::{Act, Entry};
use crate::http::{Answer, Http, request};
use crate::ident::UserId;
use crate::system::{
    Account, AccountChange, ImportedUser, PAGE, Provider, Search, Shown, SystemError, classic_user,
};

/// `GET /auth/users`, with paging that the original does not have.
pub async fn list(http: &Http, head: &Parts) -> Result<Response<Answer>, Problem> {
    only_admin(http, head).await?;
    let asked = |name| request::query(&head.uri, name);
    let limit = match asked("limit").map(|limit| limit.parse()) {
        Some(Ok(limit)) => limit,
        Some(Err(_)) => return Err(Problem::invalid("limit", "is not a number")),
        None => PAGE,
    };
    let search = Search {
        app: Some(app()),
        text: asked("search"),
        admins: false,
        after: asked("after").map(|id| UserId(id.into())),
        limit,
    };
    let found = http.ask(move |system| system.accounts(&search)).await??;
    let users: Vec<UserBody> = found.into_iter().map(body).collect();
    Ok(done(&json!({ "users": users })))
}

/// `GET /auth/users/<id>`: for administrators and the user itself; to others it does not exist.
pub async fn show(http: &Http, head: &Parts, id: &str) -> Result<Response<Answer>, Problem> {
    let shown = shown(http, head).await?;
    let user = UserId(named(id)?.into());
    if !shown.admin && shown.user != user {
        return Err(Problem::new(Kind::UnknownUser)
            .because("somebody else")
            .by(&shown.user));
    }
    Ok(done(&body(of_classic(http, user).await?)))
}

/// `GET /auth/users/<provider>/<name>`: likewise.
pub async fn identity(
    http: &Http,
    head: &Parts,
    provider: &str,
    name: &str,
) -> Result<Response<Answer>, Problem> {
    let shown = shown(http, head).await?;
    if shown.admin {
        let found = with_identity(http, provider, name).await?;
        return Ok(done(&body(found)));
    }
    // Only the own account is looked at: the time would tell whether there is another.
    let asked = request::decoded(name).unwrap_or_default().to_lowercase();
    let asked = (Provider::Password, asked);
    let is_own =
        |own: &Account| provider == PASSWORD && own.app == app() && own.identities.contains(&asked);
    let user = shown.user.clone();
    match http.ask(move |system| system.account(&user)).await? {
        Ok(own) if is_own(&own) => Ok(done(&body(own))),
        Ok(_) | Err(SystemError::NoSuchUser) => {
            let unknown = Problem::new(Kind::UnknownAccount).because("somebody else");
            Err(unknown.by(&shown.user))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /api/providers/<provider>/accounts/<name>`, as 1.8 has it: for administrators.
pub async fn account(
    http: &Http,
    head: &Parts,
    provider: &str,
    name: &str,
) -> Result<Response<Answer>, Problem> {
    only_admin(http, head).await?;
    let found = with_identity(http, provider, name).await?;
    Ok(done(&json!({
        "provider": provider,
        "provider_id": named(name)?,
        "user": { "id": found.user.to_string(), "isAdmin": found.admin },
    })))
}

/// `PUT /auth/users`: makes a user, or changes one.
pub async fn put(http: &Http, head: &Parts, said: &[u8]) -> Result<Response<Answer>, Problem> {
    let shown = only_admin(http, head).await?;
    let wanted: WantedUser = request::parse(said)?;
    let provider = wanted
        .provider
        .ok_or_else(|| Problem::missing("provider"))?;
    if provider != PASSWORD {
        return Err(Problem::invalid("provider", "is not one of this server"));
    }
    let name = wanted.provider_id;
    let name = name.ok_or_else(|| Problem::missing("provider_id"))?;
    let (moment, id) = (http.moment(), wanted.user_id);
    let work = move |system: &crate::system::System| match system.with_identity(
        &app(),
        Provider::Password,
        &name,
    ) {
        Ok(found) => {
            if id.is_some_and(|id| *id != *found.user.0) {
                return Err(Problem::invalid("user_id", "is another one"));
            }
            let change = AccountChange {
                admin: wanted.is_admin,
                metadata: wanted.metadata,
                ..AccountChange::default()
            };
            system.change_account(&found.user, &change, &moment)?;
            Ok((system.account(&found.user)?, Act::ChangeUser))
        }
        Err(SystemError::NoSuchUser) => {
            let user = ImportedUser {
                provider: Provider::Password,
                app: app(),
                id: id.map_or_else(|| classic_user(&moment), |id| UserId(id.into())),
                name,
                hash: None,
                admin: wanted.is_admin.unwrap_or_default(),
                suspended: false,
                metadata: wanted.metadata.unwrap_or_default(),
            };
            Ok((system.import_account(&user, &moment)?, Act::AddUser))
        }
        Err(error) => Err(error.into()),
    };
    let (made, act) = http.ask(work).await??;
    http.surroundings.user_ended(&made.user);
    Entry::of(act).by(shown.user).user(&made.user).done();
    Ok(done(&body(made)))
}

/// `PATCH /auth/users/<id>`: suspends a user, or lets it in again.
pub async fn status(
    http: &Http,
    head: &Parts,
    id: &str,
    said: &[u8],
) -> Result<Response<Answer>, Problem> {
    let shown = only_admin(http, head).await?;
    let wanted: WantedStatus = request::parse(said)?;
    let suspended = match wanted.status.as_deref() {
        Some("suspended") => true,
        Some("active") => false,
        Some(_) => return Err(Problem::invalid("status", "is active or suspended")),
        None => return Err(Problem::missing("status")),
    };
    let user = of_classic(http, UserId(named(id)?.into())).await?.user;
    let changed = user.clone();
    let work = move |system: &crate::system::System| system.set_disabled(&changed, suspended);
    let ended = http.ask(work).await??;
    let entry = Entry::of(Act::ChangeUser).by(shown.user).user(&user);
    entry
        .detail(if suspended { "suspended" } else { "active" })
        .done();
    http.surroundings.ended(&ended);
    http.surroundings.user_ended(&user);
    Ok(done(&json!({})))
}

/// `DELETE /auth/users/<id>`: for administrators and the user itself.
pub async fn delete(http: &Http, head: &Parts, id: &str) -> Result<Response<Answer>, Problem> {
    let shown = shown(http, head).await?;
    let user = UserId(named(id)?.into());
    if !shown.admin && shown.user != user {
        let denied = Problem::new(Kind::AccessDenied).because("somebody else");
        return Err(denied.by(&shown.user));
    }
    let removed = of_classic(http, user).await?.user;
    let (user, by, now) = (removed.clone(), shown.user, http.surroundings.now());
    let ended = http
        .ask(move |system| system.remove_account(&removed, now))
        .await??;
    Entry::of(Act::RemoveUser).by(by).user(&user).done();
    http.surroundings.ended(&ended);
    http.surroundings.user_ended(&user);
    Ok(done(&json!({})))
}

/// What the provider is called here.
const PASSWORD: &str = "password";

/// Who asks.
async fn shown(http: &Http, head: &Parts) -> Result<Shown, Problem> {
    let (token, now) = (token(head)?, http.surroundings.now());
    Ok(http.ask(move |system| system.person(&token, now)).await??)
}

/// Who asks, if it is an administrator.
async fn only_admin(http: &Http, head: &Parts) -> Result<Shown, Problem> {
    let shown = shown(http, head).await?;
    if shown.admin {
        return Ok(shown);
    }
    let denied = Problem::new(Kind::AccessDenied).because("only administrators may do this");
    Err(denied.by(&shown.user))
}

fn named(text: &str) -> Result<String, Problem> {
    request::decoded(text).ok_or_else(|| Problem::new(Kind::UnknownUser))
}

/// A classic user; those of apps are not seen here.
async fn of_classic(http: &Http, user: UserId) -> Result<Account, Problem> {
    let found = http.ask(move |system| system.account(&user)).await??;
    if found.app == app() {
        Ok(found)
    } else {
        Err(Problem::new(Kind::UnknownUser).because("a user of an app"))
    }
}

async fn with_identity(http: &Http, provider: &str, name: &str) -> Result<Account, Problem> {
    let unknown = || Problem::new(Kind::UnknownAccount);
    let [provider, name] = [provider, name].map(request::decoded);
    let (provider, name) = provider.zip(name).ok_or_else(unknown)?;
    let (provider, name) = Provider::of_classic(&provider, &name).ok_or_else(unknown)?;
    let work = move |system: &crate::system::System| system.with_identity(&app(), provider, &name);
    match http.ask(work).await? {
        Err(SystemError::NoSuchUser) => Err(unknown()),
        found => Ok(found?),
    }
}

fn body(account: Account) -> UserBody {
    let identity = |(provider, name): (Provider, String)| {
        let (provider, provider_id) = provider.classic(&name);
        AccountBody {
            provider,
            provider_id,
        }
    };
    let fact = |(key, value): (String, Value)| MetadataBody {
        key,
        value: match value {
            Value::String(text) => text,
            value => value.to_string(),
        },
    };
    UserBody {
        user_id: account.user.to_string(),
        is_admin: account.admin,
        accounts: account.identities.into_iter().map(identity).collect(),
        metadata: account.metadata.into_iter().map(fact).collect(),
        status: if account.suspended {
            "suspended"
        } else {
            "active"
        },
    }
}
