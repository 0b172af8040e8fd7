//! Compressed bodies: zlib streams, within a limit.

use bytes::Bytes;
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::spare::{COMPRESSORS, DECOMPRESSORS};
use crate::courtesy;

/// Inflates a body. `None` if it is no zlib stream that ends with the input and gives exactly `length` bytes. The caller has compared `length` with a
/// limit; memory grows with what is really there, never beyond `length`.
pub fn inflate(compressed: &[u8], length: usize) -> Option<Bytes> {
    inflate_after(&[], compressed, length)
}

/// The same with something before it.
pub(super) fn inflate_after(before: &[u8], compressed: &[u8], length: usize) -> Option<Bytes> {
    DECOMPRESSORS.with(|decompress| inflate_with(decompress, before, compressed, length))
}

fn inflate_with(
    decompress: &mut Decompress,
    before: &[u8],
    compressed: &[u8],
    length: usize,
) -> Option<Bytes> {
    let likely = length.min(compressed.len().saturating_mul(8)).max(1);
    let mut out = Vec::with_capacity(before.len() + likely);
    out.extend_from_slice(before);
    let length = before.len() + length;
    // One byte more than declared shows a stream that goes on.
    let most = length.saturating_add(1);
    loop {
        let (consumed, produced) = (decompress.total_in(), out.len());
        let room = (produced + courtesy::TURN).min(most);
        if room > out.capacity() {
            out.reserve_exact(produced.max(courtesy::TURN).min(most - produced));
        }
        out.resize(room, 0);
        let rest = &compressed[usize::try_from(consumed).ok()?..];
        let given = decompress.total_out();
        let status = decompress.decompress(rest, &mut out[produced..], FlushDecompress::Finish);
        let written = usize::try_from(decompress.total_out() - given).ok()?;
        out.truncate(produced + written);
        courtesy::did(written);
        if out.len() > length {
            return None;
        }
        match status.ok()? {
            Status::StreamEnd => break,
            Status::Ok | Status::BufError => {
                if written == 0 && decompress.total_in() == consumed {
                    return None;
                }
            }
        }
    }
    let whole =
        usize::try_from(decompress.total_in()).ok()? == compressed.len() && out.len() == length;
    whole.then(|| out.into())
}

/// Deflates a body as the clients do: level 1.
pub(super) fn deflate(plain: &[u8]) -> Vec<u8> {
    COMPRESSORS.with(|compress| deflate_with(compress, plain))
}

fn deflate_with(compress: &mut Compress, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plain.len() / 2 + 64);
    loop {
        let consumed = usize::try_from(compress.total_in()).unwrap_or(plain.len());
        match compress.compress_vec(&plain[consumed..], &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return out,
            Ok(Status::Ok | Status::BufError) => out.reserve(plain.len() / 4 + 64),
            // Not smaller than the plain body, so that is what will be sent.
            Err(_) => return plain.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write;

    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn exactly_the_declared_size() {
        for length in [0, 1, 1000, 1_000_000] {
            let plain: Vec<u8> = (0..length).map(|i| (i / 100) as u8).collect();
            let stream = deflated(&plain);
            assert_eq!(
                inflate(&stream, length).as_deref(),
                Some(&plain[..]),
                "{length}"
            );
            assert_eq!(inflate(&stream, length + 1), None);
            assert_eq!(inflate(&stream, length.wrapping_sub(1)), None);
        }
    }

    #[test]
    fn nothing_cut_off_or_left_over() {
        let stream = deflated(&[7; 5000]);
        for cut in 0..stream.len() {
            assert_eq!(inflate(&stream[..cut], 5000), None, "{cut}");
        }
        let mut longer = stream.clone();
        longer.push(0);
        assert_eq!(inflate(&longer, 5000), None);
        assert_eq!(inflate(b"no zlib at all", 5000), None);
    }

    #[test]
    fn a_bomb_gives_no_more_than_declared() {
        let bomb = deflated(&vec![0; 50_000_000]);
        assert_eq!(inflate(&bomb, 1000), None);
    }
}
