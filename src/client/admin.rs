//! What administrators ask of a server, beside Realms.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::{ClientError, RealmAddress, Server};
use crate::api::tokens::Inspected;
use crate::api::users::{User, Users};
use crate::secret::Secret;

impl Server {
    /// What a token says, and whether the server takes it.
    pub async fn inspect_token(
        &self,
        admin: &Secret,
        token: &Secret,
    ) -> Result<Inspected, ClientError> {
        let body = json!({ "token": token.reveal() });
        self.post(admin, "/api/ros/v1/tokens/inspect", &body).await
    }

    /// Ends a token before its time, and its login if it has one.
    pub async fn revoke_token(&self, admin: &Secret, token: &Secret) -> Result<(), ClientError> {
        let body = json!({ "token": token.reveal() });
        self.post::<Value>(admin, "/api/ros/v1/tokens/revoke", &body)
            .await
            .map(drop)
    }

    /// Whether whoever shows this token may see what administrators see. Who it is stands in the token, and everybody may ask that of itself: nothing is refused to
    /// anybody by it. Who does not get an answer is none.
    pub async fn is_administrator(&self, token: &Secret) -> bool {
        let Some(claims) = claims(token).filter(|claims| claims["path"].is_null()) else {
            return false;
        };
        let id = claims["identity"].as_str().unwrap_or_default();
        if ADMINISTRATORS.contains(&id) {
            return true;
        }
        let Ok(mut url) = self.endpoint("/auth/users", &[]) else {
            return false;
        };
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(id);
        }
        let itself: Result<Value, _> = self.send(token, Method::GET, url, None).await;
        itself.is_ok_and(|user| user["is_admin"] == true)
    }

    /// A page of users; `query` as the API has it: `app`, `search`, `admins`, `after`, `limit`.
    pub async fn users(
        &self,
        admin: &Secret,
        query: &[(&str, &str)],
    ) -> Result<Users, ClientError> {
        let url = self.endpoint("/api/ros/v1/users", query)?;
        self.send(admin, Method::GET, url, None).await
    }

    /// A user of an app, by id or name.
    pub async fn user(&self, admin: &Secret, app: &str, who: &str) -> Result<User, ClientError> {
        let url = self.user_endpoint(app, who)?;
        self.send(admin, Method::GET, url, None).await
    }

    /// Makes a user.
    pub async fn add_user(
        &self,
        admin: &Secret,
        app: &str,
        name: &str,
        password: Option<&Secret>,
        is_admin: bool,
    ) -> Result<User, ClientError> {
        let password = password.map(Secret::reveal);
        let body = json!({ "app": app, "name": name, "password": password, "admin": is_admin });
        self.post(admin, "/api/ros/v1/users", &body).await
    }

    /// Makes a user of another server from the fields of `api::users::ImportedUser`, or looks whether it could be made.
    pub async fn import_user(
        &self,
        admin: &Secret,
        user: &Value,
        dry_run: bool,
    ) -> Result<(), ClientError> {
        let query: &[(&str, &str)] = if dry_run { &[("dry_run", "true")] } else { &[] };
        let url = self.endpoint("/api/ros/v1/users/import", query)?;
        let made: Result<Value, _> = self.send(admin, Method::POST, url, Some(user)).await;
        made.map(drop)
    }

    /// Changes a user: `password`, `admin`, `suspended`, `metadata`.
    pub async fn change_user(
        &self,
        admin: &Secret,
        app: &str,
        who: &str,
        change: &Value,
    ) -> Result<User, ClientError> {
        let url = self.user_endpoint(app, who)?;
        self.send(admin, Method::PATCH, url, Some(change)).await
    }

    /// Removes a user.
    pub async fn remove_user(
        &self,
        admin: &Secret,
        app: &str,
        who: &str,
    ) -> Result<(), ClientError> {
        let url = self.user_endpoint(app, who)?;
        self.send::<Value>(admin, Method::DELETE, url, None)
            .await
            .map(drop)
    }

    /// Removes a Realm, or looks whether it could be removed; its name as the server lists it.
    pub async fn remove_realm(
        &self,
        admin: &Secret,
        realm: &RealmAddress,
        dry_run: bool,
    ) -> Result<String, ClientError> {
        let (realm, dry_run) = (realm.to_string(), dry_run.to_string());
        let query = [("realm", &*realm), ("dry_run", &*dry_run)];
        let url = self.endpoint("/api/ros/v1/realms", &query)?;
        let answer: Value = self.send(admin, Method::DELETE, url, None).await?;
        Ok(answer["realm"].as_str().unwrap_or(&realm).to_owned())
    }

    /// Signs in a user of the classic API; its refresh token.
    pub async fn classic_sign_in(
        &self,
        name: &str,
        password: &Secret,
    ) -> Result<Secret, ClientError> {
        let info = json!({ "password": password.reveal() });
        let body = json!({ "provider": "password", "data": name, "user_info": info });
        let answer: Value = self.post(&Secret::new(""), "/auth", &body).await?;
        let token = answer["refresh_token"]["token"].as_str();
        token.map(Secret::new).ok_or_else(|| ClientError::Strange {
            url: self.url().to_owned(),
            cause: "no refresh token in the answer".to_owned(),
        })
    }

    fn user_endpoint(&self, app: &str, who: &str) -> Result<Url, ClientError> {
        let mut url = self.endpoint("/api/ros/v1/users", &[("app", app)])?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(who);
        }
        Ok(url)
    }

    fn endpoint(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, ClientError> {
        let url = Url::parse_with_params(&format!("{}{path}", self.url()), query);
        url.map_err(|_| ClientError::BadUrl(self.url().to_owned()))
    }
}

/// Who the server's own token is for, under its two names.
const ADMINISTRATORS: [&str; 2] = ["__admin", "__auth"];

/// What a token of the classic API says; nothing of it is verified.
fn claims(token: &Secret) -> Option<Value> {
    let (claims, _) = token.reveal().split_once(':')?;
    serde_json::from_slice(&BASE64_STANDARD.decode(claims).ok()?).ok()
}
