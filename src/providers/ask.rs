//! Questions over HTTPS, and their answers.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{AGE, CACHE_CONTROL, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::sync::Semaphore;

use crate::tls::{Trust, distrust};

/// Questions at the same time; one more is not asked.
const MOST: usize = 64;
/// Bytes of an answer; a longer one is none.
const ANSWER_BYTES: usize = 256 << 10;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take, from the beginning.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way out.
pub struct Outside {
    client: OnceLock<Result<Client, String>>,
    places: Semaphore,
}

impl Default for Outside {
    fn default() -> Outside {
        Outside {
            client: OnceLock::new(),
            places: Semaphore::new(MOST),
        }
    }
}

/// What was answered.
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Vec<u8>,
    /// Seconds for which it holds, if it says so.
    pub fresh: Option<u64>,
}

impl Outside {
    /// Asks. The error says why there is no answer, without the URL, which may have a token in it.
    pub async fn ask(
        &self,
        question: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Answered, String> {
        let place = self.places.try_acquire();
        let _place = place.map_err(|_| "too many questions wait for an answer".to_owned())?;
        // The authorities of this host are read when they are needed for the first time.
        let client = self.client.get_or_init(|| {
            let client = Client::builder()
                .use_preconfigured_tls(Trust::system().config())
                .redirect(Policy::none())
                .connect_timeout(CONNECT)
                .timeout(PATIENCE)
                .user_agent(concat!("ros/", env!("CARGO_PKG_VERSION")));
            client.build().map_err(told)
        });
        let client = client.as_ref().map_err(Clone::clone)?;
        let answer = question(client).send().await.map_err(told)?;
        let (status, fresh) = (answer.status(), fresh(&answer));
        let body = whole(answer).await?;
        Ok(Answered {
            status,
            body,
            fresh,
        })
    }
}

/// The body, within its bound.
async fn whole(mut answer: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(told)? {
        if body.len() + piece.len() > ANSWER_BYTES {
            return Err(format!("the answer is longer than {ANSWER_BYTES} bytes"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// For how many seconds an answer holds (RFC 9111), as far as it says so.
fn fresh(answer: &Response) -> Option<u64> {
    let text = |name: HeaderName| answer.headers().get(name)?.to_str().ok();
    let said = text(CACHE_CONTROL)?.to_ascii_lowercase();
    let mut said = said.split(',').map(str::trim);
    if said
        .clone()
        .any(|word| word == "no-store" || word == "no-cache")
    {
        return Some(0);
    }
    let seconds: u64 = said.find_map(|word| word.strip_prefix("max-age=")?.parse().ok())?;
    let age = text(AGE).and_then(|age| age.trim().parse().ok());
    Some(seconds.saturating_sub(age.unwrap_or(0)))
}

/// What went wrong, in words.
fn told(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    if let Some(cause) = distrust(&error) {
        return format!("its certificate is not believed: {cause}");
    }
    let error = error.without_url();
    let mut innermost: &(dyn std::error::Error + 'static) = &error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
