//! A host with several devices, and a link that all of them hold.

use latchstring::Error;
use latchstring::client::{Address, Client, DeviceList, OwnObject};
use latchstring::guest::{Chat, Invite, Pin, Policy, Preview, ServerCopy, SyncOutcome};
use latchstring::session::Bundle;

use super::guest::{EXPIRES, link_key, secret_of};
use super::home::Home;
use super::{
    NOW, ORIGIN, TestRng, bundle_of, device_of, object, only, restored, sign, signing_seed,
};

pub struct Doors {
    pub rng: TestRng,
    pub home: Home,
    pub invites: Vec<Invite>,
    pub server_copy: ServerCopy,
    pub url: String,
    pub bundles: Vec<Bundle>,
}

impl Doors {
    pub fn new(seed: u64, devices: usize) -> Self {
        Self::with_policy(seed, devices, Policy::new("Ada", EXPIRES))
    }

    pub fn with_policy(seed: u64, devices: usize, policy: Policy) -> Self {
        let mut rng = TestRng::new(seed);
        let mut home = Home::new(1, devices, &mut rng);
        let host = &home.clients[0];
        let (invite, server_copy) = Invite::create(host, ORIGIN, policy, NOW, &mut rng).unwrap();
        let bundles = home.clients.iter_mut().map(|host| bundle_of(host, &mut rng)).collect();
        let url = invite.link().unwrap().to_url(ORIGIN).unwrap().to_string();
        let shared = invite.export().unwrap();
        let others = home.clients[1..].iter();
        let others: Vec<_> =
            others.map(|client| Invite::import(client, &shared, NOW).unwrap()).collect();
        let invites = [invite].into_iter().chain(others).collect();
        Self { rng, home, invites, server_copy, url, bundles }
    }

    /// Returns the preview of a guest who knows the PIN, if there is one.
    pub fn preview(&self) -> Preview {
        let invite = &self.invites[0];
        let link = invite.link().unwrap();
        let preview = link.open(self.server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
        match invite.pin() {
            Some(pin) => preview.enter(Pin::parse(&pin.digits()).unwrap()).unwrap(),
            None => preview,
        }
    }

    pub fn claim(
        &mut self,
        list: &DeviceList,
        bundles: &[Bundle],
    ) -> Result<(Chat, Vec<u8>), Error> {
        self.preview().claim(list, bundles, "Grace", &["hi"], NOW, &mut self.rng)
    }

    pub fn guest(&mut self) -> (Chat, Vec<u8>) {
        let (list, bundles) = (self.home.list.clone(), self.bundles.clone());
        self.claim(&list, &bundles).unwrap()
    }

    /// Makes a claim of somebody who is not remembered. A link that was granted elsewhere shows no preview:
    /// the guest had looked before.
    pub fn guest_of_nobody(&mut self) -> Vec<u8> {
        let link = latchstring::guest::InviteLink::parse(&self.url).unwrap();
        let preview = link.open(self.server_copy.sealed_invitation(), ORIGIN, NOW).unwrap();
        let list = self.home.list.clone();
        preview.claim(&list, &self.bundles, "Grace", &[], NOW, &mut self.rng).unwrap().1
    }

    /// Lets the device take a claim.
    pub fn take(&mut self, device: usize, claim: &[u8]) -> Chat {
        let (invite, client) = (&mut self.invites[device], &mut self.home.clients[device]);
        let (chat, introduction) = invite.claim(client, claim, NOW).unwrap().apply();
        assert_eq!(introduction.name, "Grace");
        chat
    }

    pub fn grant(&mut self, device: usize, chat: &mut Chat) -> Vec<u8> {
        let client = &self.home.clients[device];
        only(chat.grant(client, NOW, &mut self.rng).unwrap().apply())
    }

    /// Gives a `shared_grant` to the link of a device.
    pub fn sync_grant(
        &mut self,
        device: usize,
        shared_grant: &OwnObject,
        now: u64,
    ) -> Result<SyncOutcome, Error> {
        let (invite, client) = (&mut self.invites[device], &self.home.clients[device]);
        Ok(invite.sync_grant(client, shared_grant, now)?.apply())
    }

    /// Gives a `shared_grant` to the link, and to the chat if there is one.
    pub fn tell(
        &mut self,
        device: usize,
        chat: Option<&mut Chat>,
        shared_grant: &OwnObject,
    ) -> Vec<Result<SyncOutcome, Error>> {
        let mut told = vec![self.sync_grant(device, shared_grant, NOW)];
        let client = &self.home.clients[device];
        told.extend(chat.map(|chat| Ok(chat.sync_grant(client, shared_grant, NOW)?.apply())));
        told
    }

    /// Gives a notice to the link of a device, which then starts again.
    pub fn sync_notice(&mut self, device: usize, notice: &[u8]) -> Result<SyncOutcome, Error> {
        let invite = &mut self.invites[device];
        let outcome = invite.sync_notice(notice, NOW)?.apply();
        *invite = restored(invite);
        Ok(outcome)
    }

    /// Takes the link back on a device. Returns the notice of it.
    pub fn revoke(&mut self, device: usize) -> Vec<u8> {
        self.invites[device].revoke(NOW).unwrap().apply();
        self.invites[device].notice().unwrap()
    }

    pub fn address(&self, device: usize) -> Address {
        self.home.clients[device].address()
    }

    /// Makes a shared grant that the device signs, whatever it has seen: what whoever stole it can send.
    pub fn grant_of(&self, transcript: &[u8; 32], by: &Client, guest: &[u8; 32]) -> OwnObject {
        let parts: [&[u8]; 5] = [
            &link_key::<32>(&secret_of(&self.url), "invitation-id"),
            transcript,
            guest,
            &by.address().device.0,
            &NOW.to_be_bytes(),
        ];
        let signature = sign(&signing_seed(&device_of(by)), "guest/grant", &[&parts.concat()]);
        object(&[&[1, 0x25], &parts.concat()[..], &signature].concat())
    }
}
