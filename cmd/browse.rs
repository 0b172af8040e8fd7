//! `ros browse`: look at what a Realm contains.

use std::collections::HashMap;
use std::io::{self, Write};

use ros::changeset::{CollectionKind, Link, Text};
use ros::client::{Realm, RealmAddress, Touch};
use ros::ejson::{self, Shape};
use ros::query::{Order, Query, QueryError};
use ros::state::{Class, Field, Reader, Schema};
use ros::transfer;
use serde_json::{Value as Json, json};

use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{self, Format, Rows, written};
use crate::reach::{Reach, failed};

/// Look at what a Realm contains
///
/// Without a class: the classes, how many objects each has, and their properties. With one: its objects. Conditions and orders are those of the SDKs' query language.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros browse my-app/notes\n  ros browse my-app/notes Note --where 'done == false AND n > 3' --sort 'n DESC' --limit 20\n  ros browse /alice/notes Note -o csv > notes.csv\n  ros browse my-app/notes --follow"
)]
pub struct Arguments {
    /// The Realm: a path (/alice/notes) or a partition of an app (my-app/notes)
    #[arg(value_name = "PATH")]
    realm: String,
    /// The class whose objects to show
    class: Option<String>,
    /// Only objects for which this holds
    #[arg(long = "where", value_name = "CONDITION", requires = "class")]
    condition: Option<String>,
    /// The order: properties with ASC or DESC
    #[arg(long, value_name = "ORDER", requires = "class")]
    sort: Option<String>,
    /// No more objects than this
    #[arg(long, value_name = "N", requires = "class")]
    limit: Option<usize>,
    /// Print changes as they arrive, a JSON document each, until interrupted
    #[arg(long, conflicts_with_all = ["condition", "sort", "limit"])]
    follow: bool,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

/// Prints what is asked for.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let address = open::address(&arguments.realm)?;
    crate::runtime()?.block_on(async {
        let realm = open::existing(&arguments.reach, &address).await?;
        let result = match (&arguments.class, arguments.follow) {
            (class, true) => follow(&realm, class.as_deref()).await,
            (None, false) => classes(&realm, &address, arguments.output),
            (Some(class), false) => objects(&realm, class, arguments),
        };
        realm.close().await;
        result
    })
}

/// The classes of a Realm.
fn classes(realm: &Realm, address: &RealmAddress, format: Format) -> Result<(), Failure> {
    let found = realm.look(|schema, cells| {
        let mut found = Vec::new();
        for class in schema.classes() {
            let mut count = 0_u64;
            if !class.is_embedded() {
                transfer::objects(schema, cells, class, &mut |_, _| {
                    count += 1;
                    true
                })?;
            }
            found.push((Shape::from(&**class), count));
        }
        Ok(found)
    });
    let found = found.map_err(|error| failed("cannot read the copy", &error))?;
    let document = |(shape, count): &(Shape, u64)| {
        let mut document = shape.to_json();
        if let Json::Object(members) = &mut document {
            members.insert("objects".into(), json!(count));
        }
        document
    };
    match format {
        Format::Json => {
            let classes: Vec<Json> = found.iter().map(document).collect();
            let version = realm.progress().latest.version.0;
            output::print_json(
                &json!({ "realm": address.to_string(), "version": version, "classes": classes }),
            )
        }
        Format::Ndjson => found
            .iter()
            .try_for_each(|class| output::print(&format!("{}\n", document(class)))),
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["class", "objects", "key", "properties"]);
            for (shape, count) in &found {
                let shown = shape.to_json();
                let count = match shown["kind"].as_str() {
                    Some("embedded") => "embedded".to_owned(),
                    Some(_) | None => count.to_string(),
                };
                let key = shown["primaryKey"]["name"].as_str().unwrap_or("-");
                let columns = shape.columns.iter().map(|(name, column)| {
                    let (open, close) = match column.collection {
                        CollectionKind::Single => ("", ""),
                        CollectionKind::List => ("[", "]"),
                        CollectionKind::Set => ("<", ">"),
                        CollectionKind::Dictionary => ("{", "}"),
                    };
                    let optional = if column.nullable { "?" } else { "" };
                    let kind = ejson::type_word(&column.kind);
                    format!("{name}: {open}{kind}{optional}{close}")
                });
                let columns: Vec<String> = columns.collect();
                rows.push(vec![
                    shape.name.to_string(),
                    count,
                    key.to_owned(),
                    columns.join(", "),
                ]);
            }
            output::print(&rows.text(format))
        }
    }
}

/// The objects of a class.
fn objects(realm: &Realm, name: &str, arguments: &Arguments) -> Result<(), Failure> {
    let result = realm.look(|schema, cells| {
        let Some(class) = schema.class(&name.into()).cloned() else {
            return Ok(Err(no_class(schema, name)));
        };
        if class.is_embedded() {
            return Ok(Err(Failure::new(
                Exit::Usage,
                format!("{name} is embedded: its objects are inside those of other classes"),
            )));
        }
        let wanted = match Wanted::parse(arguments, schema, &class) {
            Ok(wanted) => wanted,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut printer = Printer::new(arguments.output, &class);
        let mut selected = Vec::new();
        let limit = arguments.limit.unwrap_or(usize::MAX);
        let links = wanted
            .needs_links()
            .then(|| linked(schema, cells))
            .transpose()?;
        let mut follow = |link: &Link| {
            links
                .as_ref()?
                .get(&(link.class.clone(), link.key.clone()))
                .cloned()
        };
        let mut count = 0;
        transfer::objects(schema, cells, &class, &mut |key, fields| {
            let holds = wanted.query.as_ref();
            if holds.is_some_and(|query| !query.matches(key, fields, &mut follow)) {
                return true;
            }
            let object = Json::Object(ejson::object_to_json(&class, key, fields, schema));
            match &wanted.order {
                Some(order) => selected.push((order.values(key, fields, &mut follow), object)),
                None => {
                    count += 1;
                    if count > limit || printer.object(object).is_err() {
                        return false;
                    }
                }
            }
            true
        })?;
        if let Some(order) = &wanted.order {
            selected.sort_by(|a, b| order.compare(&a.0, &b.0));
            for (_, object) in selected.into_iter().take(limit) {
                if printer.object(object).is_err() {
                    break;
                }
            }
        }
        Ok(Ok(printer))
    });
    result
        .map_err(|error| failed("cannot read the copy", &error))??
        .finish()
}

/// Every object by class and key, for conditions that go through links.
fn linked<C: ros::state::Cells>(
    schema: &Schema,
    cells: &mut C,
) -> Result<HashMap<(Text, ros::changeset::Key), Vec<Field>>, ros::state::CellError> {
    let mut all = HashMap::new();
    for class in schema.classes().filter(|class| !class.is_embedded()) {
        transfer::objects(schema, cells, class, &mut |key, fields| {
            all.insert((class.name.clone(), key.clone()), fields.to_vec());
            true
        })?;
    }
    Ok(all)
}

/// What is asked for, in the query language.
struct Wanted {
    query: Option<Query>,
    order: Option<Order>,
    links: bool,
}

impl Wanted {
    fn parse(arguments: &Arguments, schema: &Schema, class: &Class) -> Result<Wanted, Failure> {
        let condition = arguments.condition.as_deref();
        let sort = arguments.sort.as_deref();
        let query = condition.map(|text| {
            Query::parse(text, schema, class).map_err(|error| misread("--where", text, &error))
        });
        let order = sort.map(|text| {
            Order::parse(text, schema, class).map_err(|error| misread("--sort", text, &error))
        });
        // Only a path has a dot outside a number; loading what may be linked to for nothing does no harm.
        let links = [condition, sort]
            .into_iter()
            .flatten()
            .any(|text| text.contains(['.', '[']));
        Ok(Wanted {
            query: query.transpose()?,
            order: order.transpose()?,
            links,
        })
    }

    fn needs_links(&self) -> bool {
        self.links
    }
}

/// What is wrong in a condition, with a caret below the place.
fn misread(argument: &str, text: &str, error: &QueryError) -> Failure {
    let before = text.get(..error.offset()).unwrap_or(text).chars().count();
    Failure::new(Exit::Usage, format!("{argument}: {error}"))
        .cause(format!("{text}\n         {}^", " ".repeat(before)))
}

fn no_class(schema: &Schema, name: &str) -> Failure {
    let names: Vec<String> = schema
        .classes()
        .map(|class| class.name.to_lossy())
        .collect();
    let failure = Failure::new(Exit::NotFound, format!("the Realm has no class {name}"));
    match ejson::spelling::nearest(name, names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None if names.is_empty() => failure.cause("it is empty"),
        None => failure.hint(format!("it has {}", names.join(", "))),
    }
}

/// Prints objects one by one, in the form that is wanted.
struct Printer {
    format: Format,
    rows: Rows,
    columns: Vec<String>,
    begun: bool,
    result: io::Result<()>,
}

impl Printer {
    fn new(format: Format, class: &Class) -> Printer {
        let key = class.key_field().map_or("$id".to_owned(), Text::to_lossy);
        let columns: Vec<String> = std::iter::once(key)
            .chain(class.columns.iter().map(|column| column.name.to_lossy()))
            .collect();
        Printer {
            format,
            rows: Rows::new(columns.clone()),
            columns,
            begun: false,
            result: Ok(()),
        }
    }

    /// Prints an object; an error says to stop.
    fn object(&mut self, object: Json) -> Result<(), ()> {
        let mut out = io::stdout().lock();
        self.result = match self.format {
            Format::Json => {
                let open = if self.begun { ",\n" } else { "[" };
                write!(out, "{open}{object}")
            }
            Format::Ndjson => writeln!(out, "{object}"),
            Format::Table | Format::Plain | Format::Csv => {
                let cell = |name: &String| shown(object.get(name));
                self.rows.push(self.columns.iter().map(cell).collect());
                Ok(())
            }
        };
        self.begun = true;
        self.result.as_ref().copied().map_err(|_| ())
    }

    fn finish(self) -> Result<(), Failure> {
        written(self.result)?;
        match self.format {
            Format::Json => output::print(if self.begun { "]\n" } else { "[]\n" }),
            Format::Ndjson => Ok(()),
            format @ (Format::Table | Format::Plain | Format::Csv) => {
                output::print(&self.rows.text(format))
            }
        }
    }
}

/// A value in a cell: text as it is, dates, ids and links without their wrapping, nothing for null, everything else as JSON.
fn shown(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(wrapped @ Json::Object(members)) => {
            if let (Some(Json::String(class)), Some(key)) =
                (members.get("$ref"), members.get("$id"))
            {
                return format!("{class}/{}", shown(Some(key)));
            }
            match members.iter().next() {
                Some((name, Json::String(text))) if name.starts_with('$') && members.len() == 1 => {
                    text.clone()
                }
                _ => wrapped.to_string(),
            }
        }
        Some(other) => other.to_string(),
    }
}

/// Prints changes until interrupted.
async fn follow(realm: &Realm, class: Option<&str>) -> Result<(), Failure> {
    let mut changes = realm.changes();
    let interrupted = || Failure::new(Exit::Failed, "cannot wait for signals");
    loop {
        let touched = tokio::select! {
            touched = changes.next() => touched,
            signal = tokio::signal::ctrl_c() => {
                return signal.map_err(|error| interrupted().cause(error)).and(Err(Failure::interrupted()));
            }
        };
        let Some(touched) = touched else {
            return Ok(());
        };
        for ((name, key), touch) in &touched.objects {
            if class.is_some_and(|class| class.as_bytes() != name.as_bytes()) {
                continue;
            }
            let object = realm.look(|schema, cells| {
                let Some(class) = schema.class(name).cloned() else {
                    return Ok(None);
                };
                let fields = Reader::new(cells, schema).object(&class, key)?;
                Ok(fields.map(|fields| ejson::object_to_json(&class, key, &fields, schema)))
            });
            let object = object.map_err(|error| failed("cannot read the copy", &error))?;
            let change = match touch {
                Touch::Inserted => "inserted",
                Touch::Modified => "modified",
                Touch::Deleted => "deleted",
            };
            let document = json!({
                "class": ejson::name_to_json(name), "change": change,
                "key": ejson::key_to_json(key), "object": object,
            });
            output::print(&format!("{document}\n"))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_plain() {
        assert_eq!(shown(None), "");
        assert_eq!(shown(Some(&json!("x"))), "x");
        assert_eq!(shown(Some(&json!([1, "a"]))), "[1,\"a\"]");
        assert_eq!(
            shown(Some(&json!({"$date": "2026-01-01T00:00:00Z"}))),
            "2026-01-01T00:00:00Z"
        );
        assert_eq!(
            shown(Some(&json!({"$ref": "Note", "$id": {"$oid": "00"}}))),
            "Note/00"
        );
        assert_eq!(shown(Some(&json!({"a": 1}))), "{\"a\":1}");
    }
}
