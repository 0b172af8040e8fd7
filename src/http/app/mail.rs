//! Confirming an address, and the way back for who has forgotten the password. What is answered does not depend on whether there is such a user.

use std::net::IpAddr;

use hyper::{Response, StatusCode};
use serde_json::json;

use super::missing;
use crate::api::{Address, Mailed};
use crate::audit::{Act, Entry};
use crate::http::answer::{self, Failure};
use crate::http::attempts::Key;
use crate::http::{Answer, Http, request};
use crate::ident::AppId;
use crate::secret::Secret;
use crate::system::{MailedToken, Purpose};

/// `POST …/local-userpass/confirm/send` and `…/reset/send`
pub async fn send(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    purpose: Purpose,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let rules = http.system.app(app)?;
    if purpose == Purpose::Confirm && !rules.confirm_email {
        return missing::confirm_again(http, app);
    }
    let Address { email } = request::parse(body)?;
    letter(http, peer, app, purpose, email).await?;
    Ok(answer::json(StatusCode::ACCEPTED, &json!({})))
}

/// Sends a letter, if there is somebody to send it to.
pub async fn letter(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    purpose: Purpose,
    address: String,
) -> Result<(), Failure> {
    let (id, moment) = (app.clone(), http.moment());
    let (from, to) = (Key::new(peer, app, ""), Key::new(peer, app, &address));
    if !http.registrations.begin(&from, moment.now) || !http.letters.begin(&to, moment.now) {
        return Err(Failure::too_many("too many e-mails; try again in a minute"));
    }
    let letter = http
        .call(move |system| system.letter(&id, purpose, &address, &moment))
        .await?;
    letter
        .into_iter()
        .for_each(|letter| http.surroundings.mail(letter));
    Ok(())
}

/// `POST …/local-userpass/confirm`
pub async fn confirm(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let mailed: Mailed = request::parse(body)?;
    let (id, now) = (app.clone(), http.surroundings.now());
    let token = token(&mailed);
    let confirmed = http
        .call(move |system| system.confirm(&id, &token, now))
        .await;
    let entry = Entry::of(Act::Confirm).app(app).from(peer);
    let user = confirmed.inspect_err(|refused| entry.clone().refused(refused))?;
    entry.user(user).done();
    Ok(answer::json(StatusCode::OK, &json!({})))
}

/// `POST …/local-userpass/reset`
pub async fn reset(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let mut mailed: Mailed = request::parse(body)?;
    let password = mailed.password.take();
    let password = password.ok_or_else(|| Failure::missing_parameter("password"))?;
    set(http, peer, app, token(&mailed), password).await?;
    Ok(answer::json(StatusCode::OK, &json!({})))
}

/// Sets another password.
pub async fn set(
    http: &Http,
    peer: IpAddr,
    app: &AppId,
    token: MailedToken,
    password: Secret,
) -> Result<(), Failure> {
    let (id, moment) = (app.clone(), http.moment());
    let work = move |system: &crate::system::System| system.reset(&id, &token, &password, &moment);
    let entry = Entry::of(Act::Password).app(app).from(peer);
    let set = http.call_hashing(work).await;
    let (user, ended) = set.inspect_err(|refused| entry.clone().refused(refused))?;
    entry.user(&user).done();
    http.surroundings.ended(&ended);
    http.surroundings.user_ended(&user);
    Ok(())
}

fn token(mailed: &Mailed) -> MailedToken {
    MailedToken {
        id: mailed.token_id.clone(),
        token: mailed.token.clone(),
    }
}
