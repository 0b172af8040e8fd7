//! What the API has and this server has not: answered as documented, counted, and never with 401 or 403, which would log users out.

use super::Server;

#[tokio::test]
async fn what_is_not_built_answers_as_documented() {
    let server = Server::dev();
    for (method, path, body, status, code, text) in [
        (
            "POST",
            "/app/x/functions/call",
            r#"{"name":"sum","arguments":[]}"#,
            404,
            "FunctionNotFound",
            "function not found: 'sum'",
        ),
        (
            "POST",
            "/app/x/functions/call",
            r#"{"name":"find","service":"mongodb-atlas"}"#,
            404,
            "ServiceNotFound",
            "service not found: 'mongodb-atlas'",
        ),
        (
            "GET",
            "/app/x/functions/call?baas_request=e30=&baas_at=t",
            "",
            404,
            "FunctionNotFound",
            "function not found: ''",
        ),
        (
            "PUT",
            "/app/x/push/providers/gcm/registration",
            "{}",
            404,
            "ServiceNotFound",
            "service not found: 'gcm'",
        ),
        (
            "POST",
            "/app/x/auth/providers/custom-token/login",
            r#"{"token":"t"}"#,
            404,
            "AuthProviderNotFound",
            "authentication via 'custom-token' is unsupported",
        ),
        (
            "POST",
            "/app/x/auth/providers/custom-function/login",
            r#"{"name":"t"}"#,
            404,
            "AuthProviderNotFound",
            "authentication via 'custom-function' is unsupported",
        ),
        (
            "POST",
            "/app/x/auth/providers/anon-user/login?link=true",
            "{}",
            404,
            "AuthProviderNotFound",
            "linking of 'anon-user' is unsupported",
        ),
        (
            "POST",
            "/app/x/auth/providers/local-userpass/confirm/call",
            "{}",
            400,
            "UserAlreadyConfirmed",
            "already confirmed",
        ),
        (
            "POST",
            "/app/x/auth/providers/local-userpass/confirm/send",
            "{}",
            400,
            "UserAlreadyConfirmed",
            "already confirmed",
        ),
        (
            "POST",
            "/app/x/auth/providers/local-userpass/reset/call",
            "{}",
            400,
            "BadRequest",
            "password reset by a function is unsupported",
        ),
    ] {
        let reply = server.request(method, path, Some("t"), body).await;
        assert_eq!(reply.error(status, code), text, "{method} {path}");
    }
    let counts: Vec<_> = server
        .http
        .missing()
        .into_iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    assert_eq!(
        counts,
        [
            "functions 3",
            "push 1",
            "link 1",
            "providers 1",
            "confirmation 2",
            "reset 1"
        ]
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::dev();
    for (method, path) in [
        ("GET", "/"),
        ("HEAD", "/app/x/location"),
        ("GET", "/auth/session"),
        ("PATCH", "/app/x/location"),
    ] {
        server
            .request(method, path, None, "")
            .await
            .error(404, "AppUnknownError");
    }
    assert!(server.http.missing().iter().all(|(_, count)| *count == 0));
}

#[tokio::test]
async fn browsers_may_ask() {
    let reply = Server::dev()
        .request("OPTIONS", "/app/x/location", None, "")
        .await;
    reply.empty(204);
    assert_eq!(
        reply.headers["access-control-allow-headers"],
        "Authorization, Content-Type, Accept"
    );
    assert_eq!(
        reply.headers["access-control-allow-methods"],
        "GET, POST, PUT, PATCH, DELETE"
    );
}
