//! Messages as large as they are in memory: a compressed body is a few bytes that become many.

use bytes::Bytes;

use super::compression::inflate_after;
use super::head::Reader;
use super::request::UploadHead;
use crate::limits::Limits;

/// An UPLOAD whose body can be inflated.
struct Packed {
    head: UploadHead,
    body: Bytes,
    plain_size: usize,
}

/// Bytes that a message takes in memory while its body is inflated; its own, if there is no such body or it is larger than any that is taken.
pub fn unpacked_size(message: &Bytes, limits: &Limits) -> usize {
    message.len() + packed(message, limits).map_or(0, |packed| packed.plain_size)
}

/// An UPLOAD whose body is inflated. What is none, or cannot be inflated, stays as it is: decoding it tells what is wrong.
pub fn unpack(message: Bytes, limits: &Limits) -> Bytes {
    let inflated = packed(&message, limits).and_then(|packed| {
        let UploadHead {
            session,
            compressed: _,
            plain_size,
            compressed_size: _,
            progress,
            locked,
        } = packed.head;
        let (client, server) = (progress.client_version, progress.server_version);
        let head = format!("upload {session} 0 {plain_size} 0 {client} {server} {locked}\n");
        inflate_after(head.as_bytes(), &packed.body, packed.plain_size)
    });
    inflated.unwrap_or(message)
}

fn packed(message: &Bytes, limits: &Limits) -> Option<Packed> {
    if !message.starts_with(b"upload ") {
        return None;
    }
    let mut reader = Reader::new(message.clone());
    reader.word().ok()?;
    let head = UploadHead::read(&mut reader).ok()?;
    let plain_size = usize::try_from(head.plain_size).ok()?;
    let size = usize::try_from(head.compressed_size).ok()?;
    if !head.compressed || plain_size > limits.upload_bytes {
        return None;
    }
    let body = reader.take(size, "body").ok()?;
    reader.is_empty().then_some(Packed {
        head,
        body,
        plain_size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Compressed, Request};

    fn packed_upload(plain: &[u8]) -> Vec<u8> {
        let body = Compressed::of(plain.to_vec());
        let (plain, packed) = (body.plain_size, body.compressed_size);
        let mut message = format!("upload 1 1 {plain} {packed} 9 3 2\n").into_bytes();
        message.extend_from_slice(&body.bytes);
        message
    }

    #[test]
    fn what_is_unpacked_says_the_same() {
        let limits = Limits::default();
        let plain = [
            b"2 0 1 0 5000 ".to_vec(),
            vec![7; 5000],
            b"9 3 1 0 0 ".to_vec(),
        ]
        .concat();
        let message = Bytes::from(packed_upload(&plain));
        assert_eq!(
            unpacked_size(&message, &limits),
            message.len() + plain.len()
        );
        let unpacked = unpack(message.clone(), &limits);
        assert!(unpacked.len() > plain.len());
        assert_eq!(unpacked_size(&unpacked, &limits), unpacked.len());
        let decode = |message| Request::decode(message, &limits);
        assert!(decode(message.clone()).is_ok());
        assert_eq!(decode(unpacked), decode(message));
    }

    #[test]
    fn what_cannot_be_unpacked_stays_as_it_is() {
        let limits = Limits {
            upload_bytes: 6000,
            ..Limits::default()
        };
        let good = packed_upload(&[7; 6000]);
        let longer = [&good[..], b"x"].concat();
        let cases = [
            b"mark 1 1\n".to_vec(),
            b"upload 1 0 3 0 2 0 0\nabc".to_vec(),
            b"upload 1 1 5000 3 2 0 0\nabc".to_vec(),
            b"upload 1 1 5000 99 2 0 0\nabc".to_vec(),
            b"upload 1 1 18446744073709551615 3 2 0 0\nabc".to_vec(),
            packed_upload(&[7; 6001]),
            longer,
        ];
        for case in cases {
            let message = Bytes::from(case);
            assert_eq!(unpack(message.clone(), &limits), message);
        }
        assert_ne!(unpack(Bytes::from(good.clone()), &limits), good);
    }
}
