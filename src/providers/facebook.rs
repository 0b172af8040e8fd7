//! Whom an access token of Facebook belongs to.

use serde::Deserialize;

use super::{NotKnown, Providers, secret_file};
use crate::config::Facebook;
use crate::secret::Secret;

/// Codes of errors that pass: Facebook is busy, or has been asked too often (Graph API, "Handling errors").
const PASSING: [u64; 8] = [1, 2, 4, 17, 32, 341, 368, 613];
/// The code of an access token that is none (any more).
const BAD_TOKEN: u64 = 190;

/// Answer of `/me`, and of everything that is an error.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    id: Option<String>,
    data: Option<Debugged>,
    error: Option<Problem>,
}

/// Answer of `/debug_token`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Debugged {
    app_id: Option<String>,
    is_valid: bool,
    user_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    code: u64,
    is_transient: bool,
}

impl Providers {
    /// The id of whom the token belongs to, for this app if the settings know the app.
    pub async fn facebook(&self, settings: &Facebook, token: &Secret) -> Result<String, NotKnown> {
        let url = settings.graph_url.as_str();
        let Some((id, secret)) = settings.app() else {
            let asked = [("fields", "id"), ("access_token", token.reveal())];
            let answer = self.graph(&format!("{url}/me"), &asked).await?;
            if let Some(problem) = answer.error {
                return Err(told(&problem, "Facebook refuses the token"));
            }
            return answer.id.ok_or_else(|| strange(url));
        };
        let secret = secret_file::read("app_secret_path", secret).await;
        let secret = secret.map_err(|cause| away(&cause))?;
        let key = Secret::new(format!("{id}|{}", secret.reveal()));
        let asked = [
            ("input_token", token.reveal()),
            ("access_token", key.reveal()),
        ];
        let answer = self.graph(&format!("{url}/debug_token"), &asked).await?;
        match (answer.error, answer.data) {
            // That is not about the token of who signs in.
            (Some(problem), _) if problem.code == BAD_TOKEN => Err(NotKnown::Unavailable(
                "Facebook refuses app_id and app_secret_path".to_owned(),
            )),
            (Some(problem), _) => Err(told(&problem, "Facebook refuses the question")),
            (None, Some(said)) => said.user(id),
            (None, None) => Err(strange(url)),
        }
    }

    async fn graph(&self, url: &str, asked: &[(&str, &str)]) -> Result<Answer, NotKnown> {
        let answer = self
            .outside
            .ask(|client| client.get(url).query(asked))
            .await;
        let answer = answer.and_then(|answer| match serde_json::from_slice(&answer.body) {
            Ok(body) if answer.status.is_success() || answer.status.is_client_error() => Ok(body),
            Ok(_) | Err(_) => Err(format!("HTTP {}", answer.status)),
        });
        answer.map_err(|cause| away(&format!("{url}: {cause}")))
    }
}

impl Debugged {
    fn user(self, app: &str) -> Result<String, NotKnown> {
        let refused = |text: &str| Err(NotKnown::Refused(text.to_owned()));
        if !self.is_valid {
            return refused("Facebook refuses the token");
        }
        if self.app_id.as_deref() != Some(app) {
            return refused("the token is for another app of Facebook");
        }
        self.user_id
            .map_or_else(|| refused("the token belongs to no user"), Ok)
    }
}

fn told(problem: &Problem, refused: &str) -> NotKnown {
    let code = problem.code;
    if problem.is_transient || PASSING.contains(&code) {
        away(&format!("Facebook has a problem (code {code})"))
    } else {
        NotKnown::Refused(format!("{refused} (code {code})"))
    }
}

fn strange(url: &str) -> NotKnown {
    away(&format!("{url}: an answer that is not understood"))
}

/// Facebook is away: for the log too.
fn away(cause: &str) -> NotKnown {
    tracing::warn!(cause, "Facebook cannot be asked who somebody is");
    NotKnown::Unavailable(cause.to_owned())
}
