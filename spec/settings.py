"""Derives the vectors of settings in spec/vectors from their inputs, by the formulas of settings.md, and reads what
it has derived from its bytes alone. Needs Python 3 and `cryptography`. The first difference, or a value that nothing
used, ends the run."""
import hashlib, hmac, itertools, sys
from pathlib import Path
from cryptography.exceptions import InvalidSignature
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
            if key in ("page", "comment"): continue
            is_number = key.split()[-1] in ("at", "epoch", "number")
            self.values[key] = (value.strip() if key == "expect" else int(value) if is_number
                                else bytes.fromhex(value.strip()))
    def take(self, key):
        self.used.add(key)
        return self.values[key]
    def same(self, key, value):
        if self.take(key) != value: sys.exit(f"{self.file}: {key}: is {self.values[key]!r}, derived {value!r}")
        return value
    def end(self, expect):
        self.same("expect", expect)
        if unused := self.values.keys() - self.used: sys.exit(f"{self.file}: nothing used {sorted(unused)}")
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
    def entry(self, part, device, assignments, ahead=0):
        v, chain = self.v, self.chains.setdefault(device, {"marks": [], "seen": {}, "epoch": 0})
        heads = [(of, len(it["marks"]), it["marks"][-1][0]) for of, it in sorted(self.chains.items())
                 if of != device and len(it["marks"]) > chain["seen"].get(of, 0)] if part == "third" else []
        before = [c for _, c in chain["marks"][-1:]] + [self.chains[of]["marks"][n - 1][1] for of, n, _ in heads]
        number, clock = len(chain["marks"]) + 1, 1 + max(before, default=0) + ahead
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
        encoded = v.same(part + " entry", signed + signature)
        chain["marks"].append((digest, clock))
        chain["epoch"] = max(epoch, chain["epoch"])
        chain["seen"].update({of: n for of, n, _ in heads})
        for name, value in assignments:
            slot = (clock, device, number, value)
            self.map[name] = max(self.map.get(name, slot), slot, key=lambda it: it[:2])
        return encoded
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
# ---- settings.md, as a reader: entries from their bytes alone
class Read:
    def __init__(self, rest): self.all, self.rest = rest, rest
    def next(self, n):
        assert len(self.rest) >= n, "Malformed"
        head, self.rest = self.rest[:n], self.rest[n:]
        return head
    def number(self, n): return int.from_bytes(self.next(n), "big")
    def sized(self): return self.next(self.number(4))
    def passed(self): return self.all[:len(self.all) - len(self.rest)]
    def heads(self): return [(self.next(8), self.number(8), self.next(32)) for _ in range(self.number(4))]
class Reader:                                                        # one that remembers all, and whose list stays
    def __init__(self, account, key_id, key, listed):
        self.account, self.key_id, self.key, self.listed = account, key_id, key, listed
        self.marks, self.map = {}, {}                                # (device, number): (hash, clock)
    def take(self, entry):
        r = Read(entry)
        assert r.next(2) == b"\x01\x35", "WrongKind"
        device, number, previous, clock, epoch, key_id = (
            r.next(8), r.number(8), r.next(32), r.number(8), r.number(8), r.next(32))
        heads = r.heads()
        assert [of for of, _, _ in heads] == sorted({of for of, _, _ in heads} - {device}), "Malformed"
        assert number > 0 and (number == 1) == (previous == bytes(32)), "Malformed"
        front, sealed = r.passed(), r.sized()
        digest = sha(label("settings/hash"), self.account, r.passed())
        signature = r.next(64)
        assert not r.rest, "Malformed"
        assert device in self.listed, "Unlisted"
        try: self.listed[device].verify(signature, label("settings/entry") + digest)
        except InvalidSignature: raise AssertionError("BadSignature") from None
        if (device, number) in self.marks:
            raise AssertionError("Duplicate" if self.marks[device, number][0] == digest else "Forked")
        named = heads + ([(device, number - 1, previous)] if number > 1 else [])
        assert all((of, n) in self.marks for of, n, _ in named), "EntryMissing"
        assert all(self.marks[of, n][0] == h for of, n, h in named), "Forked"
        assert clock == 1 + max((self.marks[of, n][1] for of, n, _ in named), default=0), "Inconsistent"
        assert key_id == self.key_id, "EntryMissing"
        text = self.open(front, sealed)
        self.marks[device, number] = digest, clock
        for name, value in text:
            if name not in self.map or self.map[name][:2] < (clock, device): self.map[name] = clock, device, value
    def open(self, front, sealed):
        k = expand(mac(sealed[:32], self.key), label("settings/seal") + self.account + front)
        text = AESGCM(k).decrypt(bytes(12), sealed[32:], front)
        assert sealed[:32] == mac(self.key, label("settings/salt") + self.account + front + text), "Forged"
        r, all_ = Read(text.rstrip(b"\0")[:-1]), []
        for _ in range(r.number(4)): all_.append((r.sized(), r.sized() if r.number(1) else None))
        assert not r.rest and [n for n, _ in all_] == sorted({n for n, _ in all_}), "Malformed"
        return all_
def refusal(reader, entry):
    try: reader.take(entry)
    except AssertionError as found: return str(found)
    return None
def house(v, *names):
    made = House(v)
    ids, seeds = ([v.take(f"{who} {what}") for who in names] for what in ("device id", "signing seed"))
    made.seeds, keys = dict(zip(ids, seeds)), {}
    for who, id, seed in zip(names, ids, seeds):
        keys[id] = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()
        v.same(who + " signing key", keys[id].public_bytes_raw())
    return made, ids, lambda: Reader(made.account, made.key_id, made.key, keys)
def history():
    v = Vector("settings")
    made, (phone, laptop), reader = house(v, "phone", "laptop")
    blocked = b"\1" + v.take("blocked account id")
    entries = [made.entry("first", phone, [(blocked, b""), (b"\5font", b"big"), (b"\5theme", b"dark")]),
               made.entry("second", laptop, [(b"\5theme", b"light")]),
               made.entry("third", phone, [(b"\5font", None)])]
    v.same("theme", made.map[b"\5theme"][3])
    made.tell(phone), made.snapshot(phone)
    # Whatever order they come in, what waits is given again, and all come to one map.
    for way in itertools.permutations(entries):
        one = reader()
        waiting = [it for it in way if refusal(one, it) == "EntryMissing"]
        while waiting: waiting = [it for it in waiting if refusal(one, it) == "EntryMissing"]
        assert one.map == {n: (clock, of, value) for n, (clock, of, _, value) in made.map.items()}
        assert [refusal(one, it) for it in entries] == ["Duplicate"] * 3
        assert refusal(reader(), entries[0][:-1] + bytes([entries[0][-1] ^ 1])) == "BadSignature"
    v.end("ok")
    print(f"{len(v.used)} values of {v.file} follow from settings.md")
def clock():
    v = Vector("refused-settings-clock")
    made, (phone,), reader = house(v, "phone")
    entry = made.entry("first", phone, [(b"\5theme", b"dark")], ahead=8)
    if (found := refusal(reader(), entry)) != "Inconsistent": sys.exit(f"{v.file}: is {found}")
    v.end("Inconsistent")
    print(f"{len(v.used)} values of {v.file} follow from settings.md")
history()
clock()
