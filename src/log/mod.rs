//! The log: nine levels, as lines of the original's form or of JSON, to standard error or a file that can be opened again.
//!
//! `tracing` knows five levels. `detail` and `fatal` are `debug` and `error` with the targets [`DETAIL`] and [`FATAL`].
//!
//! A line is one line whatever a peer has sent: control characters are escaped. A disk that is full costs lines and nothing else; how many is said when it
//! has room again.

mod line;
mod sink;

use std::fmt;
use std::io;
use std::panic::PanicHookInfo;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use tracing::level_filters::LevelFilter;
use tracing::span;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::audit;
use crate::config::{LogFormat, LogLevel};
use line::Line;
use sink::Sink;

/// The target of events of the level `detail`.
pub const DETAIL: &str = "ros::detail";
/// The target of events of the level `fatal`.
pub const FATAL: &str = "ros::fatal";

/// The log of this process.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    /// Where entries of the audit log go, if there is one.
    audit: RwLock<Option<Sink>>,
    /// Index into [`LogLevel::NAMES`].
    level: AtomicU8,
    format: AtomicU8,
    sink: Sink,
}

impl Log {
    /// Opens the log and makes it that of the process. Fails if the file cannot be opened.
    pub fn start(level: LogLevel, format: LogFormat, path: Option<&Path>) -> io::Result<Log> {
        let log = Log(Arc::new(Shared {
            level: AtomicU8::new(level as u8),
            format: AtomicU8::new(format as u8),
            sink: Sink::open(path)?,
            audit: RwLock::default(),
        }));
        let writer = Writer(log.0.clone());
        tracing::subscriber::set_global_default(writer).map_err(io::Error::other)?;
        std::panic::set_hook(Box::new(panicked));
        Ok(log)
    }

    /// Whether it goes to a file.
    pub fn is_file(&self) -> bool {
        self.0.sink.is_file()
    }

    /// Opens the file again, for it may have been moved. When that fails, lines go where they went before.
    pub fn reopen(&self) -> io::Result<()> {
        let audit = self.0.audit.read();
        let audit = audit.unwrap_or_else(PoisonError::into_inner);
        self.0
            .sink
            .reopen()
            .and(audit.as_ref().map_or(Ok(()), Sink::reopen))
    }

    /// From now on the audit log is this file, or there is none. When it cannot be opened, entries go where they went before.
    pub fn audit_to(&self, path: Option<&Path>) -> io::Result<()> {
        let sink = path.map(|path| Sink::open(Some(path))).transpose()?;
        *self.0.audit.write().unwrap_or_else(PoisonError::into_inner) = sink;
        tracing::callsite::rebuild_interest_cache();
        Ok(())
    }

    /// From now on another file, or standard error. When it cannot be opened, lines go where they went before.
    pub fn move_to(&self, path: Option<&Path>) -> io::Result<()> {
        self.0.sink.move_to(path)
    }

    /// From now on so much, in this form.
    pub fn change(&self, level: LogLevel, format: LogFormat) {
        self.0.level.store(level as u8, Ordering::Relaxed);
        self.0.format.store(format as u8, Ordering::Relaxed);
        tracing::callsite::rebuild_interest_cache();
    }
}

/// A panic belongs into the log like everything else.
fn panicked(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or(payload.downcast_ref::<&str>().copied());
    let place = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(
        place = place.unwrap_or_default(),
        thread = thread.name().unwrap_or_default(),
        "panicked: {}",
        text.unwrap_or("without words")
    );
}

/// What takes events. Spans are not used.
struct Writer(Arc<Shared>);

impl Shared {
    fn level(&self) -> LogLevel {
        let index = usize::from(self.level.load(Ordering::Relaxed));
        LogLevel::NAMES
            .get(index)
            .map_or(LogLevel::Off, |(_, level)| *level)
    }

    fn is_audited(&self) -> bool {
        let audit = self.audit.read();
        audit.unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn is_json(&self) -> bool {
        self.format.load(Ordering::Relaxed) == LogFormat::Json as u8
    }

    /// Whether an event is written: the library's own by its level; those of packages only when they are serious.
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.target() == audit::TARGET {
            return metadata.is_event() && self.is_audited();
        }
        let least = match self.level() {
            LogLevel::All => LogLevel::All,
            least if is_ours(metadata.target()) => least,
            least => least.max(LogLevel::Warn),
        };
        metadata.is_event() && level_of(metadata) >= least
    }
}

fn is_ours(target: &str) -> bool {
    target == "ros" || target.starts_with("ros::")
}

fn level_of(metadata: &Metadata<'_>) -> LogLevel {
    match metadata.target() {
        DETAIL => return LogLevel::Detail,
        FATAL => return LogLevel::Fatal,
        _ => {}
    }
    match *metadata.level() {
        Level::TRACE => LogLevel::Trace,
        Level::DEBUG => LogLevel::Debug,
        Level::INFO => LogLevel::Info,
        Level::WARN => LogLevel::Warn,
        Level::ERROR => LogLevel::Error,
    }
}

impl Subscriber for Writer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.0.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Entries of the audit log are events of the level info.
        let least = match self.0.is_audited() {
            true => LevelFilter::INFO,
            false => LevelFilter::OFF,
        };
        Some(least.max(match self.0.level() {
            LogLevel::All | LogLevel::Trace => LevelFilter::TRACE,
            LogLevel::Debug | LogLevel::Detail => LevelFilter::DEBUG,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Error | LogLevel::Fatal => LevelFilter::ERROR,
            LogLevel::Off => LevelFilter::OFF,
        }))
    }

    fn event(&self, event: &Event<'_>) {
        let level = level_of(event.metadata());
        let mut line = Line::new(SystemTime::now(), level);
        event.record(&mut line);
        if event.metadata().target() == audit::TARGET {
            let audit = self.0.audit.read();
            if let Some(sink) = &*audit.unwrap_or_else(PoisonError::into_inner) {
                sink.write(|_| line.entry());
            }
            return;
        }
        self.0.sink.write(|colour| {
            if self.0.is_json() {
                line.json()
            } else {
                line.text(colour)
            }
        });
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(folder: &Path, level: LogLevel) -> (Log, Writer) {
        let shared = Arc::new(Shared {
            level: AtomicU8::new(level as u8),
            format: AtomicU8::new(LogFormat::Text as u8),
            sink: Sink::open(Some(&folder.join("log"))).unwrap(),
            audit: RwLock::default(),
        });
        (Log(shared.clone()), Writer(shared))
    }

    fn say_everything() {
        tracing::trace!("trace");
        tracing::debug!("debug");
        tracing::debug!(target: DETAIL, "detail");
        tracing::info!("info");
        tracing::warn!("warn");
        tracing::error!("error");
        tracing::error!(target: FATAL, "fatal");
        tracing::info!(target: "package", "of a package");
        tracing::warn!(target: "package", "serious");
    }

    fn messages(folder: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(folder.join("log")).unwrap();
        text.lines().map(|line| line[27..].to_owned()).collect()
    }

    #[test]
    fn each_level_includes_those_after_it() {
        let all = [
            "trace: trace",
            "debug: debug",
            "detail: detail",
            "info: info",
            "warn: warn",
            "error: error",
            "fatal: fatal",
            "info: of a package",
            "warn: serious",
        ];
        let of = |indices: &[usize]| -> Vec<&str> { indices.iter().map(|at| all[*at]).collect() };
        for (level, written) in [
            (LogLevel::All, of(&[0, 1, 2, 3, 4, 5, 6, 7, 8])),
            (LogLevel::Trace, of(&[0, 1, 2, 3, 4, 5, 6, 8])),
            (LogLevel::Debug, of(&[1, 2, 3, 4, 5, 6, 8])),
            (LogLevel::Detail, of(&[2, 3, 4, 5, 6, 8])),
            (LogLevel::Info, of(&[3, 4, 5, 6, 8])),
            (LogLevel::Warn, of(&[4, 5, 6, 8])),
            (LogLevel::Error, of(&[5, 6])),
            (LogLevel::Fatal, of(&[6])),
            (LogLevel::Off, of(&[])),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (_, writer) = log(folder.path(), level);
            tracing::subscriber::with_default(writer, say_everything);
            assert_eq!(messages(folder.path()), written, "{level:?}");
        }
    }

    #[test]
    fn entries_of_the_audit_log_go_their_own_way_at_every_level() {
        use crate::audit::{Act, Entry};
        let folder = tempfile::tempdir().unwrap();
        let (log, writer) = log(folder.path(), LogLevel::Off);
        let file = folder.path().join("audit");
        tracing::subscriber::with_default(writer, || {
            Entry::of(Act::SignIn).user("nobody hears it").done();
            log.audit_to(Some(&file)).unwrap();
            let entry = Entry::of(Act::SignIn).user("ada\n\u{1b}").app("x");
            entry
                .from("::ffff:10.0.0.1".parse().unwrap())
                .refused("wrong password");
            std::fs::rename(&file, folder.path().join("audit.1")).unwrap();
            log.reopen().unwrap();
            Entry::of(Act::Start).done();
            log.audit_to(None).unwrap();
            Entry::of(Act::Stop).done();
        });
        let lines = |name: &str| {
            let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            lines.collect::<Vec<serde_json::Value>>()
        };
        let old = lines("audit.1");
        assert_eq!(old.len(), 1);
        let mut members = old[0].as_object().unwrap().clone();
        assert!(members.remove("time").is_some());
        let expected = serde_json::json!({
            "act": "sign-in", "outcome": "refused", "user": "ada\n\u{1b}", "app": "x", "from": "10.0.0.1", "reason": "wrong password",
        });
        assert_eq!(serde_json::Value::Object(members), expected);
        let new = lines("audit");
        assert_eq!((new.len(), &new[0]["act"]), (1, &"start".into()));
        assert_eq!(messages(folder.path()), Vec::<String>::new());
    }

    #[test]
    fn level_form_and_file_change_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (log, writer) = log(folder.path(), LogLevel::Warn);
        tracing::subscriber::with_default(writer, || {
            say_everything();
            std::fs::rename(folder.path().join("log"), folder.path().join("log.1")).unwrap();
            log.change(LogLevel::Fatal, LogFormat::Text);
            tracing::error!(target: FATAL, "still in the old file");
            log.reopen().unwrap();
            say_everything();
            assert!(log.move_to(Some(Path::new("/nonexistent/log"))).is_err());
            log.change(LogLevel::Fatal, LogFormat::Json);
            tracing::error!(target: FATAL, n = 1, "json");
        });
        let old = std::fs::read_to_string(folder.path().join("log.1")).unwrap();
        assert!(old.ends_with(" - fatal: still in the old file\n"), "{old}");
        let new = std::fs::read_to_string(folder.path().join("log")).unwrap();
        let lines: Vec<&str> = new.lines().collect();
        assert_eq!(lines.len(), 2, "{new}");
        assert!(lines[0].ends_with(" - fatal: fatal"));
        let json: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
        assert_eq!(json["level"], "fatal");
        assert_eq!((&json["message"], &json["n"]), (&"json".into(), &1.into()));
    }
}
