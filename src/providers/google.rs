//! ID tokens of Google, for the codes that it gives to apps for their servers (OAuth 2.0, RFC 6749 section 4.1.3).

use std::path::Path;

use serde::Deserialize;

use super::{NotKnown, Providers, secret_file};
use crate::config::GoogleCode;
use crate::secret::Secret;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    id_token: Option<Secret>,
    error: Option<String>,
}

impl Providers {
    /// The ID token that Google gives this server for a code; it is for `client_id`, whose secret is in the file. Nothing of it is known to be true yet.
    pub async fn google_code(
        &self,
        settings: &GoogleCode,
        client_id: &str,
        secret: &Path,
        code: &Secret,
    ) -> Result<Secret, NotKnown> {
        let secret = secret_file::read("client_secret_path", secret).await;
        let secret = secret.map_err(|cause| away(&cause))?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.reveal()),
            ("client_id", client_id),
            ("client_secret", secret.reveal()),
            (
                "redirect_uri",
                settings.redirect_uri.as_deref().unwrap_or_default(),
            ),
        ];
        let url = settings.token_url.as_str();
        let answer = self
            .outside
            .ask(|client| client.post(url).form(&form))
            .await;
        let answer = answer.map_err(|cause| away(&format!("{url}: {cause}")))?;
        let said: Answer = serde_json::from_slice(&answer.body).unwrap_or_default();
        match (said.id_token, said.error.as_deref()) {
            (Some(token), None) if answer.status.is_success() => Ok(token),
            (_, Some("invalid_grant")) => {
                Err(NotKnown::Refused("Google refuses the code".to_owned()))
            }
            (_, Some(error)) => {
                // A word of the standard, like `invalid_client`.
                let error: String = error.chars().take(64).collect();
                let error = error.escape_debug();
                Err(away(&format!("Google refuses this server: {error}")))
            }
            _ => Err(away(&format!("{url}: HTTP {}", answer.status))),
        }
    }
}

/// Google is away: for the log too.
fn away(cause: &str) -> NotKnown {
    tracing::warn!(cause, "Google cannot be asked who somebody is");
    NotKnown::Unavailable(cause.to_owned())
}
