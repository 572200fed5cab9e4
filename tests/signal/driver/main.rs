//! The driver of the live tests: a request a line on standard input, an answer a line on standard output, both
//! JSON with bytes in hexadecimal. `../peer.mjs` speaks the same lines for the other clients.
//!
//! What the library refuses is `{"error": name}`; what the harness gets wrong stops the driver.

mod bench;
mod conversations;
mod fingerprints;
mod groups;
mod request;
mod sealed;

use std::collections::HashMap;
use std::io::{BufRead, Write, stdin, stdout};

use getrandom::{SysRng, rand_core::UnwrapErr};
use latchstring::Error;
use serde_json::{Value, json};

use conversations::Device;
use request::Request;

/// The time of all that happens: nothing here is old.
pub const NOW: u64 = 1_800_000_000;

/// Returns the source of randomness of all that draws.
#[must_use]
pub fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

fn main() {
    let mut devices = HashMap::new();
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let request = Request::read(&line.expect("a line"));
        let answer = answer(&mut devices, &request).unwrap_or_else(|error| {
            let name = format!("{error:?}");
            json!({ "error": name, "reason": error.to_string() })
        });
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("somebody who listens");
    }
}

/// Carries one request out on the device that it names.
fn answer(devices: &mut HashMap<String, Device>, request: &Request) -> Result<Value, Error> {
    let op = request.text("op");
    if op == "bench" {
        return bench::run(request);
    }
    let me = request.text("me");
    if op == "new" {
        let device = Device::generate(request)?;
        let description = device.describe();
        devices.insert(me.into(), device);
        return Ok(description);
    }
    let device = devices.get_mut(me).expect("a device that was made");
    match op {
        "bundle" => Ok(device.bundle(request)),
        "begin" => device.begin(request),
        "seal" => device.seal(request),
        "skip" => device.skip(request),
        "open" => device.open(request),
        "trust" => device.trust(request),
        "archive" => device.archive(request),
        "reload" => device.reload(),
        "group_rotate" => device.group_rotate(request),
        "group_tell" => device.group_tell(request),
        "group_learn" => device.group_learn(request),
        "group_seal" => device.group_seal(request),
        "group_open" => device.group_open(request),
        "sealed_seal" => device.sealed_seal(request),
        "sealed_split" => sealed::split(request),
        "sealed_open" => sealed::open(device.client(), request),
        "error_make" => sealed::make_error(request),
        "error_read" => sealed::read_error(device.client(), request),
        "fingerprint" => fingerprints::show(device.identity(), request),
        "fingerprint_compare" => fingerprints::compare(device.identity(), request),
        _ => Ok(json!({ "lacking": op })),
    }
}
