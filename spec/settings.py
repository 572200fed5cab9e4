"""Derives a history of settings from its inputs, by the formulas of settings.md, and compares it with
spec/vectors/settings.txt. Needs Python 3 and `cryptography`. The first difference, or a value that nothing used,
ends the run."""
import hashlib, hmac, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
# ---- README.md, "Notation" and "Primitives"
def label(x): return b"latchstring/v1/" + x.encode() + b"."
def u(n, size): return n.to_bytes(size, "big")
def lp(x): return u(len(x), 4) + x
def sha(*x): return hashlib.sha256(b"".join(x)).digest()
def mac(key, x): return hmac.digest(key, x, "sha256")
def expand(prk, info): return mac(prk, info + b"\1")                  # 32 bytes
def sign(seed, *m): return ed25519.Ed25519PrivateKey.from_private_bytes(seed).sign(b"".join(m))
def pad(x):                                                          # ratchet.md, "Padding"
    sizes = [32] + [s for n in range(5, 13) for s in (2**n + 2**(n - 1), 2**(n + 1))]
    return (x + b"\x80").ljust(next(s for s in sizes if s > len(x)), b"\0")
# ---- vectors/README.md, "Form"
class Vector:
    def __init__(self, name):
        self.file, self.values, self.used = name, {}, set()
        path = Path(__file__).resolve().parent / "vectors" / (name + ".txt")
        for line in path.read_text("utf-8").splitlines():
            key, _, value = line.partition(":")
            if key in ("page", "comment", "expect"): continue
            is_number = key.split()[-1] in ("at", "epoch", "number")
            self.values[key] = int(value) if is_number else bytes.fromhex(value.strip())
    def take(self, key):
        self.used.add(key)
        return self.values[key]
    def same(self, key, value):
        if self.take(key) != value: sys.exit(f"{self.file}: {key}: is {self.values[key]!r}, derived {value!r}")
        return value
# ---- settings.md
class House:
    def __init__(self, v):
        self.v, self.account = v, v.take("account key")
        times = u(v.take("key epoch"), 8) + u(v.take("made at"), 8)
        about = label("settings/key") + self.account + v.take("maker device id") + times + v.take("anchor")
        prk = v.same("key prk", mac(v.take("agreement seed"), v.take("key random")))
        self.key = v.same("key", expand(prk, about))
        self.key_id = v.same("key id", sha(label("settings/key-id"), self.account, times, self.key))
        v.same("keys", b"\x01\x37" + self.account + u(1, 4) + times + self.key) if "keys" in v.values else None
        self.chains, self.map = {}, {}
    def seal(self, part, front, content):
        v, where = self.v, self.account + front
        v.same(part + " content", content)
        text = v.same(part + " text", pad(content))
        salt = v.same(part + " salt", mac(self.key, label("settings/salt") + where + text))
        k = v.same(part + " k", expand(v.same(part + " prk", mac(salt, self.key)), label("settings/seal") + where))
        return lp(salt + v.same(part + " sealed text", AESGCM(k).encrypt(bytes(12), text, front)))
    def entry(self, part, device, assignments):
        v, chain = self.v, self.chains.setdefault(device, {"marks": [], "seen": {}, "epoch": 0})
        heads = [(of, len(it["marks"]), it["marks"][-1][0]) for of, it in sorted(self.chains.items())
                 if of != device and len(it["marks"]) > chain["seen"].get(of, 0)] if part == "third" else []
        before = [c for _, c in chain["marks"][-1:]] + [self.chains[of]["marks"][n - 1][1] for of, n, _ in heads]
        number, clock = len(chain["marks"]) + 1, 1 + max(before, default=0)
        previous = chain["marks"][-1][0] if number > 1 else bytes(32)
        v.same(part + " number", number), v.same(part + " clock", u(clock, 8))
        epoch = v.take(part + " epoch")
        named = v.same(part + " heads", b"".join(of + u(n, 8) + h for of, n, h in heads))
        front = v.same(part + " front", b"\x01\x35" + device + u(number, 8) + previous + u(clock, 8) + u(epoch, 8)
                       + self.key_id + u(len(heads), 4) + named)
        text = u(len(assignments), 4) + b"".join(lp(n) + flagged(x) for n, x in assignments)
        signed = front + self.seal(part, front, text)
        digest = v.same(part + " hash", sha(label("settings/hash"), self.account, signed))
        signature = v.same(part + " signature", sign(self.seeds[device], label("settings/entry"), digest))
        v.same(part + " entry", signed + signature)
        chain["marks"].append((digest, clock))
        chain["epoch"] = max(epoch, chain["epoch"])
        chain["seen"].update({of: n for of, n, _ in heads})
        for name, value in assignments:
            slot = (clock, device, number, value)
            self.map[name] = max(self.map.get(name, slot), slot, key=lambda it: it[:2])
    def tell(self, device):
        heads = [of + u(len(it["marks"]), 8) + it["marks"][-1][0] for of, it in sorted(self.chains.items())]
        body = b"\x01\x38" + self.account + device + u(len(heads), 4) + b"".join(heads)
        self.v.same("told heads", body + self.v.same("heads signature",
                                                     sign(self.seeds[device], label("settings/heads"), body)))
    def snapshot(self, device):
        v, since, epoch = self.v, self.v.take("snapshot since epoch"), self.v.take("snapshot epoch")
        chains = v.same("snapshot chains", b"".join(
            of + u(len(it["marks"]), 8) + u(it["epoch"], 8)
            + u(len(it["marks"]), 4) + b"".join(h + u(c, 8) for h, c in it["marks"])
            + u(len(it["seen"]), 4) + b"".join(o + u(n, 8) for o, n in sorted(it["seen"].items()))
            for of, it in sorted(self.chains.items())))
        slots = v.same("snapshot slots", b"".join(
            lp(name) + u(clock, 8) + of + u(number, 8) + flagged(value)
            for name, (clock, of, number, value) in sorted(self.map.items())))
        text = u(since, 8) + u(len(self.chains), 4) + chains + u(len(self.map), 4) + slots
        front = b"\x01\x36" + device + u(epoch, 8) + self.key_id
        body = front + self.seal("snapshot", front, text)
        v.same("snapshot object", body + v.same("snapshot signature",
               sign(self.seeds[device], label("settings/snapshot"), self.account, body)))
def flagged(value): return b"\0" if value is None else b"\1" + lp(value)
def history():
    v = Vector("settings")
    house = House(v)
    ids, seeds = ([v.take(f"{who} {what}") for who in ("phone", "laptop")] for what in ("device id", "signing seed"))
    house.seeds = dict(zip(ids, seeds))
    for who, seed in zip(("phone", "laptop"), seeds):
        public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        v.same(who + " signing key", public)
    phone, laptop = ids
    blocked = b"\1" + v.take("blocked account id")
    house.entry("first", phone, [(blocked, b""), (b"\5font", b"big"), (b"\5theme", b"dark")])
    house.entry("second", laptop, [(b"\5theme", b"light")])
    house.entry("third", phone, [(b"\5font", None)])
    v.same("theme", house.map[b"\5theme"][3])
    house.tell(phone), house.snapshot(phone)
    if unused := v.values.keys() - v.used: sys.exit(f"{v.file}: nothing used {sorted(unused)}")
    print(f"{len(v.used)} values of {v.file} follow from settings.md")
history()
