//! The page for the first administrator, as a browser meets it.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use ros::http::Arrival;
use ros::ident::{AppId, UnixTime};
use ros::secret::Secret;
use ros::system::Moment;

use super::{Reply, Server, arrival};

impl Server {
    /// The token of a link that is printed now.
    fn invitation(&self) -> String {
        let moment = Moment {
            now: UnixTime(1_000_000),
            random: [7; 64],
        };
        let token = self.system.invite(&moment).unwrap();
        token.unwrap().reveal().to_owned()
    }

    async fn page(&self, arrival: Arrival, method: &str, query: &str, form: &str) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/setup{query}"))
            .body(Full::<bytes::Bytes>::from(form.to_owned()))
            .unwrap();
        let (head, body) = self.http.route(&arrival, request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let policy = head.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!head.headers.contains_key("access-control-allow-origin"));
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(head.headers[name], value);
        }
        Reply {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    async fn open(&self, token: &str) -> Reply {
        self.page(arrival(), "GET", &format!("?token={token}"), "")
            .await
    }

    async fn fill_in(&self, token: &str, name: &str, password: &str, again: &str) -> Reply {
        let form = format!("token={token}&name={name}&password={password}&again={again}");
        self.page(arrival(), "POST", "", &form).await
    }
}

/// The status and the heading.
fn said(reply: &Reply) -> (u16, String) {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let heading = text.split("<h1>").nth(1).unwrap().split("</h1>").next();
    (reply.status.as_u16(), heading.unwrap().to_owned())
}

fn is(status: u16, heading: &str) -> (u16, String) {
    (status, heading.to_owned())
}

#[tokio::test]
async fn whoever_has_the_link_makes_the_first_administrator() {
    let server = Server::dev();
    let token = server.invitation();
    let form = server.open(&token).await;
    assert_eq!(said(&form), is(200, "The first administrator"));
    let text = String::from_utf8_lossy(&form.body).into_owned();
    assert!(text.contains(&format!("name=\"token\" value=\"{token}\"")));
    // What a page from elsewhere would be loaded by.
    for word in ["src=", "href=", "url(", "@import", "<script"] {
        assert!(!text.contains(word), "{word}");
    }

    let made = server
        .fill_in(
            &token,
            "root%40example.com",
            "a+long+password",
            "a+long+password",
        )
        .await;
    assert_eq!(
        said(&made),
        is(200, "root@example.com is the administrator")
    );
    let classic = AppId::parse("classic").unwrap();
    let account = server.system.who(&classic, "root@example.com").unwrap();
    assert!(account.admin);
    let signed_in = server
        .request_at(
            "POST",
            "/auth",
            None,
            r#"{"provider":"password","data":"root@example.com","user_info":{"password":"a long password"},"app_id":"x"}"#,
        )
        .await;
    assert_eq!(signed_in.status, 200);
    assert_eq!(
        signed_in.json()["refresh_token"]["token_data"]["is_admin"],
        true
    );

    let used = is(410, "The link has been used");
    assert_eq!(said(&server.open(&token).await), used);
    let second = server
        .fill_in(&token, "eve", "a+long+password", "a+long+password")
        .await;
    assert_eq!(said(&second), used);
    assert!(server.system.who(&classic, "eve").is_err());
}

#[tokio::test]
async fn what_was_filled_in_wrongly_can_be_filled_in_again() {
    let server = Server::dev();
    let token = server.invitation();
    let good = "a+long+password";
    for (name, password, again, complaint) in [
        ("root", good, "another+password", "The passwords differ."),
        (
            "root",
            "short",
            "short",
            "Password must be between 8 and 128 characters.",
        ),
        ("", good, good, "Name invalid."),
    ] {
        let reply = server.fill_in(&token, name, password, again).await;
        assert_eq!(said(&reply), is(400, "The first administrator"));
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(text.contains(complaint), "{text}");
        assert!(text.contains(&format!("value=\"{name}\"")), "{text}");
        assert!(!text.contains("long password"), "{text}");
    }
    let hostile = server.fill_in(&token, "%22%3E%3Cscript%3E", good, "").await;
    let text = String::from_utf8_lossy(&hostile.body).into_owned();
    assert!(
        text.contains("value=\"&quot;&gt;&lt;script&gt;\""),
        "{text}"
    );
    assert!(!server.system.has_administrator().unwrap());
    assert_eq!(server.fill_in(&token, "root", good, good).await.status, 200);
}

#[tokio::test]
async fn links_that_make_nobody_say_why() {
    let server = Server::dev();
    let unknown = is(404, "There is no such link");
    assert_eq!(said(&server.open(&"0".repeat(64)).await), unknown);
    let token = server.invitation();
    assert_eq!(said(&server.open(&token[1..]).await), unknown);
    assert_eq!(said(&server.open("").await), unknown);
    let guessed = server.fill_in("0000", "eve", "a+long+password", "a+long+password");
    assert_eq!(said(&guessed.await), unknown);

    server.pass(15 * 60);
    let expired = is(410, "The link has expired");
    assert_eq!(said(&server.open(&token).await), expired);
    let late = server.fill_in(&token, "eve", "a+long+password", "a+long+password");
    assert_eq!(said(&late.await), expired);

    let other = server.system.first_administrator(
        "other",
        &Secret::new("a long password"),
        &Moment {
            now: UnixTime(1_000_000),
            random: [9; 64],
        },
    );
    assert!(other.unwrap().is_some());
    let meanwhile = is(410, "There is an administrator already");
    assert_eq!(said(&server.open(&token).await), meanwhile);
    let deleted = server.page(arrival(), "DELETE", "", "").await;
    assert_eq!(deleted.status, 405);
    assert_eq!(deleted.headers["allow"], "GET, HEAD, POST");
}

#[tokio::test]
async fn nobody_is_answered_in_the_clear_from_elsewhere() {
    let server = Server::dev();
    let token = server.invitation();
    let query = format!("?token={token}");
    let from = |secure| Arrival::direct("192.0.2.1".parse().unwrap(), secure);
    let refused = server.page(from(false), "GET", &query, "").await;
    assert_eq!(refused.status, 403);
    assert!(!String::from_utf8_lossy(&refused.body).contains(&token));
    let form = format!("token={token}&name=eve&password=a+long+password&again=a+long+password");
    let refused = server.page(from(false), "POST", "", &form).await;
    assert_eq!(refused.status, 403);
    assert!(!server.system.has_administrator().unwrap());
    assert_eq!(server.page(from(true), "GET", &query, "").await.status, 200);
}
