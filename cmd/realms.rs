//! `ros realms`: whole Realms.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use ros::audit::Act;
use ros::client::{Realm, RealmAddress};
use ros::ejson::Shape;
use ros::ident::UserId;
use ros::system::NotRemoved;
use ros::transfer::{self, Done, Line, LineError};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::consent::Consent;
use crate::failure::{Exit, Failure};
use crate::folder::{self, Folder};
use crate::open;
use crate::output::{self, Format, Rows, written};
use crate::reach::{Reach, failed};

/// Work with whole Realms
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros realms list\n  ros realms info my-app/notes\n  ros realms export my-app/notes > notes.ndjson\n  ros realms import my-app/copy notes.ndjson\n  ros realms remove my-app/copy --dry-run"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the Realms of the server
    #[command(
        before_long_help = "Examples:\n  ros realms list\n  ros realms list -o plain | cut -f1"
    )]
    List {
        /// The form of the result
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
        #[command(flatten)]
        reach: Reach,
    },
    /// Show what is known of a Realm
    #[command(
        before_long_help = "Examples:\n  ros realms info my-app/notes\n  ros realms info /alice/notes -o json"
    )]
    Info {
        /// The Realm: a path (/alice/notes) or a partition of an app (my-app/notes)
        #[arg(value_name = "PATH")]
        realm: String,
        /// The form of the result
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
        #[command(flatten)]
        reach: Reach,
    },
    /// Write every object of a Realm as a line of JSON
    #[command(
        before_long_help = "Examples:\n  ros realms export my-app/notes > notes.ndjson\n  ros realms export /alice/notes --file notes.ndjson"
    )]
    Export {
        /// The Realm: a path (/alice/notes) or a partition of an app (my-app/notes)
        #[arg(value_name = "PATH")]
        realm: String,
        /// The file to write [default: standard output]
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// The form: lines of JSON
        #[arg(short, long, value_parser = ["ndjson"], default_value = "ndjson")]
        output: String,
        #[command(flatten)]
        reach: Reach,
    },
    /// Write objects into a Realm: those that are there are changed, others are made
    #[command(
        before_long_help = "Examples:\n  ros realms import my-app/copy notes.ndjson\n  ros realms export my-app/notes | ros realms import my-app/copy -"
    )]
    Import {
        /// The Realm: a path (/alice/notes) or a partition of an app (my-app/notes)
        #[arg(value_name = "PATH")]
        realm: String,
        /// The file to read; - for standard input
        #[arg(value_name = "FILE", default_value = "-")]
        file: PathBuf,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
        /// The form of the result
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
        #[command(flatten)]
        reach: Reach,
    },
    /// Remove a Realm with all that is in it, what is granted on it, and its history
    ///
    /// Sessions that are open in it end. Devices keep what they have until they open it again: then they start over with what the server has by then.
    #[command(
        before_long_help = "Examples:\n  ros realms remove my-app/notes --dry-run\n  ros realms remove /alice/notes --yes\n  ros realms remove /alice/notes --yes --root /var/lib/realm"
    )]
    Remove {
        /// The Realm: a path (/alice/notes) or a partition of an app (my-app/notes)
        #[arg(value_name = "PATH")]
        realm: String,
        #[command(flatten)]
        consent: Consent,
        #[command(flatten)]
        folder: folder::Stopped,
        #[command(flatten)]
        reach: Reach,
    },
}

/// Runs a subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = crate::runtime()?;
    match &arguments.command {
        Command::List { output, reach } => runtime.block_on(list(*output, reach)),
        Command::Info {
            realm,
            output,
            reach,
        } => runtime.block_on(info(&open::address(realm)?, *output, reach)),
        Command::Export {
            realm, file, reach, ..
        } => runtime.block_on(export(&open::address(realm)?, file.as_deref(), reach)),
        Command::Import {
            realm,
            file,
            dry_run,
            output,
            reach,
        } => runtime.block_on(import(
            &open::address(realm)?,
            file,
            *dry_run,
            *output,
            reach,
        )),
        Command::Remove {
            realm,
            consent,
            folder,
            reach,
        } => {
            let address = open::address(realm)?;
            match folder.open()? {
                Some(folder) => remove_from(&folder, &address, consent),
                None => remove(&runtime, &address, consent, reach),
            }
        }
    }
}

/// Removes a Realm of a running server.
fn remove(
    runtime: &Runtime,
    address: &RealmAddress,
    consent: &Consent,
    reach: &Reach,
) -> Result<(), Failure> {
    let (server, admin) = (reach.server()?, reach.admin_token()?);
    let doing = format!("cannot remove {address}");
    let removed = |dry_run| {
        let removing = server.remove_realm(&admin, address, dry_run);
        let removing = async { reach.within(&doing, removing).await };
        runtime.block_on(removing)
    };
    let name = removed(true)?;
    if consent.given(&removal(&name))? {
        removed(false)?;
    }
    Ok(())
}

/// Removes a Realm of a stopped server, with its file.
fn remove_from(folder: &Folder, address: &RealmAddress, consent: &Consent) -> Result<(), Failure> {
    let system = &folder.system;
    let cannot = |error: NotRemoved| {
        let exit = match &error {
            NotRemoved::NoSuchRealm(_) => Exit::NotFound,
            NotRemoved::Reserved(_) => Exit::Denied,
            NotRemoved::System(_) => Exit::Failed,
        };
        Failure::new(exit, format!("cannot remove {address}")).cause(error)
    };
    let realm = system.realm_of(&UserId(ADMINISTRATOR.into()), &address.to_string());
    let realm = realm.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("cannot remove {address}"))
            .cause("that names no Realm: a path begins with a slash, a partition with its app")
    })?;
    system.check_removable(&realm).map_err(cannot)?;
    if consent.given(&removal(realm.as_str()))? {
        let removed = system.remove_realm(&realm, folder::moment().now);
        removed.map_err(cannot)?;
        folder::entry(Act::RemoveRealm).realm(&realm).done();
        let erased = folder.erase_removed();
        erased.map_err(|error| cannot(error.into()))?;
    }
    Ok(())
}

/// Whose home `~` would be.
const ADMINISTRATOR: &str = "__admin";

fn removal(name: &str) -> String {
    format!("remove the Realm {name} with all that is in it")
}

async fn list(format: Format, reach: &Reach) -> Result<(), Failure> {
    let listed = open::listing(reach).await?;
    let kind = |listed: &open::Listed| match listed.is_partition {
        true => "partition",
        false => "path",
    };
    let document = |listed: &open::Listed| json!({ "realm": listed.name, "kind": kind(listed), "created": listed.created });
    match format {
        Format::Json => output::print_json(&listed.iter().map(document).collect::<Vec<_>>()),
        Format::Ndjson => listed
            .iter()
            .try_for_each(|listed| output::print(&format!("{}\n", document(listed)))),
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["realm", "kind", "created"]);
            for listed in &listed {
                let created = listed.created.clone().unwrap_or_default();
                rows.push(vec![listed.name.clone(), kind(listed).to_owned(), created]);
            }
            output::print(&rows.text(format))
        }
    }
}

async fn info(address: &RealmAddress, format: Format, reach: &Reach) -> Result<(), Failure> {
    let realm = open::existing(reach, address).await?;
    let progress = realm.progress();
    let counted = realm.look(|schema, cells| {
        let (mut classes, mut objects) = (0_u64, 0_u64);
        for class in schema.classes() {
            classes += 1;
            if !class.is_embedded() {
                transfer::objects(schema, cells, class, &mut |_, _| {
                    objects += 1;
                    true
                })?;
            }
        }
        Ok((classes, objects))
    });
    let (classes, objects) = counted.map_err(|error| failed("cannot read the copy", &error))?;
    realm.close().await;
    let document = json!({
        "realm": address.to_string(),
        "version": progress.latest.version.0,
        "classes": classes,
        "objects": objects,
    });
    match format {
        Format::Json | Format::Ndjson => output::print_json(&document),
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["realm", "version", "classes", "objects"]);
            rows.push(vec![
                address.to_string(),
                progress.latest.version.to_string(),
                classes.to_string(),
                objects.to_string(),
            ]);
            output::print(&rows.text(format))
        }
    }
}

async fn export(address: &RealmAddress, file: Option<&Path>, reach: &Reach) -> Result<(), Failure> {
    let realm = open::existing(reach, address).await?;
    let bar = open::spinner(format!("exporting {address}"));
    let mut out: Box<dyn Write> = match file {
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
        Some(path) => {
            let made = File::create_new(path).map_err(|error| {
                let exit = match error.kind() {
                    std::io::ErrorKind::AlreadyExists => Exit::Conflict,
                    _ => Exit::Failed,
                };
                Failure::new(exit, format!("cannot make {}", path.display())).cause(error)
            });
            Box::new(BufWriter::new(made?))
        }
    };
    let mut result = Ok(());
    let read = realm.look(|schema, cells| {
        transfer::export(schema, cells, &mut |line| {
            result = writeln!(out, "{line}");
            bar.inc(1);
            result.is_ok()
        })
    });
    bar.finish_and_clear();
    written(result.and_then(|()| out.flush()))?;
    drop(out);
    realm.close().await;
    read.map_err(|error| failed("cannot read the copy", &error))
}

/// Lines in one transaction, and bytes of them.
const LINES: usize = 1000;
const BYTES: usize = 1 << 20;
/// Bytes that are on their way to the server at most.
const ON_ITS_WAY: usize = 8 << 20;

async fn import(
    address: &RealmAddress,
    file: &Path,
    dry_run: bool,
    format: Format,
    reach: &Reach,
) -> Result<(), Failure> {
    let input: Box<dyn BufRead + Send> = if file.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let opened = File::open(file).map_err(|error| {
            Failure::new(Exit::NotFound, format!("cannot read {}", file.display())).cause(error)
        });
        Box::new(BufReader::new(opened?))
    };
    let realm = open::downloaded(reach, address).await?;
    let mut importer = Importer {
        realm: &realm,
        reach,
        dry_run,
        name: file.display().to_string(),
        bar: open::spinner(format!("importing into {address}")),
        done: Done::default(),
        shapes: Vec::new(),
        batch: Vec::new(),
        bytes: 0,
    };
    let result = importer.all(input).await;
    importer.bar.finish_and_clear();
    let done = importer.done;
    if let Err(failure) = result {
        // What was written before the bad line stays: it is whole transactions, and reading the lines again does it no harm.
        let written = done.created + done.changed;
        if written == 0 || dry_run {
            return Err(failure);
        }
        let what = format!("{written} objects were written before that");
        return Err(failure.partly().cause(what));
    }
    realm.close().await;
    let mut document = json!(done);
    document["dryRun"] = json!(dry_run);
    match format {
        Format::Json | Format::Ndjson => output::print_json(&document),
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["created", "changed", "unchanged"]);
            rows.push(vec![
                done.created.to_string(),
                done.changed.to_string(),
                done.unchanged.to_string(),
            ]);
            output::print(&rows.text(format))
        }
    }
}

struct Importer<'a> {
    realm: &'a Realm,
    reach: &'a Reach,
    dry_run: bool,
    /// The file, for messages.
    name: String,
    bar: indicatif::ProgressBar,
    done: Done,
    /// The classes that lines have said, in their order.
    shapes: Vec<Shape>,
    batch: Vec<(usize, Line)>,
    bytes: usize,
}

/// Why a transaction is taken back.
enum Stop {
    /// A line, by its number, cannot be written.
    Line(usize, LineError),
    /// Nothing was to be written.
    DryRun,
}

impl From<ros::client::WriteError> for Stop {
    fn from(error: ros::client::WriteError) -> Stop {
        Stop::Line(0, error.into())
    }
}

impl Importer<'_> {
    async fn all(&mut self, mut input: Box<dyn BufRead + Send>) -> Result<(), Failure> {
        let mut text = String::new();
        for number in 1.. {
            text.clear();
            let read = input.read_line(&mut text).map_err(|error| {
                Failure::new(Exit::Failed, format!("cannot read {}", self.name)).cause(error)
            })?;
            if read == 0 {
                break;
            }
            if text.trim().is_empty() {
                continue;
            }
            let line = transfer::parse(&text).map_err(|error| self.bad(number, &error))?;
            self.batch.push((number, line));
            self.bytes += read;
            self.bar.inc(1);
            if self.batch.len() >= LINES || self.bytes >= BYTES {
                self.write()?;
                let room = self.realm.wait_for_room(ON_ITS_WAY);
                self.reach.within("cannot upload", room).await?;
            }
        }
        self.write()?;
        let mut before = self.realm.unacknowledged_bytes();
        loop {
            // The time allowed is for silence, not for the whole.
            let room = self.realm.wait_for_upload();
            match tokio::time::timeout(self.reach.timeout(), room).await {
                Ok(result) => return result.map_err(|error| failed("cannot upload", &error)),
                Err(_) if self.realm.unacknowledged_bytes() < before => {
                    before = self.realm.unacknowledged_bytes();
                }
                Err(_) => return Err(self.reach.too_late("cannot upload")),
            }
        }
    }

    /// Writes what was read, as one transaction.
    fn write(&mut self) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        let mut done = self.done;
        for (_, line) in &batch {
            if let Line::Class(shape) = line {
                self.shapes.push(Shape::clone(shape));
            }
        }
        let (shapes, dry_run) = (&self.shapes, self.dry_run);
        let result = self.realm.write(|edit| {
            transfer::write_classes(edit, shapes)?;
            for (number, line) in &batch {
                if let Line::Object(class, members) = line {
                    transfer::write_object(edit, class, members, &mut done)
                        .map_err(|error| Stop::Line(*number, error))?;
                }
            }
            if dry_run { Err(Stop::DryRun) } else { Ok(()) }
        });
        match result {
            Ok(()) | Err(Stop::DryRun) => {}
            Err(Stop::Line(number, error)) => return Err(self.bad(number, &error)),
        }
        self.done = done;
        Ok(())
    }

    fn bad(&self, number: usize, error: &LineError) -> Failure {
        let place = match number {
            0 => self.name.clone(),
            number => format!("{}:{number}", self.name),
        };
        Failure::new(Exit::Failed, format!("cannot import {place}")).cause(error)
    }
}
