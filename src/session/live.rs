//! A session that syncs: what it was sent, what it is owed.

use super::checks::{self, UploadState};
use super::{Download, Output, SessionKey};
use crate::ident::{ClientVersion, DownloadCursor, FileIdent, ServerVersion, SessionIdent};
use crate::wire::{DownloadHead, Upload, WireError};

/// A session after IDENT.
#[derive(Debug)]
pub(super) struct Live {
    pub file: FileIdent,
    pub upload: UploadState,
    /// Where the client stands after the last DOWNLOAD.
    sent: DownloadCursor,
    /// The newest version heard of.
    head: ServerVersion,
    /// Every session gets a first DOWNLOAD, even if there is nothing to say.
    sent_any: bool,
    reading: bool,
    /// The client waits to be told that it has been integrated up to here.
    owed: Option<ClientVersion>,
    /// The latest MARK. Earlier ones need no answer of their own.
    mark: Option<u64>,
    /// Whether a read began after the MARK came: only that shows all that was there.
    mark_read: bool,
}

impl Live {
    pub fn new(
        file: FileIdent,
        upload: UploadState,
        sent: DownloadCursor,
        head: ServerVersion,
    ) -> Live {
        Live {
            file,
            upload,
            sent,
            head,
            sent_any: false,
            reading: false,
            owed: None,
            mark: None,
            mark_read: false,
        }
    }

    pub fn announced(&mut self, head: ServerVersion) {
        self.head = self.head.max(head);
    }

    pub fn integrated(&mut self, up_to: ClientVersion) {
        self.owed = self.owed.max(Some(up_to));
    }

    pub fn mark(&mut self, request: u64) {
        self.mark = Some(request);
        self.mark_read = false;
    }

    /// The next read, if one is due and none is under way.
    pub fn next_read(&mut self, session: SessionKey) -> Option<Output> {
        let unchecked_mark = self.mark.is_some() && !self.mark_read;
        let due = self.head > self.sent.server_version
            || !self.sent_any
            || self.owed.is_some()
            || unchecked_mark;
        if !due || self.reading {
            return None;
        }
        self.reading = true;
        self.mark_read = self.mark.is_some();
        Some(Output::Read {
            session,
            file: self.file,
            from: self.sent,
        })
    }

    /// Takes what was read. The head of the DOWNLOAD to send, if it says anything new.
    pub fn downloaded(
        &mut self,
        session: SessionIdent,
        download: &Download,
    ) -> Option<DownloadHead> {
        self.reading = false;
        self.announced(download.head.version);
        let settled = self
            .owed
            .is_some_and(|owed| download.upload.client_version >= owed);
        let news =
            download.cursor.server_version > self.sent.server_version || !self.sent_any || settled;
        // What is owed and not in this one is in a later one: its version has been announced, or will be.
        self.owed = None;
        self.sent = download.cursor;
        self.sent_any |= news;
        news.then(|| DownloadHead {
            session,
            cursor: download.cursor,
            latest: download.head,
            upload: download.upload,
            downloadable_bytes: download.remaining_bytes,
            plain_size: download.plain_size,
            compressed_size: if download.compressed {
                download.body.len()
            } else {
                0
            },
        })
    }

    /// The MARK that can be answered now: everything has been sent, as seen by a read that began after it came.
    pub fn take_mark(&mut self) -> Option<u64> {
        let all_sent = !self.reading && self.mark_read && self.head <= self.sent.server_version;
        if all_sent { self.mark.take() } else { None }
    }

    /// Checks the cursors of an UPLOAD and moves on. Whether it does only what the user may do is found out when it is integrated.
    pub fn upload(&mut self, upload: &Upload) -> Result<(), WireError> {
        self.upload = checks::upload(upload, &self.upload, self.sent.server_version)?;
        Ok(())
    }
}
