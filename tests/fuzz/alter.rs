//! Small alterations of an input.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// Alters an input in one to four places; pieces of others may come in.
pub fn alter(random: &mut StdRng, input: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=input.len());
        match random.random_range(0..9) {
            0 => input.insert(at, random.random()),
            1 => input.truncate(at),
            2 | 3 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
            4 if at < input.len() => input[at] = random.random(),
            5 if at < input.len() => {
                input[at] = [0, 1, 0x7f, 0x80, 0xff, b' ', b'\n', b'"'][random.random_range(0..8)];
            }
            6 => {
                let end = random.random_range(at..=input.len().min(at + 64));
                input.drain(at..end);
            }
            7 => {
                let end = random.random_range(at..=input.len().min(at + 64));
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            _ => {
                let other = others.choose(random).expect("not empty");
                let from = random.random_range(0..=other.len());
                let to = random.random_range(from..=other.len().min(from + 64));
                let end = random.random_range(at..=input.len().min(at + 64));
                input.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
}
