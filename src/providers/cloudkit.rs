//! Whether CloudKit knows a user, asked in the name of this server (CloudKit Web Services, server-to-server keys).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{NotKnown, Providers};
use crate::config::CloudKit;
use crate::ident::UnixTime;
use crate::secret::Secret;
use crate::tls::EcKey;

/// Characters of the name of a record, at most.
const NAME: usize = 255;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Answer {
    users: Vec<User>,
    reason: Option<String>,
    server_error_code: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct User {
    user_record_name: Option<String>,
    server_error_code: Option<String>,
}

impl Providers {
    /// The name of the user's record, if CloudKit knows it.
    pub async fn cloudkit(
        &self,
        settings: &CloudKit,
        name: &Secret,
        now: UnixTime,
    ) -> Result<String, NotKnown> {
        let name = name.reveal();
        let fits = name.starts_with('_')
            && name.len() <= NAME
            && name.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(NotKnown::Refused("this is no user of CloudKit".to_owned()));
        }
        let path = format!(
            "/database/1/{}/{}/public/users/discover",
            settings.container,
            settings.environment.name()
        );
        let body = json!({ "lookupInfos": [{ "userRecordName": name }] }).to_string();
        let date = now.rfc3339();
        let signature = signature(settings, &date, &body, &path).await?;
        let url = format!("{}{path}", settings.api_url);
        let answer = self.outside.ask(|client| {
            let request = client.post(&url).header("Content-Type", "application/json");
            request
                .header("X-Apple-CloudKit-Request-KeyID", &settings.key_id)
                .header("X-Apple-CloudKit-Request-ISO8601Date", &date)
                .header("X-Apple-CloudKit-Request-SignatureV1", &signature)
                .body(body)
        });
        let answer = answer
            .await
            .map_err(|cause| away(&format!("{url}: {cause}")))?;
        let said: Answer = serde_json::from_slice(&answer.body).unwrap_or_default();
        if !answer.status.is_success() {
            let code = said.server_error_code.or(said.reason).unwrap_or_default();
            return Err(away(&format!("{url}: HTTP {} {code}", answer.status)));
        }
        let is_known = said.users.iter().any(|user| {
            user.server_error_code.is_none() && user.user_record_name.as_deref() == Some(name)
        });
        is_known
            .then(|| name.to_owned())
            .ok_or_else(|| NotKnown::Refused("CloudKit knows no such user".to_owned()))
    }
}

/// What shows that the server asks: over the date, the digest of the body, and the path.
async fn signature(
    settings: &CloudKit,
    date: &str,
    body: &str,
    path: &str,
) -> Result<String, NotKnown> {
    let digest = BASE64_STANDARD.encode(Sha256::digest(body));
    let message = format!("{date}:{digest}:{path}");
    let file = settings.private_key.clone();
    // The key is read when it is needed, so a new one needs no reload.
    let signed = tokio::task::spawn_blocking(move || {
        let key = EcKey::read(&file).map_err(|error| error.to_string())?;
        Ok::<_, String>(key.sign(message.as_bytes()))
    });
    let signed = signed.await.map_err(|_| away("signing failed"))?;
    let signature = signed.map_err(|cause| away(&format!("private_key_path: {cause}")))?;
    Ok(BASE64_STANDARD.encode(signature))
}

/// CloudKit is away: for the log too.
fn away(cause: &str) -> NotKnown {
    tracing::warn!(cause, "CloudKit cannot be asked who somebody is");
    NotKnown::Unavailable(cause.to_owned())
}
