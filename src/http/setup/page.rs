//! What the page looks like: one document without scripts, pictures or anything from elsewhere.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use sha2::{Digest, Sha256};

use super::PATH;
use crate::auth::PasswordRules;
use crate::http::Answer;
use crate::http::answer::{Cause, Failure};
use crate::secret::Secret;
use crate::system::NotInvited;

const STYLE: &str = include_str!("style.css");

/// Nothing but the style of the page itself is loaded, nobody frames it, and its form is sent here only.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

/// The form, with what was wrong in it before.
pub fn form(
    token: &Secret,
    rules: PasswordRules,
    name: &str,
    wrong: Option<&str>,
) -> Response<Answer> {
    let lengths = rules.lengths();
    let (least, most) = (lengths.start(), lengths.end());
    let (token, name) = (escaped(token.reveal()), escaped(name));
    let status = match wrong {
        None => StatusCode::OK,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let wrong = wrong.map(|wrong| {
        let text = escaped(&sentence(wrong));
        format!("<p class=\"wrong\" role=\"alert\">{text}</p>\n")
    });
    let wrong = wrong.unwrap_or_default();
    let body = format!(
        r#"<p>It may do everything on this server: look after users, permissions and every Realm.</p>
{wrong}<form method="post" action="{PATH}">
<input type="hidden" name="token" value="{token}">
<label for="name">Name or e-mail address</label>
<input id="name" name="name" value="{name}" required maxlength="320" autocomplete="username" autocapitalize="none" spellcheck="false" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" required minlength="{least}" maxlength="{most}" autocomplete="new-password" aria-describedby="rule">
<small id="rule">{least} to {most} characters; any of them will do.</small>
<label for="again">Password, once more</label>
<input id="again" name="again" type="password" required minlength="{least}" maxlength="{most}" autocomplete="new-password">
<button>Make the administrator</button>
</form>"#
    );
    page(status, "The first administrator", &body)
}

/// It was made.
pub fn made(name: &str) -> Response<Answer> {
    let name = escaped(name);
    let body = format!(
        "<p>The link has done its work and counts no more. From now on commands take the name, with the password in a file:</p>\n\
         <p><code>ros users list --user '{name}' --password-file FILE</code></p>"
    );
    let title = format!("{name} is the administrator");
    page(StatusCode::OK, &title, &body)
}

/// The link makes no administrator.
pub fn refused(refused: &NotInvited) -> Response<Answer> {
    let (status, body) = match refused {
        NotInvited::Unknown => (
            StatusCode::NOT_FOUND,
            "The server prints a link when it starts, as long as it has no administrator. Each start makes the links before it worthless.",
        ),
        NotInvited::Expired => (
            StatusCode::GONE,
            "It counts for 15 minutes. Restart the server, or have it read its configuration again (SIGHUP): it prints another.",
        ),
        NotInvited::Used | NotInvited::NotNeeded | NotInvited::System(_) => (
            StatusCode::GONE,
            "If it was not you who made the administrator, stop the server: ros users list --admins --root DIR shows who there is.",
        ),
    };
    let title = sentence(&refused.to_string());
    let said = page(status, title.trim_end_matches('.'), &paragraph(body));
    because(said, refused)
}

/// Whoever asks could have been listened to.
pub fn not_here() -> Response<Answer> {
    let title = "This page opens on the server itself, or over HTTPS";
    let body = paragraph(
        "A password must not travel in the clear. From another machine take the https:// address of the server, or a tunnel: ssh -L 9080:127.0.0.1:9080 SERVER.",
    );
    let said = page(StatusCode::FORBIDDEN, title, &body);
    because(said, "neither over TLS nor from this machine")
}

/// The page takes nothing else.
pub fn no_such_method() -> Response<Answer> {
    page(StatusCode::METHOD_NOT_ALLOWED, "There is nothing here", "")
}

/// The server failed, or the request did.
pub fn failed(failure: &Failure) -> Response<Answer> {
    let title = sentence(failure.text());
    let said = page(failure.status(), title.trim_end_matches('.'), "");
    because(said, failure)
}

fn page(status: StatusCode, title: &str, body: &str) -> Response<Answer> {
    let text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    );
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

fn because(mut answer: Response<Answer>, cause: impl std::fmt::Display) -> Response<Answer> {
    let cause = Cause(cause.to_string());
    answer.extensions_mut().insert(cause);
    answer
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}

/// A cause as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first
        .into_iter()
        .flatten()
        .chain(letters)
        .chain(['.'])
        .collect()
}

/// Text that says nothing to a browser.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, letter| {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_typed_stays_text() {
        assert_eq!(
            escaped("<a href='x'>&\""),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"
        );
        assert_eq!(sentence("the passwords differ"), "The passwords differ.");
    }
}
