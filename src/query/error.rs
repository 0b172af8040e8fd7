//! What is wrong with a query, and where.

/// Why a text is no query on a class. Prints as one line, without the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    message: String,
    offset: usize,
}

impl QueryError {
    /// Where in the text, in bytes from its start; at most its length.
    pub fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn new(offset: usize, message: impl Into<String>) -> QueryError {
        QueryError {
            message: message.into(),
            offset,
        }
    }
}
