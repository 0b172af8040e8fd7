//! Users of a directory of Azure, whose keys are fetched from a simulated one.

use serde_json::{Value, json};

use super::{NOW, Says, code, configured, identity};
use crate::http::Server;
use crate::support::issuer::{Issuer, jwks};
use crate::support::provider::Service;

const TENANT: &str = "81560d03-8272-f7ff-ae57-24220b9e9ea7";

/// A server for users of the directory, with more that is said of it.
fn for_azure(authority: &str, more: &str) -> Server {
    let text = format!(
        "  providers: {{ azuread: {{ tenant_id: {TENANT}, audiences: [ our-app ], authority: '{authority}', {more} }} }}\n"
    );
    Server::with(|settings| configured(settings, &text))
}

#[tokio::test]
async fn users_of_the_directory_sign_in_with_tokens_of_both_versions() {
    let azure = Issuer::new();
    let keys = jwks(&[azure.jwk("k1")]);
    let service = Service::start(move |asked| {
        match asked.line == format!("GET /{TENANT}/discovery/v2.0/keys") {
            true => Says::Fresh(3600, keys.clone()),
            false => Says::Status(404),
        }
    });
    let authority = service.url("");
    let server = for_azure(&authority, "metadata: [ { claim: name } ]");
    let token = |change: &[(&str, Value)]| {
        let mut said = json!({
            "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT, "aud": "our-app", "exp": NOW + 3600,
            "oid": "6731de76", "unique_name": "ada@x.example", "name": "Ada",
        });
        for (name, value) in change {
            said[*name] = value.clone();
        }
        azure.signed(&json!({ "alg": "RS256", "kid": "k1" }), &said)
    };
    let ada = identity(&server.known_to("azuread", &token(&[])).await);
    let second = token(&[("iss", format!("{authority}/{TENANT}/v2.0").into())]);
    assert_eq!(identity(&server.known_to("azuread", &second).await), ada);
    let user = ada.as_str().unwrap().to_owned();
    let shown = server.system.account(&ros::ident::UserId(user.into()));
    assert_eq!(shown.unwrap().metadata["name"], "Ada");
    let other = "9e1f2a30-0000-f7ff-ae57-24220b9e9ea7";
    for (what, change) in [
        (
            "another directory",
            ("iss", format!("https://sts.windows.net/{other}/").into()),
        ),
        ("another tenant", ("tid", other.into())),
        ("no tenant", ("tid", Value::Null)),
        ("another app", ("aud", "their-app".into())),
        ("expired", ("exp", (NOW - 100).into())),
        ("nobody", ("oid", Value::Null)),
    ] {
        let refused = server.known_to("azuread", &token(&[change])).await;
        assert_eq!(code(&refused), (401, 611), "{what}");
    }
    // As the original had it, the name says who it is.
    let server = for_azure(&authority, "user_claim: unique_name");
    let ada = identity(&server.known_to("azuread", &token(&[])).await);
    let same_name = token(&[("oid", "another".into())]);
    assert_eq!(identity(&server.known_to("azuread", &same_name).await), ada);
}
