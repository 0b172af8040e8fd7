//! A YAML text as a tree of nodes, each with its place. Size, depth and what aliases repeat are bounded.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_yaml::{Mapping, Value};

/// Bytes of a text; a larger one is no configuration.
pub const LARGEST: usize = 1 << 20;
/// Bytes of a line: each problem looks at one.
const LINE: usize = 10_000;
/// Maps and lists inside each other.
const DEPTH: usize = 32;
/// What a tree may weigh, in bytes: each node and its text, and once more for each alias of it.
const WEIGHT: usize = 8 * LARGEST;
/// What a node weighs without its text.
const NODE: usize = 16;

/// Where something stands. Lines and columns are counted from 1, columns and width in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The first column.
    pub column: usize,
    /// How many columns, on this line.
    pub width: usize,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its place.
    pub at: Place,
    /// The value.
    pub what: What,
}

/// A value.
#[derive(Debug, Clone)]
pub enum What {
    /// A text, without quotes if `plain`.
    Scalar {
        /// The text.
        text: String,
        /// Whether it may be something else than a text: a number, `true`, nothing.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Vec<Member>),
}

/// A name in a map, and what it stands for.
#[derive(Debug, Clone)]
pub struct Member {
    /// The name.
    pub name: String,
    /// Its place.
    pub at: Place,
    /// What it stands for.
    pub node: Node,
}

/// Something that is wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Place,
    /// What.
    pub what: String,
}

impl Node {
    /// A text from elsewhere that is a value by itself.
    pub fn scalar_of(text: &str, plain: bool) -> Node {
        let text = text.to_owned();
        let width = text.chars().count();
        Node {
            at: Place {
                line: 1,
                column: 1,
                width,
            },
            what: What::Scalar { text, plain },
        }
    }

    /// Whether nothing is said: empty, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.what, What::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text, if it is one, and whether it is plain.
    pub fn scalar(&self) -> Option<(&str, bool)> {
        match &self.what {
            What::Scalar { text, plain } => Some((text, *plain)),
            What::List(_) | What::Map(_) => None,
        }
    }

    /// The value without its place: plain texts become what they mean.
    pub fn value(&self) -> Value {
        match &self.what {
            What::Scalar { .. } if self.is_null() => Value::Null,
            What::Scalar { text, plain: true } => resolved(text),
            What::Scalar { text, plain: false } => Value::String(text.clone()),
            What::List(items) => Value::Sequence(items.iter().map(Node::value).collect()),
            What::Map(members) => {
                let pairs = members
                    .iter()
                    .map(|member| (Value::String(member.name.clone()), member.node.value()));
                Value::Mapping(pairs.collect::<Mapping>())
            }
        }
    }

    fn weight(&self) -> usize {
        NODE + match &self.what {
            What::Scalar { text, .. } => text.len(),
            What::List(items) => items.iter().map(Node::weight).sum(),
            What::Map(members) => members
                .iter()
                .map(|member| member.name.len() + member.node.weight())
                .sum(),
        }
    }
}

fn resolved(text: &str) -> Value {
    match text {
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    if let Ok(number) = text.parse::<i64>() {
        Value::Number(number.into())
    } else if let (true, Ok(number)) = (numeric, text.parse::<f64>()) {
        Value::Number(number.into())
    } else {
        Value::String(text.to_owned())
    }
}

/// The tree of a text, and what is wrong with it beside its syntax; an empty text is nothing.
pub fn parse(text: &str) -> Result<(Node, Vec<Fault>), Fault> {
    if text.len() > LARGEST {
        return Err(Fault::at_start("it is larger than 1 MiB"));
    }
    if let Some(line) = text.lines().position(|line| line.len() > LINE) {
        let at = Place {
            line: line + 1,
            column: 1,
            width: 1,
        };
        let what = format!("a line of more than {LINE} bytes");
        return Err(Fault::new(at, what));
    }
    let mut builder = Builder::default();
    // The mark of byte order is no text.
    for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) = event.map_err(|error| Fault::of(&error))?;
        builder.take(event, place(span))?;
    }
    let root = builder.root.unwrap_or_else(|| Node::scalar_of("", true));
    Ok((root, builder.faults))
}

/// A list or map that has not ended.
struct Open {
    at: Place,
    anchor: usize,
    what: What,
    /// The name that waits for its value.
    name: Option<(String, Place)>,
    /// The names so far, and their lines.
    names: HashMap<String, usize>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    weight: usize,
    documents: usize,
    faults: Vec<Fault>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Place) -> Result<(), Fault> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                match self.documents {
                    1 => Ok(()),
                    _ => Err(Fault::new(at, "a second document begins; one is expected")),
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let says_text = is_text(tag.as_deref(), at)?;
                let node = Node {
                    at,
                    what: What::Scalar {
                        text: text.into_owned(),
                        plain: style == ScalarStyle::Plain && !says_text,
                    },
                };
                let weight = node.weight();
                self.add(node, anchor, weight)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(What::List(Vec::new()), anchor, tag.as_deref(), at)
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(What::Map(Vec::new()), anchor, tag.as_deref(), at)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let node = Node {
                        at: open.at,
                        what: open.what,
                    };
                    self.add(node, open.anchor, NODE)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    let weight = node.weight();
                    let node = Node {
                        at,
                        what: node.what.clone(),
                    };
                    self.add(node, 0, weight)
                }
                None => Err(Fault::new(
                    at,
                    "this alias stands for something that contains it",
                )),
            },
        }
    }

    fn begin(
        &mut self,
        what: What,
        anchor: usize,
        tag: Option<&Tag>,
        at: Place,
    ) -> Result<(), Fault> {
        is_text(tag, at)?;
        if self.open.len() >= DEPTH {
            return Err(Fault::new(
                at,
                format!("more than {DEPTH} levels inside each other"),
            ));
        }
        self.open.push(Open {
            at,
            anchor,
            what,
            name: None,
            names: HashMap::new(),
        });
        Ok(())
    }

    /// Puts a node where it belongs.
    fn add(&mut self, node: Node, anchor: usize, weight: usize) -> Result<(), Fault> {
        self.weight += weight;
        if self.weight > WEIGHT {
            return Err(Fault::new(node.at, "aliases repeat too much"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.what, open.name.take()) {
            (What::List(items), _) => items.push(node),
            (What::Map(members), Some((name, at))) => members.push(Member { name, at, node }),
            (What::Map(_), None) => {
                let What::Scalar { text, .. } = node.what else {
                    return Err(Fault::new(node.at, "a name is expected here"));
                };
                if let Some(first) = open.names.insert(text.clone(), node.at.line) {
                    let what = format!("`{text}` is given twice, first in line {first}");
                    self.faults.push(Fault::new(node.at, what));
                }
                open.name = Some((text, node.at));
            }
            (What::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}

/// Whether a tag says that something is a text. Tags of YAML itself say nothing else that matters here, others mean nothing.
fn is_text(tag: Option<&Tag>, at: Place) -> Result<bool, Fault> {
    match tag {
        None => Ok(false),
        Some(tag) if tag.is_yaml_core_schema() => Ok(tag.suffix == "str"),
        Some(tag) => Err(Fault::new(
            at,
            format!("the tag `{tag}` means nothing here"),
        )),
    }
}

impl Fault {
    fn new(at: Place, what: impl Into<String>) -> Fault {
        Fault {
            at,
            what: what.into(),
        }
    }

    fn at_start(what: &str) -> Fault {
        Fault::new(
            Place {
                line: 1,
                column: 1,
                width: 1,
            },
            what,
        )
    }

    fn of(error: &ScanError) -> Fault {
        let at = point(*error.marker());
        Fault::new(at, format!("no YAML: {}", error.info()))
    }
}

fn point(mark: Marker) -> Place {
    Place {
        line: mark.line().max(1),
        column: mark.col() + 1,
        width: 1,
    }
}

fn place(span: Span) -> Place {
    let mut at = point(span.start);
    if span.end.line() == span.start.line() {
        at.width = span.end.col().saturating_sub(span.start.col()).max(1);
    }
    at
}
