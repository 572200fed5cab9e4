//! Items: what comes back, and what a source that lies does not get in.

use super::*;

/// A source that lies: it signs what an honest one would, and stores another chunk.
struct Liar {
    scene: Scene,
    import: HistoryImport,
    honest: Vec<HistoryItem>,
}

impl Liar {
    /// Asks for all messages, of which there are some.
    fn new(seed: u64, range: &HistoryRange) -> Self {
        let mut scene = Scene::new(seed, 2);
        let import = scene.ask(range);
        Self { scene, import, honest: messages(5) }
    }

    /// Gives in the place of the chunk with the honest items another one of as many bytes.
    fn tells(mut self, lie: impl FnOnce(Vec<Vec<u8>>) -> Vec<u8>) -> (usize, Error) {
        let mut export = self.scene.answer(&self.import);
        let mut writer = export.writer();
        let items: Vec<_> =
            self.honest.iter().map(|it| writer.write(it).unwrap().to_vec()).collect();
        let length: usize = items.iter().map(Vec::len).sum();
        let chunk = lie(items);
        assert_eq!(chunk.len(), length, "a lie of another length is noticed by its own reference");
        let reference = self.scene.store(&chunk);
        export.add(&writer, &reference, b"").unwrap();
        let answer = export.finish(self.scene.source(), false, NOW).unwrap();
        let (source, asker) = (self.scene.source().address(), self.scene.asker());
        self.import.take(asker, source, &answer).unwrap();
        let (told, result) = self.scene.read(&mut self.import);
        // What was refused is at its place, however often it is read.
        assert_eq!(self.import.number(), told.len() as u64);
        let (again, error) = self.scene.read(&mut self.import);
        assert_eq!((again.len(), error), (0, result));
        (told.len(), result.unwrap_err())
    }
}

#[test]
fn a_history_comes_back_as_it_was_told() {
    let mut scene = Scene::new(1, 2);
    let own = scene.source().address();
    let group = Conversation::Group(GroupId([7; 32]));
    let said = |text: &str| Content::text(text).unwrap();
    let long = Content::app(7, &[9; 300_000]);
    let stranger = Address { account: AccountId([9; 32]), device: DeviceId([9; 8]) };
    let items = [
        (Conversation::With(FRIEND), own, 9, NOW, said("it is")),
        (Conversation::With(FRIEND), friend(1), 8, NOW - 1, said("is the latchstring out?")),
        (group, stranger, 7, NOW - 1, said("hello")),
        (group, own, 7, NOW - 2, long),
        (Conversation::Own, own, 6, NOW - 2, said("a note")),
    ];
    let mut items = items.map(|(conversation, from, id, sent, content)| {
        HistoryItem::new(conversation, from, MessageId([id; 16]), sent, &content)
    });
    items.sort_by_key(|it| core::cmp::Reverse((it.sent, it.from, it.id)));
    for each in [1, 2, 5] {
        let mut import = scene.told(&HistoryRange::ALL, &items, each);
        assert_eq!((import.items(), import.parts().len()), (5, 5_usize.div_ceil(each)));
        assert_eq!(import.part().unwrap().place(), b"shelf 3");
        let (told, result) = scene.read(&mut import);
        assert_eq!((result, told.len(), import.is_finished()), (Ok(()), 5, true));
        for ((told, item), number) in told.iter().zip(&items).zip(0..) {
            let here = &told.item;
            assert_eq!((told.number, told.told_by), (number, own));
            assert_eq!(
                (here.conversation, here.from, here.id),
                (item.conversation, item.from, item.id)
            );
            assert_eq!((here.sent, here.sender()), (item.sent, item.sender()));
            assert!(here.encoded() == item.encoded());
        }
    }
}

#[test]
fn an_empty_history_is_an_answer() {
    let mut scene = Scene::new(2, 2);
    let mut import = scene.told(&HistoryRange::ALL, &[], 1);
    assert!(import.is_answered() && import.is_finished() && import.opener().is_none());
    assert_eq!(import.read(&mut &b"something else"[..]).unwrap().map(|told| told.number), None);
}

#[test]
fn fifty_messages_before_one_are_a_page() {
    let mut scene = Scene::new(3, 2);
    let all = messages(90);
    let oldest = &all[20];
    let page = HistoryRange::ALL.of(Conversation::With(FRIEND)).at_most(50, 1 << 20);
    let page = page.before_message(oldest.sent, oldest.from, oldest.id);
    let wanted: Vec<_> = all.iter().filter(|item| page.contains(item)).take(51).collect();
    assert_eq!(wanted[0].id, all[21].id);
    let mut import = scene.ask(&page);
    let mut export = scene.answer(&import);
    assert_eq!(export.range(), page);
    let mut writer = export.writer();
    let mut chunk = Vec::new();
    for item in &wanted[..50] {
        chunk.extend_from_slice(&writer.write(item).unwrap());
    }
    assert_eq!(writer.write(wanted[50]).err(), Some(Error::ContentTooLong));
    let reference = scene.store(&chunk);
    export.add(&writer, &reference, b"").unwrap();
    let answer = export.finish(scene.source(), true, NOW).unwrap();
    import.take(scene.asker(), scene.source().address(), &answer).unwrap();
    let (told, result) = scene.read(&mut import);
    assert_eq!((told.len(), result, import.has_more()), (50, Ok(()), true));
}

#[test]
fn a_chunk_that_a_server_altered_gives_out_nothing() {
    let mut scene = Scene::new(4, 2);
    let mut import = scene.told(&HistoryRange::ALL, &messages(6), 2);
    let second = import.parts()[1].reference().id();
    scene.stored.get_mut(&second).unwrap()[100] ^= 1;
    let (told, result) = scene.read(&mut import);
    assert_eq!((told.len(), result), (2, Err(Error::Forged)));
    // The parts behind it hold on their own.
    import.skip();
    let (told, result) = scene.read(&mut import);
    assert_eq!((result, import.is_finished()), (Ok(()), true));
    assert_eq!(told.iter().map(|told| told.number).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn items_out_of_order_or_twice_are_refused() {
    for (one, other) in [(0, 1), (1, 2), (3, 4)] {
        let told = Liar::new(5, &HistoryRange::ALL).tells(|mut items| {
            items.swap(one, other);
            items.concat()
        });
        assert_eq!(told, (if one == 0 { 0 } else { one + 1 }, Error::Malformed));
        let told = Liar::new(6, &HistoryRange::ALL).tells(|mut items| {
            items[other] = items[one].clone();
            items.concat()
        });
        assert_eq!(told, (other, Error::Malformed));
    }
}

#[test]
fn a_part_without_its_end_or_with_more_behind_it_is_refused() {
    // The last item is swallowed by the one before it, which is longer by it.
    let told = Liar::new(7, &HistoryRange::ALL).tells(|items| {
        let mut chunk = items.concat();
        let at = items[..3].concat().len();
        let length = (items[3].len() - 4 + items[4].len()) as u32;
        chunk[at..at + 4].copy_from_slice(&length.to_be_bytes());
        // Its text is as long as its content.
        let text = (items[3].len() - 4 - 99 - 6 + items[4].len()) as u32;
        chunk[at + 4 + 99 + 2..][..4].copy_from_slice(&text.to_be_bytes());
        chunk[at + items[3].len()..].fill(b'a');
        chunk
    });
    assert_eq!(told, (3, Error::Malformed));
    // An item is cut in two, so that there is one more than was said.
    let told = Liar::new(8, &HistoryRange::ALL).tells(|items| {
        let mut chunk = items.concat();
        let last = chunk.len() - items[4].len();
        let shorter = (items[4].len() - 5) as u32;
        chunk[last..last + 4].copy_from_slice(&shorter.to_be_bytes());
        let text = (items[4].len() - 4 - 99 - 6 - 1) as u32;
        chunk[last + 4 + 99 + 2..][..4].copy_from_slice(&text.to_be_bytes());
        chunk
    });
    assert_eq!(told, (4, Error::Malformed));
}

#[test]
fn a_length_beyond_the_chunk_is_refused_before_anything_is_set_aside() {
    for length in [0_u32, 98, 700, 179 + (1 << 20), 180 + (1 << 20), u32::MAX] {
        let told = Liar::new(9, &HistoryRange::ALL).tells(|items| {
            let mut chunk = items.concat();
            chunk[..4].copy_from_slice(&length.to_be_bytes());
            chunk
        });
        assert_eq!(told, (0, Error::Malformed), "{length}");
    }
}

#[test]
fn a_first_or_last_item_that_the_manifest_does_not_name_is_refused() {
    for (place, given) in [(0, 0), (4, 4)] {
        let told = Liar::new(10, &HistoryRange::ALL).tells(|mut items| {
            // One second later, or sooner, than its mark says.
            items[place][4 + 7] =
                items[place][4 + 7].wrapping_add(if place == 0 { 1 } else { 0xff });
            items.concat()
        });
        assert_eq!(told, (given, Error::Malformed));
    }
}

#[test]
fn somebody_who_does_not_belong_into_a_conversation_is_refused() {
    let own = [0x10; 32];
    let cases: [(&[u8], Error); 3] = [
        // In the conversation with another account, and in the one with the own account.
        (&[&[1][..], &[0x30; 32]].concat(), Error::Malformed),
        (&[&[1][..], &own].concat(), Error::NotSelf),
        (&[&[3][..], &own].concat(), Error::Malformed),
    ];
    for (conversation, error) in cases {
        let told = Liar::new(11, &HistoryRange::ALL).tells(|mut items| {
            items[2][68..101].copy_from_slice(conversation);
            items.concat()
        });
        assert_eq!(told, (2, error));
    }
}

#[test]
fn an_item_of_another_conversation_than_the_one_asked_for_is_refused() {
    let range = HistoryRange::ALL.of(Conversation::With(FRIEND));
    let told = Liar::new(12, &range).tells(|mut items| {
        items[1][68] = 2;
        items.concat()
    });
    assert_eq!(told, (1, Error::Malformed));
}

#[test]
fn what_its_sender_may_not_say_is_refused_in_a_history_too() {
    // A foreign copy, which own devices alone may tell each other.
    let told = Liar::new(13, &HistoryRange::ALL).tells(|mut items| {
        items[2][103 + 1] = 0x40;
        items.concat()
    });
    assert_eq!(told, (2, Error::NotAllowed));
    let told = Liar::new(14, &HistoryRange::ALL).tells(|mut items| {
        items[2][103] = 0;
        items.concat()
    });
    assert_eq!(told, (2, Error::Malformed));
}

#[test]
fn a_time_without_a_timer_is_refused() {
    let told = Liar::new(18, &HistoryRange::ALL).tells(|mut items| {
        // The text is eight bytes shorter, and in front of it there is a time.
        let text = items[2].len() - 4 - 99 - 6 - 8;
        let length = (text as u32).to_be_bytes();
        let content = [&[1, 1][..], &length, &b"a".repeat(text)].concat();
        items[2].truncate(102);
        items[2].extend([&[1][..], &NOW.to_be_bytes(), &content].concat());
        items.concat()
    });
    assert_eq!(told, (2, Error::Malformed));
}

#[test]
fn what_passes_or_is_shown_once_is_in_no_history() {
    let typing = Content::typing(true);
    let bytes = [&[1, 0x32, 2, 0, 0, 0, 0, 0, 0, 0, 0, 19][..], &[7; 64]].concat();
    let reference = Reference::decode(&bytes).unwrap();
    let once = Content::attached(&reference, b"").unwrap().shown_once().unwrap();
    let range = HistoryRange::ALL;
    for (seed, content) in [(16, typing), (17, once)] {
        let mut scene = Scene::new(seed, 2);
        let import = scene.ask(&range);
        let export = scene.answer(&import);
        let with = Conversation::With(FRIEND);
        let item = HistoryItem::new(with, friend(1), MessageId([8; 16]), NOW - 1, &content);
        assert_eq!(export.writer().write(&item).err(), Some(Error::NotAllowed));
    }
}

#[test]
fn a_content_that_needs_a_newer_release_stops_nothing() {
    let mut scene = Scene::new(15, 2);
    let items = messages(3);
    let mut import = scene.ask(&HistoryRange::ALL);
    let mut export = scene.answer(&import);
    let (writer, mut chunk) = written(&export, &items);
    let at = 4 + 99 + items[0].encoded().len() + 103;
    // The second message is of a critical kind that nobody knows.
    chunk[at + 1] = 0x3f;
    let reference = scene.store(&chunk);
    export.add(&writer, &reference, b"").unwrap();
    let answer = export.finish(scene.source(), false, NOW).unwrap();
    import.take(scene.asker(), scene.source().address(), &answer).unwrap();
    let (told, result) = scene.read(&mut import);
    assert_eq!((told.len(), result), (3, Ok(())));
    assert_eq!(told[1].item.content().err(), Some(Error::UnsupportedContent));
    assert_eq!(told[1].item.encoded()[1], 0x3f);
    assert!(told[2].item.content().is_ok());
}

#[test]
fn a_source_cannot_write_what_an_importer_would_refuse() {
    let mut scene = Scene::new(16, 2);
    let range = HistoryRange::ALL.since(NOW - 90).before(NOW - 80);
    let import = scene.ask(&range);
    let export = scene.answer(&import);
    let mut writer = export.writer();
    let refused = [
        (said(NOW - 80, 1, "late"), Error::Malformed),
        (said(NOW - 91, 1, "early"), Error::Malformed),
    ];
    for (item, error) in refused {
        assert_eq!(writer.write(&item).err(), Some(error));
    }
    writer.write(&said(NOW - 85, 5, "one")).unwrap();
    for (id, sent) in [(5, NOW - 85), (6, NOW - 85), (1, NOW - 84)] {
        assert_eq!(writer.write(&said(sent, id, "two")).err(), Some(Error::Malformed));
    }
    let content = Content::text("as somebody else").unwrap();
    let item = |conversation| {
        HistoryItem::new(conversation, friend(1), MessageId([0; 16]), NOW - 86, &content)
    };
    assert_eq!(writer.write(&item(Conversation::Own)).err(), Some(Error::NotSelf));
    let other = Conversation::With(AccountId([0x30; 32]));
    assert_eq!(writer.write(&item(other)).err(), Some(Error::Malformed));
    assert_eq!(writer.items(), 1);
    let long = Content::app(7, &vec![0; 1 << 20]);
    let long = HistoryItem::new(
        Conversation::With(FRIEND),
        friend(1),
        MessageId([0; 16]),
        NOW - 86,
        &long,
    );
    assert_eq!(writer.write(&long).err(), Some(Error::ContentTooLong));
}
