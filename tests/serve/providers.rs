//! Providers and the log of the program.

use serde_json::json;

use crate::support::provider::nobody;
use crate::support::server::Server;
use crate::support::wire::request;

#[test]
fn no_token_of_a_provider_is_in_the_log() {
    let away = nobody();
    let server = Server::with_configuration(&format!(
        "  providers: {{ debug: {{ allow_anybody: true }} }}\n\
         apps: {{ x: {{ providers: {{ oauth2-facebook: true }}, oauth2-facebook: {{ graph_url: '{away}' }} }} }}"
    ));
    let body = json!({ "accessToken": "EAAG-token-of-ada" }).to_string();
    let path = "/app/x/auth/providers/oauth2-facebook/login";
    let (status, _) = request(server.address(), "POST", path, None, &body);
    assert_eq!(status, 503);
    let log = server.log_with("Facebook cannot be asked who somebody is");
    assert!(
        log.iter().any(|line| line.contains("Connection refused")),
        "{log:#?}"
    );
    assert!(log.iter().all(|line| !line.contains("EAAG")), "{log:#?}");
    assert!(
        log.iter()
            .any(|line| line.contains("whoever reaches this server may be anybody"))
    );
}
