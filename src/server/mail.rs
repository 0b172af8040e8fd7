//! E-mail: letters wait in a short line for a thread that hands them to the server for mail. Whoever asks for one does not wait.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{Message, SmtpTransport, Transport};

use crate::config::Mail;
use crate::system::Letter;

/// Letters that may wait; one more is lost, and the log says so.
const LINE: usize = 1000;
/// How long the server for mail may take for a step.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way out for letters.
#[derive(Clone)]
pub struct Post(Option<SyncSender<Letter>>);

impl Post {
    /// One that goes to the server for mail that the settings name; or nowhere.
    pub fn start(mail: &Mail) -> io::Result<Post> {
        let (Some(url), Some(from)) = (&mail.url, &mail.from) else {
            return Ok(Post(None));
        };
        let wrong = |key: &str, cause: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{key}: {cause}"))
        };
        let transport = SmtpTransport::from_url(url).map_err(|error| wrong("mail.url", &error))?;
        let transport = transport.timeout(Some(PATIENCE)).build();
        let from: Mailbox = from.parse().map_err(|error| wrong("mail.from", &error))?;
        let (post, letters) = sync_channel(LINE);
        std::thread::Builder::new()
            .name("mail".to_owned())
            .spawn(move || carry(&transport, &from, &letters))?;
        Ok(Post(Some(post)))
    }

    /// Sends a letter.
    pub fn send(&self, letter: Letter) {
        let Some(post) = &self.0 else { return };
        if post.try_send(letter).is_err() {
            tracing::error!("an e-mail is lost: too many wait for mail.url");
        }
    }
}

/// Hands over letter by letter; twice, if the first time fails.
fn carry(transport: &SmtpTransport, from: &Mailbox, letters: &Receiver<Letter>) {
    for letter in letters {
        let sent = message(from, &letter).and_then(|message| {
            let sent = transport
                .send(&message)
                .or_else(|_| transport.send(&message));
            sent.map(drop).map_err(|error| error.to_string())
        });
        match sent {
            Ok(()) => tracing::debug!("an e-mail was sent"),
            Err(error) => tracing::error!(error, "an e-mail could not be sent"),
        }
    }
}

fn message(from: &Mailbox, letter: &Letter) -> Result<Message, String> {
    let to: Mailbox = letter
        .to
        .parse()
        .map_err(|_| "no e-mail address".to_owned())?;
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&letter.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.reveal().to_owned())
        .map_err(|error| error.to_string())
}
