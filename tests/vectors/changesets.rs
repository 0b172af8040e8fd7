//! Every recorded changeset decodes to its instructions and encodes to an equal changeset.

use bytes::Bytes;
use ros::changeset::{decode, encode};

use super::{changeset, load};
use crate::support::rendering;

#[test]
fn changesets_decode_and_encode() {
    let Some(file) = load("changesets.json") else {
        return;
    };
    let changesets = file["changesets"].as_array().expect("a list of changesets");
    for case in changesets {
        let decoded = changeset(&case["hex"]);
        let ours: Vec<_> = decoded
            .instructions
            .iter()
            .map(rendering::instruction)
            .collect();
        assert_eq!(
            &ours,
            case["instructions"].as_array().expect("a list"),
            "{}",
            case["name"]
        );
        assert_eq!(
            decode(&Bytes::from(encode(&decoded))),
            Ok(decoded),
            "{}",
            case["name"]
        );
    }
    println!("vectors: changesets {0}/{0}", changesets.len());
}
