//! Letters that a server has withheld: they are no sign that their sender is there now.

use super::*;

#[test]
fn withheld_mail_keeps_no_device_and_no_chat_alive() {
    let mut town = Town::new(30, &[2]);
    let companion = town.address(0, 1).device;
    let own = town.address(0, 0);
    for letter in [b"one", b"two"] {
        let out = town.seal(0, 1, To::Own, letter).unwrap();
        town.server.post(town.address(0, 1), out);
        town.now = NOW + DAY;
    }
    let [first, second] = [(); 2].map(|()| town.server.take(own).unwrap());
    let client = town.client(0, 0);
    for now in days(NOW, NOW + 29 * DAY) {
        client.expire(now).apply();
    }
    client.receive(first.from, &first.message, NOW + 29 * DAY).unwrap();
    assert_eq!(tasks(client, NOW + 30 * DAY - 1).idle, []);
    assert_eq!(tasks(client, NOW + 30 * DAY).idle, [companion]);
    // What was sent later counts from then.
    client.receive(second.from, &second.message, NOW + 29 * DAY).unwrap();
    *client = restored(client);
    assert_eq!(tasks(client, NOW + 31 * DAY - 1).idle, []);
    assert_eq!(tasks(client, NOW + 31 * DAY).idle, [companion]);
}

#[test]
fn a_device_that_dates_its_letters_ahead_is_heard_of_no_later_than_now() {
    let mut town = Town::new(31, &[2]);
    let companion = town.address(0, 1).device;
    town.now = NOW + 9 * DAY;
    let out = town.seal(0, 1, To::Own, b"from ahead").unwrap();
    town.server.post(town.address(0, 1), out);
    town.now = NOW + HOUR;
    town.receive(0, 0).pop().unwrap().unwrap();
    let client = town.client(0, 0);
    for now in days(NOW, NOW + 30 * DAY) {
        client.expire(now).apply();
    }
    assert_eq!(tasks(client, NOW + 30 * DAY + HOUR - 1).idle, []);
    assert_eq!(tasks(client, NOW + 30 * DAY + HOUR).idle, [companion]);
}
