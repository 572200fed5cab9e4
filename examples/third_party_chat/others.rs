//! The real programs of others: two packages for Node, each in a process of its own that speaks a line for a line, as
//! `tests/signal/peer.mjs` says. They know nothing of accounts and profiles: their provider is a plain one.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use latchstring::Error;
use latchstring::content::Kinds;
use latchstring::signal::{
    Address, Authority, Binding, Bundle, ContentProfile, ForeignDevice, ForeignMessage,
    IdentityKey, KemPrekey, MessageKind, OneTimePrekey, Programs, ProviderId, ProviderStatement,
    ProviderStatus, SealedMessage, SignedPrekey, TrustedKeys, Version,
};

use crate::DAY;
use crate::page::{note, says};
use crate::person::Person;
use crate::proxy::unhex;
use crate::store::Failure;

/// The folder of the packages, and of the script that gives them lines.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signal");

/// A program of somebody else, in a process.
struct Program {
    process: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// An answer: an object of texts and numbers.
struct Answer(String);

/// Has Ada talk to people who use the programs of others, if those are here.
pub(crate) fn meet(ada: &Person, root: &Authority) -> Result<(), Failure> {
    if !Path::new(FOLDER).join("node_modules").is_dir() || !is_node_here() {
        note("the real programs are not here, so this scene is left out. It needs Node 20 and");
        note("  npm ci --prefix tests/signal        in a copy of the repository");
        return Ok(());
    }
    let newer = ("libsignal_client", "Lin", Version::V4);
    let older = ("libsignal", "Omar", Version::V3);
    [newer, older].into_iter().try_for_each(|peer| talk(ada, root, peer))
}

fn is_node_here() -> bool {
    let version = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Has Ada begin with somebody, get answers, and see an altered message refused.
fn talk(
    ada: &Person,
    root: &Authority,
    (package, name, version): (&'static str, &'static str, Version),
) -> Result<(), Failure> {
    let provider = ProviderId::new(&format!("{}.example", name.to_lowercase()))?;
    let descriptor = plain(&provider, version, ada.now.get()).sign(root)?.encode();
    ada.change(|client, now, _| client.learn_provider(&descriptor, now))?;
    note(&format!("{name} has another program (the package {package}), at {provider}"));
    ada.opt_in(&provider)?;

    let mut program = Program::start(package)?;
    let number = version_number(version);
    program.ask("new", &format!(r#""name":"{name}","device":1,"registration":7"#))?;
    let device = ForeignDevice::new(&provider, &Address::new(name, 1)?);
    let bundle = program.ask("bundle", &format!(r#""one_time":true,"version":{number}"#))?;
    let bundle = bundle.bundle(version)?;
    ada.change(|client, now, rng| client.begin(&device, &bundle, now, rng))?;
    for (said, answer) in [("hello, other program", "hello, Ada"), ("and again", "as you wish")] {
        says(ada.name, said);
        let message =
            ada.change(|client, now, rng| client.seal_plain(&device, said.as_bytes(), now, rng))?;
        let read = program.ask("open", &format!(r#""from":{ADA},{}"#, written(&message)))?;
        let text = String::from_utf8(read.bytes("text")?)?;
        note(&format!("→ {name} reads \"{text}\""));
        assert_eq!(text, said);
        let sealed =
            program.ask("seal", &format!(r#""to":{ADA},"text":"{}""#, hex(answer.as_bytes())))?;
        let message = sealed.message()?;
        says(name, answer);
        let mut altered = message.clone();
        if let Some(byte) = altered.bytes.last_mut() {
            *byte ^= 1;
        }
        let refused = open(ada, &device, &altered).err().ok_or("it was altered")?;
        assert!(refused.downcast_ref::<Error>().is_some_and(|error| *error == Error::Forged));
        let opened = open(ada, &device, &message)?;
        let text = opened.content.plain().unwrap_or_default();
        assert_eq!((text, opened.binding), (answer.as_bytes(), Binding::Unbound));
        let (from, binding) = (opened.from.account(), opened.binding);
        note(&format!("→ Ada reads \"{answer}\" from {from} [{binding:?}, version {number}]"));
    }
    program.end()
}

fn open(
    ada: &Person,
    from: &ForeignDevice,
    message: &SealedMessage,
) -> Result<ForeignMessage, Failure> {
    ada.change(|client, now, _| client.open(from, message.kind, &message.bytes, now))
}

/// Ada's device, as the programs of others name her.
const ADA: &str = r#"{"name":"ada","device":1}"#;

/// Describes a provider whose programs speak the Signal protocol and nothing else.
fn plain(id: &ProviderId, floor: Version, now: u64) -> ProviderStatement {
    ProviderStatement {
        id: id.clone(),
        counter: 1,
        from: now,
        until: now + 30 * DAY,
        status: ProviderStatus::Active,
        programs: Programs::Plain,
        floor,
        devices: 1,
        profile: ContentProfile::new(Kinds::NONE, 0),
        attestation_keys: TrustedKeys::NONE,
    }
}

impl Program {
    fn start(package: &str) -> Result<Self, Failure> {
        let mut node = Command::new("node");
        node.arg("peer.mjs").arg(package).current_dir(FOLDER);
        let mut process = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let asked = process.stdin.take().ok_or("a pipe")?;
        let answers = BufReader::new(process.stdout.take().ok_or("a pipe")?);
        Ok(Self { process, asked, answers })
    }

    /// Asks for something, with the fields that it takes.
    fn ask(&mut self, op: &str, fields: &str) -> Result<Answer, Failure> {
        writeln!(self.asked, r#"{{"op":"{op}","me":"them",{fields}}}"#)?;
        self.asked.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() || line.contains(r#""error""#) || line.contains(r#""lacking""#) {
            return Err(format!("the other program cannot {op}: {line}").into());
        }
        Ok(Answer(line))
    }

    fn end(self) -> Result<(), Failure> {
        let Self { mut process, asked, answers } = self;
        drop((asked, answers));
        process.wait()?;
        Ok(())
    }
}

impl Answer {
    fn text(&self, name: &str) -> Result<&str, Failure> {
        let (_, after) = self.0.split_once(&format!("\"{name}\":")).ok_or("a field")?;
        let end = after.find([',', '}']).ok_or("an end")?;
        Ok(after[..end].trim_matches('"'))
    }

    fn number(&self, name: &str) -> Result<u32, Failure> {
        Ok(self.text(name)?.parse()?)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, Failure> {
        Ok(unhex(self.text(name)?)?)
    }

    fn array<const N: usize>(&self, name: &str) -> Result<[u8; N], Failure> {
        Ok(self.bytes(name)?.try_into().map_err(|_| Error::Malformed)?)
    }

    fn message(&self) -> Result<SealedMessage, Failure> {
        let is_first = self.text("kind")? == "prekey";
        let kind = if is_first { MessageKind::Initial } else { MessageKind::Ordinary };
        Ok(SealedMessage { kind, bytes: self.bytes("bytes")? })
    }

    fn bundle(&self, version: Version) -> Result<Bundle, Failure> {
        let signed = SignedPrekey {
            id: self.number("signed_id")?,
            key: self.array("signed_key")?,
            signature: self.array("signed_signature")?,
        };
        let kem = || -> Result<_, Failure> {
            Ok(KemPrekey {
                id: self.number("kem_id")?,
                key: Box::new(self.array("kem_key")?),
                signature: self.array("kem_signature")?,
            })
        };
        Ok(Bundle {
            registration: self.number("registration")?,
            identity: IdentityKey::decode(&self.bytes("identity")?)?,
            signed,
            kem: (version == Version::V4).then(kem).transpose()?,
            one_time: Some(OneTimePrekey {
                id: self.number("one_time_id")?,
                key: self.array("one_time_key")?,
            }),
        })
    }
}

fn version_number(version: Version) -> u8 {
    if version == Version::V4 { 4 } else { 3 }
}

fn written(message: &SealedMessage) -> String {
    let kind = if message.kind == MessageKind::Initial { "prekey" } else { "message" };
    format!(r#""kind":"{kind}","bytes":"{}""#, hex(&message.bytes))
}

fn hex(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
