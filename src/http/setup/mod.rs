//! `/setup`: the page on which whoever has the link of the start makes the first administrator.
//!
//! The token is in the query of the link and in the form, never in the path, which is logged. Nothing is answered to who could have been listened to on the way.

mod page;

use hyper::body::Body;
use hyper::header::{ALLOW, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response};

use super::answer::Failure;
use super::arrival::Arrival;
use super::{Answer, Http, request};
use crate::audit::{Act, Entry};
use crate::secret::Secret;
use crate::system::NotInvited;

/// The path of the page.
pub const PATH: &str = "/setup";

/// Answers a request for the page.
pub async fn answer<B>(http: &Http, arrival: &Arrival, head: &Parts, body: B) -> Response<Answer>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if !is_private(arrival, &head.headers) {
        return page::not_here();
    }
    let shown = match head.method {
        Method::GET | Method::HEAD => {
            let token = request::query(&head.uri, "token").unwrap_or_default();
            ask(http, Secret::new(token)).await
        }
        Method::POST => make(http, arrival, body).await,
        _ => {
            let mut answer = page::no_such_method();
            let allowed = HeaderValue::from_static("GET, HEAD, POST");
            answer.headers_mut().insert(ALLOW, allowed);
            return answer;
        }
    };
    shown.unwrap_or_else(|failure| page::failed(&failure))
}

/// What proxies add.
const PASSED_ON: [&str; 6] = [
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-real-ip",
    "forwarded",
    "via",
];

/// Whether nobody could listen: the request came over TLS, or has not left this machine. What a proxy has passed on in the clear was somewhere else before.
fn is_private(arrival: &Arrival, headers: &HeaderMap) -> bool {
    let is_passed_on = PASSED_ON.iter().any(|name| headers.contains_key(*name));
    arrival.secure || (arrival.client.is_loopback() && !is_passed_on)
}

/// The form, for who has the link.
async fn ask(http: &Http, token: Secret) -> Result<Response<Answer>, Failure> {
    let rules = http.system.password_rules();
    let (shown, now) = (token.clone(), http.surroundings.now());
    let invited = http.ask(move |system| system.invited(&shown, now)).await?;
    match invited {
        Ok(()) => Ok(page::form(&token, rules, "", None)),
        Err(refused) => refusal(refused),
    }
}

/// Makes the administrator of a form that was filled in.
async fn make<B>(http: &Http, arrival: &Arrival, body: B) -> Result<Response<Answer>, Failure>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = request::body(body, &http.limits).await?;
    let Form {
        token,
        name,
        password,
        again,
    } = Form::parse(&body);
    let rules = http.system.password_rules();
    if password != again {
        let (shown, now) = (token.clone(), http.surroundings.now());
        let invited = http.ask(move |system| system.invited(&shown, now)).await?;
        return match invited {
            Ok(()) => Ok(page::form(
                &token,
                rules,
                &name,
                Some("the passwords differ"),
            )),
            Err(refused) => refusal(refused),
        };
    }
    let moment = http.moment();
    let (shown, wanted) = (token.clone(), name.clone());
    let made = http
        .ask_hashing(move |system| system.accept_invitation(&shown, &wanted, &password, &moment))
        .await?;
    let entry = Entry::of(Act::AddUser).from(arrival.client);
    let entry = entry.detail("first administrator");
    match made {
        Ok(account) => {
            entry.user(&account.user).app(&account.app).done();
            tracing::info!(user = %account.user, "there is an administrator now");
            Ok(page::made(&name))
        }
        Err(NotInvited::System(error)) if !error.is_ours() => {
            Ok(page::form(&token, rules, &name, Some(&error.to_string())))
        }
        Err(refused) => {
            entry.refused(&refused);
            refusal(refused)
        }
    }
}

fn refusal(refused: NotInvited) -> Result<Response<Answer>, Failure> {
    match refused {
        NotInvited::System(error) => Err(error.into()),
        refused => Ok(page::refused(&refused)),
    }
}

/// What the form holds; what is not there is empty.
struct Form {
    token: Secret,
    name: String,
    password: Secret,
    again: Secret,
}

impl Form {
    fn parse(body: &[u8]) -> Form {
        let mut pairs: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
        let mut take = |wanted: &str| {
            let found = pairs.iter_mut().find(|(name, _)| name == wanted);
            found.map(|(_, value)| std::mem::take(value))
        };
        Form {
            token: Secret::new(take("token").unwrap_or_default()),
            name: take("name").unwrap_or_default().trim().to_owned(),
            password: Secret::new(take("password").unwrap_or_default()),
            again: Secret::new(take("again").unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_cannot_be_listened_to_is_answered() {
        let private = |client: &str, secure, header: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                headers.insert(name, HeaderValue::from_static("127.0.0.1"));
            }
            is_private(&Arrival::direct(client.parse().unwrap(), secure), &headers)
        };
        assert!(private("127.0.0.1", false, None));
        assert!(private("::1", false, None));
        assert!(private("::ffff:127.0.0.1", false, None));
        assert!(private("192.0.2.1", true, None));
        assert!(private("192.0.2.1", true, Some("x-forwarded-for")));
        assert!(!private("192.0.2.1", false, None));
        for header in PASSED_ON {
            assert!(!private("127.0.0.1", false, Some(header)), "{header}");
        }
    }

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let form = Form::parse(b"token=ab&name=+Gr%C3%A4fin+&password=a%26b%3D+c&again=");
        assert_eq!(form.name, "Gr\u{e4}fin");
        assert_eq!(form.token.reveal(), "ab");
        assert_eq!(form.password.reveal(), "a&b= c");
        assert_eq!(form.again.reveal(), "");
        assert_eq!(Form::parse(b"\xff%zz&&=").name, "");
    }
}
