//! Prekeys: what a device publishes, what becomes of an upload, and what the server says that it has.

use latchstring::client::Tasks;
use latchstring::session::{Bundle, OneTimePrekey, Served, Stock};

use crate::server::{Published, attack};
use crate::world::World;

/// The fate of an upload.
#[derive(Clone, Copy)]
enum Upload {
    /// The server does not take it.
    Fails,
    /// The server takes it, and the device does not learn so.
    NotNoted,
    Noted,
}

impl World {
    /// Publishes the bundle of a new device, and one-time prekeys.
    pub fn publish_keys(&mut self, node: usize) {
        let address = self.address(node);
        if !self.server.bundles.contains_key(&address) {
            let bundle = self.nodes[node].client.bundle();
            self.upload(node, Upload::Noted, &bundle, &[]);
        }
        self.replenish(node, Upload::Noted);
    }

    fn replenish(&mut self, node: usize, upload: Upload) {
        let now = self.time(node);
        let keys = self.commit(node, |client, rng| Ok(client.replenish(now, rng))).unwrap();
        let bundle = self.nodes[node].client.bundle();
        self.upload(node, upload, &bundle, &keys);
        self.count("replenish");
    }

    fn rotate(&mut self, node: usize, upload: Upload) {
        let now = self.time(node);
        let bundle = self.commit(node, |client, rng| Ok(client.rotate(now, rng))).unwrap();
        self.upload(node, upload, &bundle, &[]);
        self.count("rotate");
    }

    /// Uploads a bundle and one-time prekeys. What the server has, or had, it does not take once more.
    fn upload(&mut self, node: usize, upload: Upload, bundle: &Bundle, keys: &[OneTimePrekey]) {
        let (address, time) = (self.address(node), self.time(node));
        let at = time.max(self.nodes[node].watch.told);
        if matches!(upload, Upload::Fails) {
            return self.count("upload fails");
        }
        let bytes = bundle.encode();
        let bundles = self.server.bundles.entry(address).or_default();
        if bundles.last().is_none_or(|last| last.bytes != bytes) {
            bundles.push(Published { at, bytes });
        }
        let spent = self.server.spent.entry(address).or_default();
        let stock = self.server.one_time.entry(address).or_default();
        for bytes in keys.iter().map(OneTimePrekey::encode) {
            if !spent.contains(&bytes) && stock.iter().all(|(_, held)| *held != bytes) {
                stock.push((self.now, bytes));
            }
        }
        if matches!(upload, Upload::NotNoted) {
            return self.count("upload is not noted");
        }
        let ids: Vec<_> = keys.iter().map(OneTimePrekey::id).chain([bundle.id()]).collect();
        self.commit(node, |client, _| Ok(client.note_published(ids, time))).unwrap();
    }

    /// Draws what becomes of an upload.
    fn some_upload(&mut self) -> Upload {
        match self.below(4) {
            _ if self.is_quiet || self.attacks & attack::FAIL_UPLOAD == 0 => Upload::Noted,
            0 | 1 => Upload::Fails,
            2 => Upload::NotNoted,
            _ => Upload::Noted,
        }
    }

    /// Lets the server take nothing of a device for so long that it tries again many times.
    pub fn fail_uploads(&mut self, node: usize) {
        for _ in 0..25 {
            self.replenish(node, Upload::Fails);
        }
        for _ in 0..35 {
            self.rotate(node, Upload::Fails);
        }
    }

    /// Notes what the server has of a device's prekeys, does the tasks that follow, and returns all its tasks.
    pub fn maintain_prekeys(&mut self, node: usize) -> Tasks {
        let address = self.address(node);
        let stock: Vec<_> = self.server.one_time[&address].iter().map(|(_, key)| key).collect();
        let ids: Vec<_> =
            stock.iter().map(|key| OneTimePrekey::decode(key).unwrap().id()).collect();
        let bundle = self.server.bundles[&address].last();
        let bundle = bundle.map(|last| Bundle::decode(&last.bytes).unwrap().id());
        let served = Served { bundle, one_time: Stock::Ids(&ids) };
        let now = self.time(node);
        let has: Vec<_> = ids.iter().copied().chain(bundle).collect();
        self.commit(node, |client, _| Ok(client.note_published(has, now))).unwrap();
        let due = self.nodes[node].client.tasks(&served, now);
        self.reset_clock(node, &due);
        let due = self.nodes[node].client.tasks(&served, now);
        self.withdraw(node, &due.prekeys.withdraw);
        if due.prekeys.rotate {
            let upload = self.some_upload();
            self.rotate(node, upload);
        }
        if due.prekeys.publish {
            let (upload, bundle) = (self.some_upload(), self.nodes[node].client.bundle());
            self.upload(node, upload, &bundle, &[]);
            self.count("publish");
        }
        if due.prekeys.replenish {
            let upload = self.some_upload();
            self.replenish(node, upload);
        }
        due
    }
}
