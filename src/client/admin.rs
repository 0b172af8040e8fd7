//! What administrators ask of a server, beside Realms.

use serde_json::{Value, json};

use super::{ClientError, Server};
use crate::api::tokens::Inspected;
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
}
