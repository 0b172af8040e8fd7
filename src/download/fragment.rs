//! Bodies of DOWNLOAD messages whose compressed parts are shared.
//!
//! A whole body cannot be shared: each entry carries the receiver's client version. A changeset can: it is deflated once, by itself and
//! closed with a full flush, so that it ends on a byte and refers to nothing before it. A body is then one zlib stream put together from, for
//! each entry, a stored block with the entry's header and the shared fragment; its checksum is combined from the parts' checksums.

use bytes::{BufMut, Bytes, BytesMut};
use flate2::{Compress, FlushCompress, Status};

use crate::{courtesy, wire};

/// A changeset, ready to be placed into a zlib stream.
#[derive(Debug, Clone)]
pub struct Fragment {
    /// The changeset as it is.
    pub plain: Bytes,
    /// Deflate blocks that inflate to it, ending on a byte; none of them is the last of a stream.
    deflated: Bytes,
    /// Adler-32 of the changeset.
    adler: u32,
}

impl Fragment {
    /// Deflates a changeset. What does not shrink is kept as stored blocks.
    pub fn new(plain: Bytes) -> Fragment {
        let stored = || Fragment {
            deflated: stored_blocks(&plain),
            adler: adler32(&plain),
            plain: plain.clone(),
        };
        if plain.len() < WORTH_DEFLATING {
            return stored();
        }
        match deflate(&plain) {
            Some((deflated, adler)) if deflated.len() < plain.len() => Fragment {
                plain,
                deflated,
                adler,
            },
            Some(_) | None => stored(),
        }
    }

    /// Bytes that keeping this fragment takes in memory, about.
    pub fn weight(&self) -> usize {
        self.plain.len() + self.deflated.len() + KEEPING
    }
}

/// What keeping a fragment takes beside its bytes: its place, and the names under which it is found.
const KEEPING: usize = 256;

/// Shorter changesets are not worth a deflate block of their own.
const WORTH_DEFLATING: usize = 128;

/// The effort of deflating a byte that does not shrink.
const DEFLATE: usize = 2;
/// Bytes that are added to a checksum with an effort of one.
const ADDING: usize = 4;

/// Bodies up to this size are never compressed (sync protocol, compression).
const COMPRESSED_ABOVE: usize = 1024;

/// A body under construction.
#[derive(Default)]
pub struct BodyBuilder {
    parts: Vec<(Vec<u8>, Fragment)>,
    length: usize,
}

/// A finished body.
#[derive(Debug, Clone)]
pub struct Built {
    /// What is sent.
    pub bytes: Bytes,
    /// Whether `bytes` is a zlib stream.
    pub compressed: bool,
    /// Size of the body before compression.
    pub plain_length: usize,
}

impl BodyBuilder {
    /// Adds an entry: its header text, and its changeset.
    pub fn push(&mut self, head: Vec<u8>, fragment: Fragment) {
        self.length += head.len() + fragment.plain.len();
        self.parts.push((head, fragment));
    }

    /// The body: compressed if it is large enough and that makes it smaller.
    pub fn build(self) -> Built {
        let estimate: usize = 11
            + self
                .parts
                .iter()
                .map(|(head, fragment)| head.len() + 5 + fragment.deflated.len())
                .sum::<usize>();
        if self.length > COMPRESSED_ABOVE && estimate < self.length {
            Built {
                plain_length: self.length,
                bytes: self.zlib(estimate),
                compressed: true,
            }
        } else {
            Built {
                plain_length: self.length,
                bytes: self.plain(),
                compressed: false,
            }
        }
    }

    fn plain(self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.length);
        for (head, fragment) in self.parts {
            out.put_slice(&head);
            courtesy::pieces(&fragment.plain).for_each(|piece| out.put_slice(piece));
        }
        out.freeze()
    }

    fn zlib(self, estimate: usize) -> Bytes {
        let mut out = BytesMut::with_capacity(estimate);
        out.put_slice(&[0x78, 0x01]);
        let mut adler = 1;
        for (head, fragment) in self.parts {
            put_stored(&mut out, &head);
            courtesy::pieces(&fragment.deflated).for_each(|piece| out.put_slice(piece));
            adler = combine(adler, adler32(&head), head.len());
            adler = combine(adler, fragment.adler, fragment.plain.len());
        }
        out.put_slice(&[0x01, 0x00, 0x00, 0xFF, 0xFF]);
        out.put_u32(adler);
        out.freeze()
    }
}

/// Deflates with a full flush at the end. The checksum is the one that zlib puts at the end of its stream.
fn deflate(plain: &[u8]) -> Option<(Bytes, u32)> {
    wire::COMPRESSORS.with(|compress| deflate_with(compress, plain))
}

fn deflate_with(compress: &mut Compress, plain: &[u8]) -> Option<(Bytes, u32)> {
    let mut out = Vec::with_capacity(plain.len() / 2 + 64);
    loop {
        let consumed = usize::try_from(compress.total_in()).ok()?;
        let before = out.len();
        let end = plain.len().min(consumed + courtesy::TURN);
        let flush = match end == plain.len() {
            true => FlushCompress::Full,
            false => FlushCompress::None,
        };
        compress
            .compress_vec(&plain[consumed..end], &mut out, flush)
            .ok()?;
        let taken = usize::try_from(compress.total_in()).ok()? - consumed;
        courtesy::did(DEFLATE * taken);
        if consumed + taken == plain.len() && out.len() < out.capacity() {
            break;
        }
        let is_stuck = taken == 0 && out.len() == before;
        if is_stuck || out.len() == out.capacity() {
            out.reserve(plain.len() / 2 + 64);
        }
    }
    let end = out.len();
    out.reserve(64);
    while !matches!(
        compress
            .compress_vec(&[], &mut out, FlushCompress::Finish)
            .ok()?,
        Status::StreamEnd
    ) {
        out.reserve(64);
    }
    let adler = u32::from_be_bytes(out.get(out.len().checked_sub(4)?..)?.try_into().ok()?);
    out.truncate(end);
    out.shrink_to_fit();
    Some((Bytes::from(out).slice(2..), adler))
}

fn stored_blocks(plain: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(plain.len() + 5 * (plain.len() / 0xFFFF + 1));
    put_stored(&mut out, plain);
    out.freeze()
}

/// Writes stored blocks. Nothing is written for nothing.
fn put_stored(out: &mut BytesMut, plain: &[u8]) {
    for block in plain.chunks(0xFFFF) {
        let length = block.len() as u16;
        out.put_u8(0);
        out.put_u16_le(length);
        out.put_u16_le(!length);
        out.put_slice(block);
        courtesy::copied(block.len());
    }
}

const BASE: u32 = 65521;

/// Adler-32 (RFC 1950).
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    // 5552 is the most bytes for which the sums cannot overflow 32 bits.
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= BASE;
        b %= BASE;
        courtesy::did(chunk.len() / ADDING);
    }
    (b << 16) | a
}

/// The Adler-32 of two byte strings in a row, from those of each and the length of the second.
fn combine(first: u32, second: u32, second_length: usize) -> u32 {
    let (a1, b1) = (first & 0xFFFF, first >> 16);
    let (a2, b2) = (second & 0xFFFF, second >> 16);
    let length = (second_length % BASE as usize) as u32;
    let a = (a1 + a2 + BASE - 1) % BASE;
    let shifted = (u64::from(length) * u64::from(a1 + BASE - 1) % u64::from(BASE)) as u32;
    let b = (b1 + b2 + shifted) % BASE;
    (b << 16) | a
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn inflated(built: &Built) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::ZlibDecoder::new(&built.bytes[..])
            .read_to_end(&mut out)
            .unwrap();
        out
    }

    fn repeated(length: usize) -> Bytes {
        (0..length)
            .map(|index| b"abcabcxyz"[index % 9] ^ (index / 4000) as u8)
            .collect::<Vec<_>>()
            .into()
    }

    #[test]
    fn bodies_of_shared_fragments_are_zlib_streams_of_their_plain_form() {
        for lengths in [
            vec![2000],
            vec![0, 3000, 1],
            vec![100_000, 70_000, 127, 128, 129],
            vec![300; 40],
        ] {
            let mut builder = BodyBuilder::default();
            let mut plain = Vec::new();
            for (index, length) in lengths.iter().enumerate() {
                let head = format!("{index} 0 375260813804 2 {length} {length} ").into_bytes();
                let changeset = repeated(*length);
                plain.extend_from_slice(&head);
                plain.extend_from_slice(&changeset);
                builder.push(head, Fragment::new(changeset));
            }
            let built = builder.build();
            assert!(built.compressed);
            assert!(built.bytes.len() < plain.len());
            assert_eq!(built.plain_length, plain.len());
            assert_eq!(inflated(&built), plain);
        }
    }

    #[test]
    fn small_bodies_and_noise_stay_plain() {
        let mut small = BodyBuilder::default();
        small.push(b"1 0 0 2 600 600 ".to_vec(), Fragment::new(repeated(600)));
        assert!(!small.build().compressed);

        let mut state = 1u64;
        let noise: Vec<u8> = (0..5000)
            .map(|_| {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                (state >> 56) as u8
            })
            .collect();
        let mut builder = BodyBuilder::default();
        builder.push(
            b"1 0 0 2 5000 5000 ".to_vec(),
            Fragment::new(noise.clone().into()),
        );
        let built = builder.build();
        assert!(!built.compressed);
        assert!(built.bytes.ends_with(&noise));
    }

    #[test]
    fn checksums_combine() {
        let all = repeated(200_000);
        for cut in [0, 1, 65_521, 131_042, 200_000] {
            assert_eq!(
                combine(adler32(&all[..cut]), adler32(&all[cut..]), all.len() - cut),
                adler32(&all)
            );
        }
    }
}
