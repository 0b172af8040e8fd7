use ros::changeset::{CollectionKind, Column, ColumnKind, Key, KeyKind};
use ros::changeset::{PrimaryKeyColumn, TableKind, Value};
use ros::client::{Credentials, Options, Place, RealmAddress, Server, Transaction, WriteError, field};
use ros::state::Content;

fn schema(edit: &mut Transaction<'_, '_>) -> Result<(), WriteError> {
    let (kind, nullable) = (KeyKind::String, false);
    let key = PrimaryKeyColumn { field: "_id".into(), kind, nullable };
    edit.add_class("Note", TableKind::TopLevel(key))?;
    let (kind, collection) = (ColumnKind::String, CollectionKind::Single);
    edit.add_column("Note", "text", Column { kind, nullable, collection, dictionary_key: 0 })
}

/// Writes a note on one device and reads it on another.
async fn example(url: &str) -> Result<Option<Content>, Box<dyn std::error::Error>> {
    let credentials = Credentials::Anonymous { app: "my-app".into() };
    let user = Server::at(url)?.sign_in(&credentials).await?;
    let notes: RealmAddress = "my-app/notes".parse()?;
    let writer = user.open(&notes, Place::Memory, Options::default()).await?;
    let reader = user.open(&notes, Place::Memory, Options::default()).await?;
    let mut changes = reader.changes();
    let key = Key::String("n1".into());
    writer.write(|edit| {
        schema(edit)?;
        edit.create("Note", key.clone())?;
        edit.set(field("Note", &key, "text"), Value::String("Milk".into()))
    })?;
    writer.wait_for_upload().await?; // the server has it on disk
    changes.next().await; // the reader has heard of it
    Ok(reader.get("Note", &key, "text")?)
}
