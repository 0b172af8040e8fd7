//! What a client does with its tokens. These paths name no app: the token does.

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::api::{AccessToken, Identity, Profile, ProfileData};
use crate::audit::{Act, Entry};
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Http, request};
use crate::system;

/// `GET /auth/profile`
pub async fn profile(http: &Http, head: &Parts) -> Result<Response<Answer>, Failure> {
    let (token, now) = (request::bearer(head)?, http.surroundings.now());
    let profile = http.call(move |system| system.profile(&token, now)).await?;
    Ok(answer::json(StatusCode::OK, &shown(profile)))
}

fn shown(profile: system::Profile) -> Profile {
    let identity = |identity: system::Identity| Identity {
        id: identity.id,
        provider_type: identity.provider.name().to_owned(),
        provider_id: system::provider_id(&profile.app, identity.provider),
    };
    Profile {
        user_id: profile.user.to_string(),
        domain_id: system::domain_id(&profile.app),
        kind: "normal".to_owned(),
        identities: profile.identities.into_iter().map(identity).collect(),
        data: ProfileData {
            email: profile.email,
            more: profile.data,
        },
    }
}

/// `POST /auth/session`
pub async fn refresh(http: &Http, head: &Parts) -> Result<Response<Answer>, Failure> {
    let (token, now) = (request::bearer(head)?, http.surroundings.now());
    let access_token = http.call(move |system| system.refresh(&token, now)).await?;
    Ok(answer::json(
        StatusCode::CREATED,
        &AccessToken { access_token },
    ))
}

/// `DELETE /auth/session`
pub async fn log_out(http: &Http, head: &Parts) -> Result<Response<Answer>, Failure> {
    let (token, now) = (request::bearer(head)?, http.surroundings.now());
    let login = http.call(move |system| system.log_out(&token, now)).await?;
    Entry::of(Act::SignOut).detail(&login).done();
    http.surroundings.ended(&[login]);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `DELETE /auth/delete`
pub async fn delete_user(http: &Http, head: &Parts) -> Result<Response<Answer>, Failure> {
    let (token, now) = (request::bearer(head)?, http.surroundings.now());
    let removed = http
        .call(move |system| {
            let user = system.profile(&token, now)?.user;
            system.delete_user(&token, now).map(|ended| (user, ended))
        })
        .await?;
    let (user, logins) = removed;
    Entry::of(Act::RemoveUser).by(&user).user(&user).done();
    http.surroundings.ended(&logins);
    http.surroundings.user_ended(&user);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
