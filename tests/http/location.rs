//! `GET /app/<id>/location`

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use ros::config::{Apps, PublicUrl};

use super::{BASE, Reply, Server};

async fn ask(server: &Server, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().uri(format!("{BASE}/app/x/location"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server
        .send(request.body(Full::<Bytes>::default()).unwrap())
        .await
}

#[tokio::test]
async fn clients_are_told_the_name_that_they_used() {
    let server = Server::dev();
    for (headers, web, sync) in [
        (
            &[("host", "127.0.0.1:9080")][..],
            "http://127.0.0.1:9080",
            "ws://127.0.0.1:9080",
        ),
        (
            &[("host", "10.0.2.2:9080")],
            "http://10.0.2.2:9080",
            "ws://10.0.2.2:9080",
        ),
        (
            &[("host", "[::1]:9080")],
            "http://[::1]:9080",
            "ws://[::1]:9080",
        ),
        (
            &[("host", "a"), ("x-forwarded-proto", "https")],
            "https://a",
            "wss://a",
        ),
        (
            &[
                ("host", "inside:1"),
                ("x-forwarded-host", "sync.example.com, proxy"),
                ("x-forwarded-proto", "HTTPS, http"),
            ],
            "https://sync.example.com",
            "wss://sync.example.com",
        ),
    ] {
        let reply = ask(&server, headers).await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            (reply.text("hostname"), reply.text("ws_hostname")),
            (web.to_owned(), sync.to_owned()),
            "{headers:?}"
        );
        assert_eq!(
            (reply.text("deployment_model"), reply.text("location")),
            ("GLOBAL".to_owned(), "US-VA".to_owned())
        );
    }
}

#[tokio::test]
async fn a_configured_name_wins() {
    let url = PublicUrl {
        secure: true,
        authority: "sync.example.com".to_owned(),
    };
    let server = Server::with(|settings| settings.public_url = Some(url));
    let reply = ask(&server, &[("host", "10.0.0.1")]).await;
    assert_eq!(
        (reply.text("hostname"), reply.text("ws_hostname")),
        (
            "https://sync.example.com".into(),
            "wss://sync.example.com".into()
        )
    );
}

#[tokio::test]
async fn a_name_that_is_none_is_refused() {
    let server = Server::dev();
    for headers in [
        &[][..],
        &[("host", "a/b")],
        &[("host", "a\"b")],
        &[("host", "user@a")],
        &[("host", "")],
    ] {
        ask(&server, headers).await.error(400, "BadRequest");
    }
}

#[tokio::test]
async fn apps_that_are_not_there_are_not_found() {
    let server = Server::with(|settings| settings.apps = Apps::default());
    let text = ask(&server, &[("host", "a")])
        .await
        .error(404, "AppUnknownError");
    assert_eq!(text, "cannot find app using Client App ID 'x'");
    let dev = Server::dev();
    for app in ["a%20b", "..", "a%2Fb", &"x".repeat(65)] {
        dev.request("GET", &format!("/app/{app}/location"), None, "")
            .await
            .error(404, "AppUnknownError");
    }
}
