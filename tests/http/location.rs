//! `GET /app/<id>/location`

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use ros::config::{Apps, PublicUrl};
use ros::http::Arrival;

use super::{BASE, Reply, Server};

async fn ask(server: &Server, headers: &[(&str, &str)]) -> Reply {
    ask_as(server, super::arrival(), headers).await
}

/// Asks as whoever comes like this; this host is trusted.
async fn ask_as(server: &Server, arrival: Arrival, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().uri(format!("{BASE}/app/x/location"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::<Bytes>::default()).unwrap();
    let arrival = arrival.told(request.headers(), |address| address.is_loopback());
    server.send_from(arrival, request).await
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
async fn only_those_who_are_trusted_say_how_clients_come() {
    let server = Server::dev();
    let headers = [
        ("host", "a:9080"),
        ("x-forwarded-host", "sync.example.com"),
        ("x-forwarded-proto", "https"),
    ];
    let stranger = |secure| Arrival::direct("192.0.2.1".parse().unwrap(), secure);
    let reply = ask_as(&server, stranger(false), &headers).await;
    assert_eq!(reply.text("hostname"), "http://a:9080");
    let reply = ask_as(&server, stranger(true), &headers).await;
    assert_eq!(reply.text("hostname"), "https://a:9080");
    assert_eq!(reply.text("ws_hostname"), "wss://a:9080");
}

#[tokio::test]
async fn sync_may_have_a_port_of_its_own() {
    let server = Server::dev();
    for (host, sync) in [
        ("127.0.0.1:27080", "ws://127.0.0.1:27800"),
        ("localhost", "ws://localhost:27800"),
        ("[::1]:27080", "ws://[::1]:27800"),
    ] {
        let mut arrival = super::arrival();
        arrival.sync_port = Some(27800);
        let reply = ask_as(&server, arrival, &[("host", host)]).await;
        assert_eq!(reply.text("hostname"), format!("http://{host}"));
        assert_eq!(reply.text("ws_hostname"), sync);
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
