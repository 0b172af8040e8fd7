//! Secrets of files, read when they are needed: a new one needs no reload.

use std::path::Path;

use crate::secret::Secret;

/// The secret in a file that this key names; or why there is none.
pub async fn read(key: &'static str, file: &Path) -> Result<Secret, String> {
    let file = file.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let text = std::fs::read_to_string(&file);
        text.map_err(|error| format!("{key}: {}: {error}", file.display()))
    });
    let text = read.await.map_err(|_| format!("{key} cannot be read"))??;
    Ok(Secret::new(text.trim()))
}
