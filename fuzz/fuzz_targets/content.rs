//! Contents: whatever is read has one encoding, and a sender says what its row of the table allows.
#![no_main]

use latchstring::Error;
use latchstring::attachment::Reference;
use latchstring::content::{Content, ConversationTimer, Kinds, ReceiptKind, Sender, Target};
use latchstring_fuzz::edited;
use libfuzzer_sys::fuzz_target;

const SENDERS: [Sender; 4] = [Sender::Own, Sender::Member, Sender::Guest, Sender::Foreign];

/// Makes a content to edit: each kind, some with a caption, and one with a part that nobody knows.
fn valid(choice: u8) -> Vec<u8> {
    let attached = |media| {
        let reference = [&[1, 0x32, media, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[7; 64]].concat();
        Content::attached(&Reference::decode(&reference).unwrap(), b"shelf 3").unwrap()
    };
    let target = Target::decode(&[7; 88]).unwrap();
    let timer = ConversationTimer::default();
    let named = [7; 56];
    let content = match choice % 16 {
        0 => Content::text("hello").unwrap(),
        1 => attached(2).with_caption("the boat").unwrap(),
        2 => attached(4),
        3 => attached(3),
        4 => attached(1).with_name("boat.txt").unwrap(),
        5 => Content::app(7, b"theme=dark"),
        6 => Content::text("at noon").unwrap().with_reply(&target).unwrap().with_timer(60).unwrap(),
        7 => attached(2).shown_once().unwrap(),
        8 => Content::reaction(&target, 1, Some("+")).unwrap(),
        9 => Content::receipt(ReceiptKind::Read, &[target]).unwrap(),
        10 => Content::typing(true),
        11 => Content::timer_setting(&timer, Some(60)).unwrap(),
        12 => return [&b"\x01\x01\0\0\0\x05hello\x07\0\0\0\x39"[..], &named, &[1]].concat(),
        13 => return [&b"\x01\x08\0\0\0\x38"[..], &named].concat(),
        14 => return b"\x01\x0c\0\0\0\x0d\0\0\0\x01\0\0\0\x05hello".to_vec(),
        _ => return b"\x01\x01\0\0\0\x05hello\x80\0\0\0\x05later".to_vec(),
    };
    content.encode().to_vec()
}

fuzz_target!(|input: (u8, &[u8])| {
    let bytes = edited(&valid(input.0), input.1);
    let all = Content::decode(&bytes, Kinds::ALL);
    if let Ok(content) = &all {
        assert_eq!(*content.encode(), bytes);
    }
    for sender in SENDERS {
        let allowed = Kinds::of(sender);
        match (Content::decode(&bytes, allowed), &all) {
            (Ok(content), Ok(all)) => {
                assert_eq!(*content.encode(), bytes);
                assert_eq!(all.check(allowed), Ok(()));
            }
            (Err(error), Ok(all)) => {
                assert_eq!(error, Error::NotAllowed);
                assert_eq!(all.check(allowed), Err(Error::NotAllowed));
            }
            (read, Err(error)) => {
                let refused = read.err().expect("another sender may say more than all");
                assert!(refused == *error || refused == Error::NotAllowed);
            }
        }
    }
});
