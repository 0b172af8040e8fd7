//! Those who sign in by what others know of them: simulated providers on ports of their own.

mod azuread;
mod facebook;
mod google;
mod others;

use ros::config::{Overrides, Settings, parse};
use serde_json::{Value, json};

use super::{Reply, Server};
use crate::support::provider::Reply as Says;

/// Where the clock of these tests begins.
const NOW: u64 = 1_000_000;

/// Takes from a configuration what it says of apps and providers.
fn configured(settings: &mut Settings, text: &str) {
    let text = format!("storage: {{ root_path: /x }}\nauth:\n  private_key_path: /x\n{text}");
    let loaded = parse(&text, &Overrides::default());
    let loaded = loaded.unwrap_or_else(|error| panic!("{error:?}")).settings;
    (settings.apps, settings.providers) = (loaded.apps, loaded.providers);
}

/// What Google says of somebody who uses our app.
fn ada() -> Value {
    json!({ "iss": "https://accounts.google.com", "aud": "our-app", "sub": "110248", "email": "ada@x.example", "exp": NOW + 3600 })
}

impl Server {
    async fn known_to(&self, provider: &str, token: &str) -> Reply {
        let body = json!({ "provider": provider, "data": token, "app_id": "x" }).to_string();
        self.request_at("POST", "/auth", None, &body).await
    }
}

/// The code of a problem of the classic API.
fn code(reply: &Reply) -> (u16, u64) {
    (
        reply.status.as_u16(),
        reply.json()["code"].as_u64().unwrap(),
    )
}

/// Who has signed in with the classic API.
fn identity(reply: &Reply) -> Value {
    let body = reply.json();
    let identity = body["refresh_token"]["token_data"]["identity"].clone();
    assert!(identity.is_string(), "{body}");
    identity
}
