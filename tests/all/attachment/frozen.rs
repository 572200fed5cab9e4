//! Sealers and openers frozen in version 1.

use super::*;
use support::{is_writing_fixtures, read_fixture, write_fixture};

#[test]
fn a_frozen_sealer_and_opener_go_on_with_the_same_file() {
    let content = content(200_000);
    if is_writing_fixtures() {
        let mut sealer = sealer(content.len() as u64, Padding::Buckets);
        let mut stored = seal_one(&mut sealer, &content).unwrap().unwrap();
        write_fixture("sealer", &sealer.to_bytes());
        stored.extend(seal_rest(&mut sealer, &content));
        let mut opener = Opener::new(&sealer.reference().unwrap());
        // The index first, then the first segment.
        for _ in 0..2 {
            opener.open(&mut fetch(&stored, &opener.wants().unwrap())).unwrap();
        }
        write_fixture("opener", &opener.to_bytes());
        write_fixture("attachment-reference", &*sealer.reference().unwrap().encode());
    }
    let (kept, waiting) = (read_fixture("sealer"), read_fixture("opener"));
    let mut sealer = Sealer::from_bytes(&kept).unwrap();
    assert_eq!((*sealer.to_bytes() == kept, sealer.sealed()), (true, SEGMENT));
    sealer.resume(0).unwrap();
    let stored = seal_rest(&mut sealer, &content);
    let reference = sealer.reference().unwrap().encode();
    assert_eq!(reference[..], read_fixture("attachment-reference"));
    let mut opener = Opener::from_bytes(&waiting).unwrap();
    assert!(*opener.to_bytes() == waiting);
    let (rest, end) = open_rest(&mut opener, &stored);
    assert_eq!((end, rest == content[SEGMENT as usize..]), (Ok(()), true));
}
