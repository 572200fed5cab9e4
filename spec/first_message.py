"""Derives the test vectors in spec/vectors from their inputs, by the formulas of the pages.
Needs Python 3 and `cryptography` 48 or later (ML-KEM-768). Each value of a file is taken as an input, or
derived and compared; the first difference, or a value that nothing used, ends the run."""
import base64, copy, hashlib, hmac, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric import ed25519, mlkem, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
# ---- README.md, "Notation" and "Primitives"
ZERO = bytes(32)
def label(x): return b"latchstring/v1/" + x.encode() + b"."
def u(n, size): return n.to_bytes(size, "big")
def lp(x): return u(len(x), 4) + x                                  # wire.md, rule 3
def sha(*x): return hashlib.sha256(b"".join(x)).digest()
def mac(key, x): return hmac.digest(key, x, "sha256")
extract = mac                                                       # HKDF-Extract(salt, ikm)
def expand(prk, info, size=32):
    whole = last = b""
    for i in range(1, -(-size // 32) + 1): whole += (last := mac(prk, last + info + u(i, 1)))
    return whole[:size]
def polyval(key, blocks):                                           # RFC 8452, section 3: bit i is x^i
    h, s, bits = int.from_bytes(key, "little"), 0, 1 | 1 << 121 | 1 << 126 | 1 << 127 | 1 << 128
    for i in range(0, len(blocks), 16):
        s, product = s ^ int.from_bytes(blocks[i:i + 16], "little"), 0
        for bit in range(128): product ^= (s >> bit & 1) * (h << bit)
        for _ in range(128): product = (product ^ (product & 1) * bits) >> 1     # times x^-128
        s = product
    return s.to_bytes(16, "little")
def nh(key, unit):                                                  # README.md, "DIGEST"
    word = lambda x, i: int.from_bytes(x[8 * i:][:8], "little")
    sums = [(word(unit, i) + word(key, i)) % 2**64 for i in range(16)]
    return (sum(a * b for a, b in zip(sums[::2], sums[1::2])) % 2**128).to_bytes(16, "little")
def digest(key, about, text):
    units = len(text) // 128 * 128
    parts = [about, bytes(-len(about) % 16), *(nh(key[16:], text[i:i + 128]) for i in range(0, units, 128)),
             text[units:], bytes(-len(text) % 16), u(len(about), 8), u(len(text), 8)]
    return polyval(key[:16], b"".join(parts))
def seal(key, nonce, ad, text): return AESGCM(key).encrypt(nonce, text, ad)
def ctr(key, text): return Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor().update(text)
def ed_key(seed): return ed25519.Ed25519PrivateKey.from_private_bytes(seed)
def ed(seed): return ed_key(seed).public_key().public_bytes_raw()
def sign(seed, *m): return ed_key(seed).sign(b"".join(m))
def x_key(seed): return x25519.X25519PrivateKey.from_private_bytes(seed)
def x_pub(seed): return x_key(seed).public_key().public_bytes_raw()
def agree(a, b):                                                    # of two secrets, by both sides
    assert x_key(a).exchange(x_key(b).public_key()) == x_key(b).exchange(x_key(a).public_key()) != ZERO
    return x_key(a).exchange(x_key(b).public_key())
def kem_key(seed): return mlkem.MLKEM768PrivateKey.from_seed_bytes(seed)
def kem_pub(seed): return kem_key(seed).public_key().public_bytes_raw()
# ---- vectors/README.md, "Form"
INTEGERS = set("approval at chain count created direction epoch expires extra generation "
               "id-number idle index issued kind max-pending max-text mixed mode now number previous "
               "sent suite version".split())
class Vector:
    def __init__(self, name):
        self.file, self.values, self.used = name, {}, set()
        path = Path(__file__).resolve().parent / "vectors" / (name + ".txt")
        for line in path.read_text("utf-8").splitlines():
            key, _, value = line.partition(":")
            value, words = value.strip(" "), key.split()
            if key in ("page", "comment", "expect"): continue
            if value.startswith('"'): self.values[key] = value[1:-1]
            elif words[-1] in INTEGERS or words[0] == "length": self.values[key] = int(value)
            else: self.values[key] = bytes.fromhex(value)
    def fail(self, key, what): sys.exit(f"{self.file}: {key}: {what}")
    def take(self, key):
        if key not in self.values: self.fail(key, "is not in the file")
        self.used.add(key)
        return self.values[key]
    def same(self, key, value):
        if self.take(key) != value: self.fail(key, f"is {self.values[key]!r}, derived {value!r}")
        return value
    def maybe(self, key, value): return self.same(key, value) if key in self.values else value
    # ---- README.md, "Notation": hedged; of what is drawn, `of` stands before the names of the steps
    def hedged(self, of, name, secret, info, size=32):
        prk = self.same(of + " prk", extract(secret, self.take(of + " random")))
        return self.same(name, expand(prk, info, size))
    def hedges(self, who, secret, info, *draws):                    # of several, with byte i behind
        return [self.hedged(who + of, who + name, secret, info + u(i, 1), size)
            for i, (of, name, size) in enumerate(draws, 1)]
# ---- prekeys.md, "What a device holds"
SET = (("lasting id", "lasting id", 8), ("signed prekey", "signed prekey seed", 32),
    ("last-resort KEM", "last-resort KEM seed", 64))
# ---- identity.md, "Certificate"
def certificate(v, who, kind, account_seed, account_id, device_id, signing, agreement):
    core = u(kind, 1) + account_id + ed(account_seed) + device_id + ed(signing) + x_pub(agreement)
    return v.same(who + " core", core), v.same(who + " certificate", core
        + v.same(who + " account signature", sign(account_seed, label("identity/account"), core))
        + v.same(who + " device signature", sign(signing, label("identity/device"), core)))
class Device:
    def __init__(self, v, who):
        self.v, self.who, self.one_time = v, who, b""
        account_id, account_seed, self.id, self.signing, self.agreement = self.named(
            "account id", "account seed", "device id", "signing seed", "agreement seed")
        self.same("account key", ed(account_seed)), self.same("signing key", ed(self.signing))
        self.same("agreement key", x_pub(self.agreement))
        keys = self.signing, self.agreement
        self.core, self.cert = certificate(v, who, 1, account_seed, account_id, self.id, *keys)
    def named(self, *names): return [self.v.take(f"{self.who} {name}") for name in names]
    def same(self, name, value): return self.v.same(f"{self.who} {name}", value)
    # ---- prekeys.md, "What is published"
    def make_signed_prekeys(self):
        self.signed_prekey, self.kem_seed, self.prekeys_id, created = self.named(
            "signed prekey seed", "last-resort KEM seed", "lasting id", "created")
        self.prekeys = self.same("lasting", self.prekeys_id
            + self.same("signed prekey", x_pub(self.signed_prekey))
            + self.same("last-resort KEM prekey", kem_pub(self.kem_seed))
            + u(created, 8) + u(self.same("expires", created + 14 * 86400), 8))
        self.published = self.prekeys + self.same(
            "lasting signature", sign(self.signing, label("prekeys/lasting"), self.core, self.prekeys))
        return self
    def make_one_time(self):
        self.one_time_seed, self.one_time_kem, prekey_id = self.named(
            "one-time prekey seed", "one-time KEM seed", "one-time id")
        self.one_time = self.same("one-time", prekey_id + self.same("one-time prekey", x_pub(self.one_time_seed))
            + self.same("one-time KEM prekey", kem_pub(self.one_time_kem)))
        return self.one_time + self.same(
            "one-time signature", sign(self.signing, label("prekeys/one-time"), self.core, self.one_time))
# ---- devices.md, "Lists"
class Made:                                                         # of inputs, what the file does not hold
    def __init__(self, v): self.take, self.values = v.take, {}
    def same(self, key, value): return self.values.setdefault(key, value)
class Household:
    def __init__(self, v, who="", members=("primary", "companion")):
        self.id, self.seed = v.take(who + "account id"), v.take(who + "account seed")
        self.key, self.trail, self.hashes = v.same(who + "account key", ed(self.seed)), [], [ZERO]
        for name in members: setattr(self, name, self.member(v, name + " "))
    def member(self, v, who):
        device_id, signing, agreement = (v.take(who + x) for x in ("device id", "signing seed", "agreement seed"))
        keys = v.same(who + "signing key", ed(signing)), v.same(who + "agreement key", x_pub(agreement))
        core = v.same(who + "core", b"\x01" + self.id + self.key + device_id + keys[0] + keys[1])
        return v.same(who + "member", device_id + keys[0] + keys[1]
            + v.same(who + "account signature", sign(self.seed, label("identity/account"), core))
            + v.same(who + "device signature", sign(signing, label("identity/device"), core)))
    def issue(self, v, who, issued, *members):
        n = len(self.hashes)
        first, expires = max(n - 65, 0), issued + 30 * 86400
        content = u(issued, 8) + u(expires, 8) + u(len(members), 4) + b"".join(sorted(members))
        inner = sha(label("devices/content"), self.id, self.key, content)
        base, before, trail = self.hashes[first], self.hashes[-1], self.trail[first:]
        self.trail.append(inner), self.hashes.append(sha(label("devices/hash"), u(n, 8), before, inner))
        if who is None: return
        for name, value in (("epoch", n), ("issued", issued), ("expires", expires), ("count", len(members)),
                ("inner", inner), ("base", base), ("trail", b"".join(trail)), ("predecessor", before),
                ("hash", self.hashes[n]), ("signature", sign(self.seed, label("devices/list"), self.hashes[n]))):
            v.same(who + name, value)
        v.same(who + "list", b"\x01\x12" + self.id + self.key + u(n, 8) + content + u(len(trail), 4)
            + base + b"".join(trail) + sign(self.seed, label("devices/list"), self.hashes[n]))
# ---- linking.md
def linking(v, purpose=1):
    home = Household(v)
    for part in (home.primary, home.companion): assert len(part) == 200
    core = {who: v.take(who + " core") for who in ("primary", "companion")}
    seed, secret = v.take("companion ephemeral seed"), v.take("linking secret")
    text = v.take("description").encode()
    body = v.same("body", b"\x01" + u(purpose, 1) + u(v.take("created"), 8) + home.companion[8:72]
        + v.same("companion ephemeral", x_pub(seed)) + u(len(text), 1) + text)
    check = v.same("check hash", sha(label("linking/check"), body, secret))[:4]
    v.same("rendezvous hash", sha(label("linking/rendezvous"), body, secret))
    v.same("code", "D1" + base64.b32encode(body + secret + check).decode().rstrip("="))
    hedge = v.same("primary ephemeral prk",
        extract(v.take("primary agreement seed"), v.take("primary ephemeral random")))
    home.issue({}, None, 1_800_000_000, home.primary)
    list_hash = v.same("list hash", home.hashes[1])
    about = list_hash + home.companion[:8] + body
    own = v.same("primary ephemeral seed", expand(hedge, label("linking/ephemeral") + about))
    public = v.same("primary ephemeral", x_pub(own))
    prk = v.same("prk", extract(secret, v.same("dh of the ephemerals", agree(own, seed))
        + v.same("dh with the agreement key", agree(own, v.take("companion agreement seed")))))
    key = [v.same(f"key {i}", expand(prk, label("linking/keys") + u(i, 1))) for i in (1, 2, 3)]
    listed = v.same("list", b"\x01\x12" + home.id + home.key + u(1, 8) + u(1_800_000_000, 8)
        + u(1_802_592_000, 8) + u(1, 4) + home.primary + u(0, 4) + ZERO
        + sign(home.seed, label("devices/list"), list_hash))
    t = v.same("t", sha(label("linking/transcript"), body, public, core["primary"], core["companion"], list_hash))
    drawn = v.same("digits drawn", expand(prk, label("linking/digits") + t, 48))
    v.same("digits", "".join(str(int.from_bytes(drawn[8 * j:][:8]) % 10) for j in range(6)))
    signature = v.same("offer signature", sign(v.take("primary signing seed"), label("linking/offer"), t))
    cert = v.same("primary certificate", core["primary"] + home.primary[72:])
    text = v.same("offer text", cert + home.companion[:8] + home.companion[72:136] + signature + lp(listed))
    sealed = v.same("sealed offer", seal(key[0], bytes(12), b"\x01\x13" + public + body, text))
    v.same("offer", b"\x01\x13" + public + sealed)
    counter = v.same("countersignature",
        sign(v.take("companion signing seed"), label("identity/device"), core["companion"]))
    sealed = v.same("sealed acceptance", seal(key[1], bytes(12), b"\x01\x14" + t, counter))
    v.same("acceptance", b"\x01\x14" + sealed)
    v.maybe("companion certificate", core["companion"] + home.companion[72:])
    return home, key[2], t
def briefing(v, transfer=False):
    home, key, t = linking(v, 2 if transfer else 1)
    members = (home.companion,) if transfer else (home.primary, home.companion)
    contact = Household(Made(v), "contact ", ("contact",))
    parts = []
    for house, members in (home, members), (contact, (contact.contact,)):
        made = Made(v)
        house.issue(made, "", 1_800_000_000, *members)
        parts.append(made.values["list"])
    since = contact.contact[:8] + u(1, 8) + u(1_800_000_000, 8)     # state.md, "Client, kind 0x06"
    told = v.same("contact list", parts[1])[2:] + b"\0\0\1\1" + u(1, 4) + since + bytes(4 + 4 + 8 + 16)
    content = lp(v.same("next list", parts[0])) + lp(b"settings of the app")
    content += (b"\1" + home.seed if transfer else b"\0") + u(1, 4) + told
    text = v.same("briefing text", padded(v.same("briefing content", content)))
    salt = v.same("briefing salt", mac(key, label("linking/briefing-salt") + t + text))
    k = v.same("k", expand(v.same("briefing prk", extract(salt, key)), label("linking/briefing") + t))
    sealed = v.same("sealed briefing", seal(k, bytes(12), b"\x01\x15" + t, text))
    v.same("briefing", b"\x01\x15" + salt + sealed)
# ---- handshake.md, "Examples", "Inputs": ephemeral secret, KEM ciphertext, kem
def attempt(v, agreement, host, continues=False):
    about = continuation(v, continues)
    known = host.cert + host.prekeys + host.one_time + about
    e = v.hedged("ephemeral", "ephemeral seed", agreement, label("handshake/ephemeral") + known)
    coins = v.hedged("KEM", "coins", agreement, label("handshake/coins") + v.same("ephemeral", x_pub(e)))
    # FIPS 203, 6.2: the secret follows from m, the coins, and the key. The library does not encapsulate
    # with a given m, so the ciphertext is the file's. That decapsulation gives the same secret shows that
    # it is the one which m makes, because decapsulation encrypts again and compares.
    kem_seed, ciphertext = host.one_time_kem if host.one_time else host.kem_seed, v.take("KEM ciphertext")
    h = hashlib.sha3_256(kem_pub(kem_seed)).digest()
    kem = v.same("kem", hashlib.sha3_512(coins + h).digest()[:32])
    v.same("kem", kem_key(kem_seed).decapsulate(ciphertext))
    return e, ciphertext, kem, about
# ---- handshake.md, "Continuation"
def continuation(v, continues):
    session, chain, number = v.take("predecessor"), v.take("closed chain"), v.take("closed number")
    if (session != ZERO) != continues or (chain or number) and not continues: v.fail("predecessor", "is wrong")
    return v.same("descent", session + u(chain, 4) + u(number, 4) + u(v.take("created"), 8))
# ---- handshake.md, "Key schedule", "Prefix", "Handshake id and replays"
def handshake(v, agreement, cert, host, made, psk=ZERO, context=ZERO):
    e, ciphertext, kem, about = made
    mode, suite = v.same("mode", bool(host.one_time) + 2 * (psk != ZERO)), v.same("suite", 1)
    dh1 = v.same("dh1", agree(agreement, host.signed_prekey))
    dh2 = v.same("dh2", agree(e, host.agreement))
    dh3 = v.same("dh3", agree(e, host.signed_prekey))
    dh4 = v.same("dh4", agree(e, host.one_time_seed) if host.one_time else ZERO)
    h1 = v.same("h1", sha(label("handshake/terms"), u(mode, 1), u(suite, 1), host.cert, host.prekeys,
                          host.one_time, x_pub(e), ciphertext, v.maybe("context", context)))
    early = v.same("early", extract(h1, dh2 + dh3 + dh4 + kem + v.same("psk", psk)))
    payload = v.same("introduction", cert + about)
    who = v.same("who", seal(v.same("k", expand(early, label("handshake/identity"))), bytes(12), h1, payload))
    h2 = v.same("h2", sha(label("handshake/parties"), h1, who, payload))
    late = v.same("late", extract(early, dh1))
    names = enumerate(("root", "initiator header", "responder header", "session id", "braid key"), 1)
    root, initiator, responder, session_id, braid = (
        v.same(name, expand(late, label("handshake/keys") + h2 + u(i, 1))) for i, name in names)
    keys = []                                                       # ratchet.md, "Imprints"
    for side, own, put in ("initiator", agreement, e), ("responder", host.agreement, host.signed_prekey):
        prk = v.same(side + " imprint prk", extract(own, put))
        keys.append(v.same(side + " imprint key", expand(prk, label("ratchet/imprint") + session_id, 144)))
    ids = host.prekeys_id + (host.one_time[:8] or bytes(8))
    prefix = v.same("prefix", b"\x01\x02" + u(mode, 1) + ids + x_pub(e) + ciphertext + who)
    v.same("name", sha(label("handshake/name"), x_pub(e), ciphertext)[:16])
    sender = Side(1, session_id, root, initiator, host.signed_prekey, prefix, braid, keys[0])
    return sender, Side(2, session_id, root, responder, None, b"\x01\x01", braid, keys[1])
# ---- braid.md, "Streams and chunks"
def times(a, b):                                                    # in GF(2^16)
    p = 0
    for i in range(16): p ^= (b >> i & 1) * (a << i)
    for i in range(30, 15, -1): p ^= (p >> i & 1) * (0x1100B << i - 16)
    return p
def inverse(a):                                                     # a^(2^16 - 2)
    p = 1
    for _ in range(15): p = times(p, a := times(a, a))
    return p
def chunk(stream, index):
    n, values = len(stream) // 32, [0] * 16
    if index < n: return stream[32 * index:][:32]
    for i in range(n):                                              # Lagrange
        over = under = 1
        for k in set(range(n)) - {i}: over, under = times(over, index ^ k), times(under, i ^ k)
        share = times(over, inverse(under))
        for j in range(16):
            values[j] ^= times(share, int.from_bytes(stream[32 * i + 2 * j:][:2], "big"))
    return b"".join(u(x, 2) for x in values)
# ---- braid.md, "Authenticator", "An epoch"
def update(v, name, root, epoch, k):
    prk = v.same(name + " prk", extract(ZERO, root + k))
    both = expand(prk, label("braid/authenticator") + u(epoch, 8), 64)
    return v.same(name + " root", both[:32]), v.same(name + " key", both[32:])
def key_pair(v, auth, epoch, random):                               # seed, ek, stream of the header
    prk = v.same("braid seed prk", extract(auth[0], random))
    seed = v.same("braid seed", expand(prk, label("braid/key") + u(epoch, 8), 64))
    return seed, v.same("ek", kem_pub(seed)), header_stream(v, auth, epoch, kem_pub(seed))
def header_stream(v, auth, epoch, ek):
    header = v.same("braid header", ek[1152:] + hashlib.sha3_256(ek).digest())
    return header + v.same("header tag", mac(auth[1], label("braid/header") + u(epoch, 8) + header))
def epoch(v):
    number, random = u(1, 8), [v.take(who + " random") for who in ("initiator", "responder")]
    auth = update(v, "auth", ZERO, 1, v.take("braid key"))
    seed, ek, header = key_pair(v, auth, 1, random[0])
    prk = v.same("coins prk", extract(auth[0], random[1]))
    coins = v.same("coins", expand(prk, label("braid/coins") + number + header[:64]))
    # As in a handshake: the ciphertext is the file's, and decapsulation shows that the coins make it.
    shared = v.same("K'", hashlib.sha3_512(coins + header[32:64]).digest()[:32])
    ct1, ct2 = v.take("ct1"), v.take("ct2")
    assert (len(ct1), len(ct2)) == (960, 128)
    v.same("K'", kem_key(seed).decapsulate(ct1 + ct2))
    prk = v.same("secret prk", extract(ZERO, shared))
    secret = v.same("secret", expand(prk, label("braid/secret") + number))
    auth = update(v, "updated auth", auth[0], 1, secret)
    tag = v.same("ciphertext tag", mac(auth[1], label("braid/ciphertext") + number + ct1 + ct2))
    for name, n, stream in (
            ("header", 3, header), ("vector", 36, ek[:1152]), ("ct1", 30, ct1), ("ct2", 5, ct2 + tag)):
        assert len(stream) == 32 * n
        for i in n - 1, n, 65535: v.same(f"{name} chunk {i}", chunk(stream, i))
    return ek, header, ct1, ct2 + tag
# What arrives whole and is refused, beside what is right: of the epoch above
def refused_vector(v, right):
    v.same("braid key", b"\xa5" * 32), v.same("header stream", right[1])
    ek = v.take("altered vector") + right[0][1152:]
    assert hashlib.sha3_256(ek).digest() != right[1][32:64]
def not_reduced(v, right):
    vector = v.take("altered vector")
    assert vector[0] | (vector[1] & 15) << 8 == 3329 and vector[2:] == right[0][2:1152]
    header_stream(v, update(v, "auth", ZERO, 1, v.take("braid key")), 1, vector + right[0][1152:])
def refused_tag(v, right):
    v.same("braid key", b"\xa5" * 32), v.same("initiator random", b"\x06" * 32), v.same("ct1", right[2])
    assert v.take("altered ct2 stream")[:128] == right[3][:128] and v.take("altered ct2 stream") != right[3]
# ---- braid.md, "What a message carries", "Sealing": the next chunks of a stream
def part(v, epoch, kind, stream, count, number, room):
    n = len(stream) // 32
    if not n or count >= 2 * n and number * min(room + 1, n) >= 2 * n: kind, index, extra, one = 0, 0, [], ZERO
    else:
        index, more = count, min(room, n - 1)
        one, *extra = (chunk(stream, i) for i in range(count, count + more + 1))
    values = [v.same("part " + name, value) for name, value in (("epoch", epoch), ("kind", kind),
              ("extra", len(extra)), ("index", index), ("chunk", one))]
    if extra: v.same("extra chunks", b"".join(extra))
    sizes = zip(values, (4, 1, 1, 2))
    return v.same("part", b"".join(u(*x) for x in sizes) + one), b"".join(extra)
# ---- ratchet.md, "Roles and first states": what a side holds for sending; `peer` is the peer's secret
class Side:
    number = previous = pq_epoch = count = 0
    epoch, secret, auth, stream = 1, ZERO, None, None
    def __init__(self, *begins):
        (self.direction, self.session_id, self.root, self.next_header, self.peer, self.clear,
            self.braid_key, self.imprint_key) = begins
    def received(self, other):                                      # its turn: this side is Due
        self.peer, self.root, self.previous, self.clear = other.own, other.root, self.number, b"\x01\x01"
        return self
def padded(text, exact=False, extra=b""):                           # "Padding"
    c, p = len(text), 1 << max(len(text).bit_length() - 1, 0)
    step = 1 if exact else 32 if c + 1 <= 32 else p // 2 if c + 1 <= 6144 else p // 8
    return text + extra + b"\x80" + bytes(-(c + 1) % step - len(extra))
def carried(v, side, room):
    """braid.md, "Sealing", as far as the files go: the initiator hears nothing of its key pair, and to the
    responder no message has yet brought the third chunk of the header."""
    if side.direction == 2: return part(v, side.epoch, 0, b"", 0, side.number, room)
    if not side.stream:                                             # Fresh
        side.auth = side.auth or update(v, "auth", ZERO, 1, side.braid_key)
        side.stream = key_pair(v, side.auth, side.epoch, v.take("braid random"))[2]
    else: v.same("header stream", side.stream)
    made = part(v, side.epoch, 1, side.stream, side.count, side.number, room)
    side.count += 1 + len(made[1]) // 32
    return made
def message(v, side, exact=False):
    """ratchet.md, "Root step", "Chains", "Header", "Sealing". What the file says of the side is compared."""
    v.maybe("session id", side.session_id)
    if side.peer:                                                     # Due
        v.maybe("root", side.root), v.maybe("peer ratchet seed", side.peer)
        prk = v.same("ratchet prk", extract(side.root, v.take("ratchet random")))
        side.own = expand(prk, label("ratchet/key"))
        prk = v.same("root prk", extract(side.root, v.same("dh", agree(side.own, side.peer)) + side.secret))
        side.header_key, side.number, side.peer = side.next_header, 0, None
        names = enumerate(("next root", "chain key 0", "next header key"), 1)
        side.root, side.chain, side.next_header = (
            v.same(name, expand(prk, label("ratchet/root") + u(side.pq_epoch, 4) + u(i, 1))) for i, name in names)
    else:
        v.same(f"chain key {side.number}", side.chain), v.maybe("prefix", side.clear)
    v.maybe("header key", side.header_key), v.same("ratchet seed", side.own), v.same("direction", side.direction)
    key, chain = v.same("message key", mac(side.chain, b"\x01")), mac(side.chain, b"\x02")
    content, kind = v.take("content"), side.clear[:2]
    said, extra = carried(v, side, (len(padded(content, exact)) - len(content) - 1) // 32)
    place = v.same("ratchet key", x_pub(side.own)) + u(v.same("previous", side.previous), 4) + u(
        v.same("number", side.number), 4)
    behind = u(v.same("mixed", side.pq_epoch), 4) + said
    text = v.same("padded content", padded(content, exact, extra))
    front = label("ratchet/body") + side.session_id + u(side.direction, 1) + kind
    key_of = v.same("imprint key", side.imprint_key)
    about = v.same("nonce digest", digest(key_of, kind[1:] + place[32:] + behind, text))
    hidden = sha(label("ratchet/nonce"), about)
    nonce = v.same("nonce", bytes(a ^ b for a, b in zip(v.take("nonce random"), hidden, strict=False)))
    header = v.same("header", place + nonce + behind)
    ad = v.same("body ad", front + header)
    sealed = seal(key, nonce, ad, text)
    body, tag = v.same("body", sealed[:-16]), v.same("body tag", sealed[-16:])
    prefix_hash = v.maybe("prefix hash", sha(side.clear) if kind[1] == 2 else ZERO)
    ad = v.same("header ad", label("ratchet/header") + kind + prefix_hash + tag)
    sealed = v.same("sealed header", seal(side.header_key, tag[:12], ad, header))
    side.number, side.chain = side.number + 1, v.maybe("next chain key", chain)
    return v.same("message", side.clear + sealed + tag + body)
# ---- guest-links.md, "The link"
def link(v, S):
    check = v.same("check", sha(label("guest/check"), S)[:4])
    text = v.same("text", "G1" + base64.b32encode(S + check).decode().rstrip("="))
    v.same("URL", "https://" + v.take("URL's origin") + "/g#" + text)
    prk = v.same("link prk", extract(label("guest/link"), S))
    names = "locator, invitation id, invitation key, claim seed, claim key, record key, psk".split(", ")
    keys = {name: v.same(name, expand(prk, label("guest/" + name.replace(" ", "-")),
                                      24 if name == "locator" else 32)) for name in names}
    v.same("claim signing key", ed(keys["claim seed"]))
    return keys
# ---- guest-links.md, "Invitation", "Server copy"
def invitation(v, host):
    policy = v.same("policy", u(v.take("approval"), 1) + u(v.take("expires"), 8) + u(v.take("idle"), 4)
        + u(v.take("max-text"), 2) + u(v.take("max-pending"), 1) + lp(v.take("host name").encode()))
    origin = lp(v.take("origin").encode())
    info = label("guest/owner") + u(v.take("list issued"), 8) + origin + policy         # made at that time
    drawn = "owner random" in v.values                               # an example begins with the seed itself
    seed = v.hedged("owner", "owner seed", host.agreement, info) if drawn else v.take("owner seed")
    owner = v.same("owner", ed(seed))
    content = u(v.take("list issued"), 8) + u(v.take("list expires"), 8) + u(1, 4) + host.cert[65:]
    inner = v.same("list inner", sha(label("devices/content"), host.cert[1:65], content))
    listed = u(1, 8) + v.same("list hash", sha(label("devices/hash"), u(1, 8), ZERO, inner))
    terms = origin + host.cert + listed + owner + policy
    nonce = (v.hedged("invitation", "invitation nonce", host.agreement, label("guest/nonce") + terms) if drawn
        else v.take("invitation nonce"))
    body = v.same("invitation body", b"\x01\x20\x01" + nonce + terms)
    signature = v.same("invitation signature", sign(host.signing, label("guest/invitation"), body))
    signed = v.same("signed invitation", body + signature)
    keys = link(v, v.same("S", sha(label("guest/secret"), signed)))
    text = v.same("padded invitation", signed + b"\x80" + bytes(-(len(signed) + 1) % 256))
    sealed = v.same("sealed invitation", seal(keys["invitation key"], bytes(12), keys["locator"], text))
    public = ed(keys["claim seed"]) + owner
    v.same("posting", b"\x01\x21" + keys["locator"] + public + u(v.take("expires"), 8) + lp(sealed))
    return keys
# ---- guest-links.md, "Guest keys"
def guest(v, locator):
    uid, prk = v.take("guest uid"), v.same("guest prk", extract(label("guest/seed"), v.take("guest seed")))
    signing = v.same("guest signing", expand(prk, label("guest/signing") + uid + locator))
    agreement = v.same("guest agreement", expand(prk, label("guest/agreement") + uid + locator))
    public = v.same("guest signing key", ed(signing)) + v.same("guest agreement key", x_pub(agreement))
    account = v.same("guest account", sha(label("guest/account"), uid, locator, public))
    return uid, signing, agreement, *certificate(v, "guest", 2, signing, account, account[:8], signing, agreement)
def guest_prekeys(v, signing, agreement, core):
    if "guest lasting id random" in v.values:
        v.hedges("guest ", agreement, label("prekeys/set-secrets") + u(v.take("guest created"), 8), *SET)
    prekey, kem, prekeys_id, created = (v.take("guest " + x) for x in
        ("signed prekey seed", "last-resort KEM seed", "lasting id", "created"))
    body = v.same("guest lasting", prekeys_id + v.same("guest signed prekey", x_pub(prekey))
        + v.same("guest last-resort KEM prekey", kem_pub(kem))
        + u(created, 8) + u(v.same("guest expires", created + 14 * 86400), 8))
    return body, v.same("guest lasting signature", sign(signing, label("prekeys/lasting"), core, body))
# ---- guest-links.md, "Texts", "Copies", "A guest becomes an account"
def text_about(place, said, number, text): return label("guest/text-id") + place + u(said, 8) + u(number, 1) + text
def names(v): return v.take("invitation id") + v.take("t") + v.take("guest account")
def guest_text(v):
    text, said = v.take("text").encode(), v.take("sent")
    v.hedged("text", "text id", v.take("join key"), text_about(v.take("anchor"), said, 0, text), 16)
    about = v.take("invitation id") + v.take("t") + v.take("device id") + v.take("text id") + u(said, 8)
    v.same("text digest", sha(label("guest/text"), about, text))
def guest_copy(v):
    said = b"\x01" + v.take("text id") + u(v.take("sent"), 8) + lp(v.take("text").encode())
    v.same("guest copy", b"\x01\x28" + names(v) + said + u(1, 4) + v.take("seen id") + v.take("seen digest"))
def hand_over(v):
    account, guest_key = Device(v, "other"), v.take("guest signing seed")
    v.same("guest signing key", ed(guest_key))
    body = b"\x01\x27" + names(v) + account.cert + u(v.take("epoch"), 8) + v.take("list hash") + u(v.take("at"), 8)
    by_guest = v.same("guest signature", sign(guest_key, label("guest/hand-over"), body))
    v.same("hand-over", body + by_guest + v.same("device signature", sign(account.signing, label("guest/hand-over"), body)))
# ---- guest-links.md, "Claim", with one device
def claim(v):
    host = Device(v, "host").make_signed_prekeys()
    host.make_one_time()
    keys = invitation(v, host)
    bundle_hash = v.same("bundle hash", sha(host.core, host.prekeys, host.one_time))
    said = lp(b"Al") + u(1, 4) + lp(b"Hello")
    about = label("guest/secrets") + (keys["invitation id"] + u(v.take("created"), 8) + v.take("list hash")
        + u(1, 4) + bundle_hash + said)
    v.hedges("guest ", ZERO, about, ("uid", "uid", 16), ("seed", "seed", 32), ("join", "join key", 32))
    uid, signing, agreement, core, cert = guest(v, keys["locator"])
    prekeys, prekeys_signature = guest_prekeys(v, signing, agreement, core)
    made = attempt(v, agreement, host)
    t = v.same("t", sha(label("guest/claim"), keys["invitation id"], uid, core, prekeys, u(1, 4), host.id,
                        bundle_hash, x_pub(made[0]), v.same("ciphertext hash", sha(made[1]))))
    sender, _ = handshake(v, agreement, cert, host, made, keys["psk"], t)
    v.hedged("text", "text id", v.take("guest join key"), text_about(t, v.take("created"), 1, b"Hello"), 16)
    first = message(v, sender)
    proof = v.same("proof", sign(signing, label("guest/claim-proof"), t))
    credentials = v.same("record", uid + cert + proof + u(1, 4) + bundle_hash + prekeys + prekeys_signature)
    listed = u(1, 8) + v.take("list hash")
    said = said[:10] + v.take("text id") + said[10:]
    assert v.take("content") == listed + u(v.take("created"), 8) + b"\x01" + said + v.take("guest join key")
    v.hedged("salt", "salt", agreement, label("guest/salt") + t)
    prk = v.same("record prk", extract(v.take("salt"), keys["record key"]))
    one_key = v.same("sealing key of the record", expand(prk, label("guest/record") + t))
    sealed = v.same("sealed record", seal(one_key, bytes(12), t, credentials))
    tag = v.same("tag", mac(keys["claim key"], label("guest/claim-tag") + t))
    start = b"\x01\x22" + keys["locator"] + t + v.take("salt") + lp(sealed) + tag
    body = v.same("claim body", start + u(1, 4) + host.id + lp(first))
    v.same("claim", body + v.same("claim signature", sign(keys["claim seed"], label("guest/claim-admit"), body)))
# ---- guest-links.md, "Sharing a link", "Sharing a grant", "Joining": the examples of the page
EXAMPLE = dict(zip((
    "host account id, host account seed, host device id, host signing seed, host agreement seed, host lasting id, "
    "host signed prekey seed, host last-resort KEM seed, owner seed, invitation nonce, guest uid, guest seed, "
    "ephemeral random, KEM random, guest lasting id, guest signed prekey seed, guest last-resort KEM seed, "
    "join key").split(", "), bytes.fromhex("770102030407050681829192939498999a9b")))
def shared(v, kind, name, *parts):
    for key, byte in EXAMPLE.items():
        if key in v.values: v.same(key, bytes([byte]) * len(v.values[key]))
    return v.same("shared " + name, u(1, 1) + u(kind, 1) + b"".join(parts))
def shared_link(v):
    invitation(v, Device(v, "host"))
    return shared(v, 0x24, "link", lp(v.take("signed invitation")))
def shared_chat(v):
    host = Device(v, "host").make_signed_prekeys()
    keys = invitation(v, host)
    uid, _, agreement, core, cert = identity = guest(v, keys["locator"])
    prekeys = guest_prekeys(v, identity[1], agreement, core)
    made = attempt(v, agreement, host)
    bundle_hash = v.same("bundle hash", sha(host.core, host.prekeys))
    t = v.same("t", sha(label("guest/claim"), keys["invitation id"], uid, core, prekeys[0], u(1, 4), host.id,
                        bundle_hash, x_pub(made[0]), v.same("ciphertext hash", sha(made[1]))))
    said = granted(v, host.signing, keys["invitation id"] + t + core[1:33] + host.id)
    terms = v.same("terms", keys["invitation id"] + t + keys["locator"] + v.take("owner") + v.take("policy")
                   + host.id + lp(v.take("guest name").encode()))
    v.same("context", sha(label("guest/join"), terms))
    return shared(v, 0x26, "chat", host.core[1:33], terms, cert, *prekeys, v.take("join key"), said[96:])
def granted(v, signing, about):
    statement = v.same("grant statement", about + u(v.take("at"), 8))
    return statement + v.same("grant signature", sign(signing, label("guest/grant"), statement))
def shared_grant(v):
    about = b"".join(v.take(name) for name in ("invitation id", "t", "guest account", "host device id"))
    return shared(v, 0x25, "grant", granted(v, v.take("host signing seed"), about))
# ---- fan-out.md, "Blob" and "Letter"
def blob_keys(v, who, key):
    prk = v.same(who + "prk", extract(label("blob/key"), key))
    commitment = v.same(who + "commitment", expand(prk, label("blob/commitment")))
    return v.same(who + "k", expand(prk, label("blob/seal"))), v.same(who + "front", b"\x01\x31" + commitment)
def blob(v):
    text, text_hash = v.take("text"), v.same("text hash", sha(label("blob/content"), v.take("text")))
    prk = v.same("message prk", extract(v.take("secret"), text_hash))
    key = v.same("key", expand(prk, label("blob/message") + v.take("id")))
    k, clear = blob_keys(v, "", key)
    whole = clear + v.same("sealed", seal(k, bytes(12), clear, v.same("padded", padded(text))))
    blob_hash = v.same("blob hash", sha(v.same("blob", whole)))
    v.same("reference", key + blob_hash + u(v.same("length text", len(text)), 8))
def stored(v, media, place):
    terms = b"\x01\x32" + u(media, 1) + b"\0" + u(19, 8)
    return v.same("reference", terms + v.take("key and digest")) + u(len(place), 4) + place
def two_keys(v):
    blob, key = v.take("blob"), v.take("other key")
    one, clear = blob_keys(v, "", v.take("key"))
    other, other_clear = blob_keys(v, "other ", key)
    assert blob[:34] == clear != other_clear                        # the one reason to refuse it
    for who, k in ("", one), ("other ", other):
        assert v.same(who + "padded", AESGCM(k).decrypt(bytes(12), blob[34:], clear))[-1] == 0x80
    v.same("reference", key + v.same("blob hash", sha(blob)) + u(v.same("length text", 31), 8))
def letter(v, content, other):                                      # other: whose list is the second
    lists = [u(v.take(who + " list epoch number"), 8) + v.take(who + " list hash") for who in ("initiator", other)]
    account = v.take("initiator account id")
    if "group id" in v.values:
        ids = sorted([account, v.take("responder account id"), v.take("other account id")])
        audience = sha(label("letter/audience"), u(v.same("count", len(ids)), 4), *ids)
        where = b"\x02" + v.take("group id") + v.same("audience", audience)
    else: where = b"\x01" + v.take(other + " account id")
    said = v.same("conversation", where) + u(v.take("kind"), 1) + v.same("content", content(v))
    v.same("letter", b"".join(lists) + v.take("flag rolled back") + u(v.take("sent at"), 8) + v.take("id") + said)
    v.same("digest", sha(label("letter/digest"), account, v.take("initiator device id"), v.take("id"), said))
def seen_report(v):
    seen = [b"".join(v.take(f"{which} seen {part}") for part in ("account id", "device id", "id", "digest"))
            for which in ("one", "two")]
    return u(v.same("count", len(seen)), 4) + b"".join(sorted(seen))
# ---- attachments.md
def bucket(length):                                                 # "Padding"
    step = max(2**12, 2**(max(length, 1).bit_length() - 1) // 16)
    return max(1, -(-length // step)) * step
def target(v):
    parts = [v.take("target " + part) for part in ("account", "device", "id", "digest")]
    return v.same("target", b"".join(parts))


def joined(parts):                                                   # pieces of one part, and the parts in their order
    whole = {}
    for kind, body in parts:
        whole[kind] = whole.get(kind, b"") + body
    return sorted(whole.items())


def attachment(v, content=None):
    content = v.take("content") if content is None else content
    terms = v.take("terms")
    assert terms[:2] == b"\x01\x32" and terms[4:] == u(v.same("length content", len(content)), 8)
    prk = v.same("prk", extract(label("attachment/key"), v.take("key")))
    tag_key, stream_key, _ = (v.same(name, expand(prk, label("attachment/" + what) + terms)) for name, what in
                              (("tag key", "tag"), ("stream key", "stream"), ("id", "id")))
    tag = lambda level, n, piece: mac(tag_key, u(level, 1) + u(n, 8) + piece)
    text = content.ljust(bucket(len(content)) if terms[3] else 0, b"\0")
    segments = [text[n:n + 65536] for n in range(0, max(len(text), 1), 65536)]
    sealed, level, tags = [], 0, []
    for n, segment in enumerate(segments):
        behind = f" {n}" if n else ""
        tags.append(v.same("tag" + behind, tag(0, n, segment)))
        sealed.append(ctr(v.same("segment key" + behind, mac(stream_key, tags[-1])), segment))
        v.maybe("sealed" + behind, sealed[-1]), v.maybe("sealed hash" + behind, sha(sealed[-1]))
    assert len(segments) <= 2048                                    # else indices stand between them
    if len(segments) > 1:
        sealed.append(v.same("tags", b"".join(tags)))
        tags = [v.same("digest", tag(1, 0, sealed[-1]))]
        v.same("attachment hash", sha(*sealed))
    v.same("reference", terms + v.take("key") + tags[0])
    return tag, stream_key
def other_attachment(v):                                            # by somebody who has the key
    tag, stream_key = attachment(v)
    key = mac(stream_key, v.same("altered tag", tag(0, 0, b"pay one million")))
    v.same("altered sealed", ctr(v.same("altered segment key", key), b"pay one million"))
def attachment_drawn(v):
    place = v.take("terms") + v.take("anchor") + u(v.take("now"), 8)
    v.hedged("key", "key", v.take("agreement seed"), label("attachment/draw") + place)
# ---- state.md, "Generation and lineage", "Sealed records", "Journals", "Pages"
def lineage(v):
    owner, name = (v.same(x + " hash", sha(v.take("state " + x))) for x in ("owner", "name"))
    start = v.same("start", sha(label("state/lineage"), u(v.take("state kind"), 1), owner, name))
    return v.same("start anchor", bytes(8) + start[:24])
def after(anchor, change_id):
    n = u(int.from_bytes(anchor[:8], "big") + 1, 8)
    return n + anchor[8:16] + sha(label("state/lineage"), anchor[16:], n, change_id)[:16]
def record(v, who, key, kind, anchor, state):
    about = v.same(who + "about", b"\x01" + u(v.same(who + "kind", kind), 1) + u(v.take(who + "key id-number"), 4)
                   + v.same(who + "anchor", anchor))
    info = label("state/record") + about + lp(v.take(who + "owner"))
    prk = v.same(who + "salt prk", extract(key, v.take(who + "random")))
    salt = v.same(who + "salt", expand(prk, label("state/salt") + info + v.same(who + "state", state)))
    prk = v.same(who + "prk", extract(salt, key))
    k, c = (v.same(who + x, expand(prk, info + u(i, 1))) for i, x in enumerate("kc", 1))
    v.same(who + "record", about + salt + c + seal(k, bytes(12), about, state))
def journal_key(v, key, anchor, owner, text):
    return v.hedged("journal", "journal key", key, label("state/journal") + anchor + lp(owner) + text)
def expiry(v, who):                                                 # of a device: delta 4
    base, now = lineage(v), v.take("now")
    change_id = v.same(who + "change name", u(4, 1) + u(now, 8) + bytes(16))
    return base, after(base, change_id), b"\x01\x10" + base + u(2, 1) + u(now, 8) + u(4, 1)
def change(v):
    assert v.take("responder core") == v.take("state name")
    record(v, "", v.take("state key"), 0x10, *expiry(v, "")[1:])
def journal(v):                                                     # the device's own state is taken as it is
    assert v.take("responder core") == v.take("state name")
    base, end, state = expiry(v, "entry ")
    device = v.take("snapshot state")[64:]
    assert device[:2] == b"\x01\x02" and device[2:34] == base
    digest = v.same("digest", bytes(32))                            # of no pages
    key = journal_key(v, v.take("state key"), base, v.take("snapshot owner"), digest + device)
    record(v, "snapshot ", v.take("state key"), 0x08, base, key + digest + device)
    record(v, "entry ", key, 0x10, end, state)
def pages(v):                                                       # the client's own state is taken as it is
    key, core = v.take("state key"), v.take("core")
    prk = v.same("prk", extract(ZERO, key))
    page_key = v.same("page key", expand(
        prk, label("state/pages") + u(v.take("key id-number"), 4) + lp(v.take("owner"))))
    v.same("head name", mac(page_key, b"\x01"))
    digest = 0
    for who, title in ("device page ", b"\x01"), ("own page ", b"\x02"):
        part = v.take(who + "part")
        v.same(who + "name", mac(page_key, b"\x01" + v.same(who + "title", title)))
        mark = v.same(who + "mark", mac(page_key, b"\x02" + u(len(title), 1) + title + part))
        digest ^= int.from_bytes(mark, "big")
        record(v, who, key, 0x09, ZERO, u(len(title), 1) + title + part)
    digest = v.same("digest", u(digest, 32))
    assert core[:2] == b"\x01\x06"
    one = journal_key(v, key, core[2:34], v.take("owner"), digest + core)
    record(v, "head ", key, 0x08, core[2:34], one + digest + core)
# ---- What is drawn before anything can be derived: identity.md, prekeys.md, linking.md, fan-out.md
def identity_drawn(v):
    account, now = v.take("account id"), u(v.take("now"), 8)
    seed = v.hedged("account", "account seed", ZERO, label("identity/account-seed") + account)
    v.hedges("", seed, label("identity/device-seeds") + account + now,
        ("device id", "device id", 8), ("signing", "signing seed", 32), ("agreement", "agreement seed", 32))
def prekeys_drawn(v):
    secret, place = v.take("agreement seed"), v.take("anchor") + u(v.take("now"), 8)
    v.hedges("set ", secret, label("prekeys/set-secrets") + place, *SET)
    v.hedges("one-time ", secret, label("prekeys/one-time-secrets") + place + u(2, 1),
        ("id", "id", 8), ("prekey", "prekey seed", 32), ("KEM", "KEM seed", 64))
def linking_drawn(v):
    created, text = u(v.take("created"), 8), v.take("description").encode()
    signing, agreement, ephemeral, _ = (
        v.hedged(of, name, ZERO, label("linking/code-secrets") + created + u(i, 1) + text)
        for i, (of, name) in enumerate((("signing", "signing seed"), ("agreement", "agreement seed"),
            ("ephemeral", "ephemeral seed"), ("secret", "linking secret")), 1))
    body = v.same("body", b"\x01\x01" + created + ed(signing) + x_pub(agreement) + x_pub(ephemeral)
        + u(len(text), 1) + text)
    info = label("linking/device-id") + v.take("list hash") + body
    v.hedged("primary device id", "primary device id", v.take("primary agreement seed"), info, 8)
def letter_drawn(v):
    place = v.take("anchor") + u(v.take("now"), 8) + v.take("conversation")
    v.hedged("id", "id", v.take("agreement seed"), label("letter/id") + place + v.take("content"), 16)
def imprint(v, key, message, prefix):                               # ratchet.md, "Imprints"
    payload, about = message[len(prefix):], prefix[:2] + v.same("prefix hash", sha(prefix))
    return payload[96:104] + v.same("responder digest", digest(key, about, payload))[:8]
def session_lineage(v, sides, message):                             # after the first message
    prefix = message[:1468]
    v.same("session id", sides[0].session_id), v.same("message", message)
    key = v.same("responder imprint key", sides[1].imprint_key)
    for who, role, name in (("initiator ", 1, b"\0" + message[1468 + 112:][:16]),
                            ("responder ", 2, b"\1" + imprint(v, key, message, prefix))):
        owner, session = u(role, 1), sides[0].session_id
        for x, value in ("owner", owner), ("name", session):
            v.same(who + x + " hash", sha(v.same(who + "state " + x, value)))
        start = v.same(who + "start", sha(label("state/lineage"), u(v.same(who + "state kind", 3), 1),
                                          sha(owner), sha(session)))
        anchor = v.same(who + "start anchor", bytes(8) + start[:24])
        v.same(who + "first anchor", after(anchor, v.same(who + "first name", name)))
def exporter(v):                                                    # ratchet.md, "Exported secrets"
    clear = u(v.take("direction"), 1) + b"\x01\x01"
    place = v.same("place", v.take("session id") + clear + v.take("header"))
    return v.same("exporter", mac(v.take("message key"), label("ratchet/export") + place))
def exported(v):
    name, key = v.take("label"), exporter(v)
    v.same("exported secret", mac(key, label("ratchet/exported") + u(len(name), 1) + name + v.take("context")))
def franked(v, words):                                              # franking.md
    key, schema = v.same("frank key", mac(exporter(v), label("frank/key"))), v.take("schema")
    at = v.take("at")
    words = v.same("words", u(at - 2, 8) + words)
    frank = v.same("frank", mac(key, label("frank/words") + schema + words))
    parties = v.take("sender") + v.take("recipient")
    tag = v.same("tag", mac(v.take("service key"), label("frank/tag") + frank + parties + u(at, 8)))
    v.same("report", b"\x01\x3c" + schema + key + parties + u(at, 8) + tag + words)
# ---- The files
done = []
def run(name, steps):
    v = Vector(name)
    result = steps(v)
    if set(v.values) - v.used: v.fail("not derived", ", ".join(set(v.values) - v.used))
    done.append(name)
    print(f"{name}: {len(v.values)} values")
    return result
def first_message(v, bound, one_time=True, continues=False):
    initiator, responder = Device(v, "initiator"), Device(v, "responder").make_signed_prekeys()
    responder.make_one_time()
    if not one_time: responder.one_time = b""                       # in the file, but not in use
    given = (v.take("psk"), v.take("context")) if bound else (ZERO, ZERO)
    own = initiator.agreement
    sides = handshake(v, own, initiator.cert, responder, attempt(v, own, responder, continues), *given)
    return *sides, message(v, sides[0])
def turn_to_pq_epoch(v):                                           # epoch 2 agreed and not yet mixed
    names = "session id", "root", "header key", "peer ratchet seed"
    side = Side(1, *(v.take(name) for name in names), b"\x01\x01", None, v.take("imprint key"))
    v.same("peer ratchet key", x_pub(side.peer))
    side.previous, side.pq_epoch, side.secret, side.epoch = 5, 2, v.take("secret"), 3
    side.auth = v.take("auth root"), v.take("auth key")
    message(v, side)
def bundle(v, one_time):
    d = Device(v, "responder").make_signed_prekeys()
    v.same("bundle", b"\x01\x10" + d.cert + d.published + u(one_time, 1) + (d.make_one_time() if one_time else b""))
def lists(v):
    home, day = Household(v), 86400
    for n, who in enumerate(("first ", "second ", "third ")):
        home.issue(v, who, 1_800_000_000 + n * day, home.primary, *[home.companion] * (n == 1))
def trail(v):
    home, day = Household(v), 86400
    for n in range(67): home.issue(v, "" if n == 66 else None, 1_800_000_000 + n * day, home.primary)
run("identity-drawn", identity_drawn)
run("prekeys-drawn", prekeys_drawn)
run("linking-drawn", linking_drawn)
run("letter-drawn", letter_drawn)
run("attachment-drawn", attachment_drawn)
run("identity-certificate", lambda v: Device(v, "initiator"))
run("devices-lists", lists)
run("devices-trail", trail)
run("linking", linking)
run("linking-briefing", briefing)
run("linking-transfer", lambda v: briefing(v, True))
run("bundle", lambda v: bundle(v, True))
run("bundle-without-one-time", lambda v: bundle(v, False))
a, b, first = run("handshake-one-time", lambda v: first_message(v, False))
for name, *how in ("last-resort", False, False), ("bound", True), ("bound-last-resort", True, False):
    run("handshake-" + name, lambda v: first_message(v, *how))
run("handshake-continued", lambda v: first_message(v, False, continues=True))
run("ratchet-exact", lambda v: message(v, copy.copy(a), exact=True))
run("ratchet-unanswered", lambda v: message(v, a))
run("ratchet-answer", lambda v: message(v, b.received(a)))
run("ratchet-turn", lambda v: message(v, a.received(b)))
run("ratchet-ordinary", lambda v: message(v, a))
run("ratchet-mixed", turn_to_pq_epoch)
right = run("braid-epoch", epoch)
for name, check in (
        ("vector", refused_vector), ("vector-not-reduced", not_reduced), ("ciphertext-tag", refused_tag)):
    run("refused-braid-" + name, lambda v: check(v, right))
run("state-lineage-session", lambda v: session_lineage(v, (a, b), first))
run("state-change", change)
run("state-journal", journal)
run("state-pages", pages)
run("guest-link", lambda v: link(v, v.take("S")))
run("guest-invitation", lambda v: invitation(v, Device(v, "host")))
run("guest-keys", lambda v: guest(v, v.take("locator")))
run("guest-claim", claim)
for name, steps in ("text", guest_text), ("copy", guest_copy), ("hand-over", hand_over): run("guest-" + name, steps)
link_told, grant_told, chat_told = (run("guest-shared-" + name, steps) for name, steps in (
    ("link", shared_link), ("grant", shared_grant), ("chat", shared_chat)))
assert grant_told[2:66] == chat_told[34:98] and grant_told[98:] == chat_told[-80:]
assert sha(link_told).hex().startswith("f12de6ae") and sha(chat_told).hex().startswith("11a82d80")
run("blob", blob)
for name, parts in (
        ("text", lambda v: [(1, v.take("text"))]), ("image", lambda v: [(1, v.take("caption")), (2, stored(v, 2, v.take("place")))]),
        ("file", lambda v: [(5, v.same("body", stored(v, 1, b"") + v.take("file name")))]),
        ("app", lambda v: [(6, v.take("tag") + v.take("bytes"))]),
        ("unknown", lambda v: [(1, v.take("text")), (128, v.take("unknown body"))]),
        ("reply", lambda v: [(129, target(v)), (1, v.take("text")), (9, u(v.take("length seconds"), 4))]),
        ("correction", lambda v: [(7, target(v)[32:]), (1, v.take("text")), (7, u(v.take("number"), 1))]),
        ("deletion", lambda v: [(8, target(v)[32:])]),
        ("reaction", lambda v: [(130, target(v)), (130, u(v.take("number"), 4)), (130, v.take("sign"))]),
        ("receipt", lambda v: [(131, u(v.take("kind"), 1)), (131, v.take("account") + u(2, 4)),
                               (131, b"".join(sorted((v.take("device and id"), v.take("other device and id")))))]),
        ("typing", lambda v: [(132, b"\1")]),
        ("timer", lambda v: [(9, u(v.take("length seconds"), 4)), (6, v.take("tag"))]),
        ("timer-setting", lambda v: [(11, u(v.take("number"), 8)), (11, u(v.take("length seconds"), 4))]),
        ("view-once", lambda v: [(2, stored(v, 2, v.take("place"))), (10, b"")])):
    run("content-" + name, lambda v: v.same("content", b"\x01" + b"".join(
        u(kind, 1) + u(len(body), 4) + body for kind, body in joined(parts(v)))))
run("view-notice", lambda v: [v.same("notice", b"\x01\x3b" + target(v)), v.same("name", v.take("target digest")[:16])])
run("refused-blob-two-keys", two_keys)
for name in "", "-padded", "-empty": run("attachment" + name, attachment)
run("attachment-index", lambda v: attachment(v, b"\x5a" * 65556))
run("refused-attachment-other", other_attachment)
for name, other, content in (
        ("message", "responder", lambda v: v.take("content")), ("group", "responder", lambda v: v.take("content")),
        ("large", "responder", lambda v: Vector("blob").take("reference")),
        ("own", "initiator", lambda v: v.take("content")), ("ask-again", "responder", lambda v: bytes([0, 0, 0, 1]) + v.take("asked id") + bytes(4)),
        ("witness", "initiator", seen_report)):
    run("letter-" + name, lambda v: letter(v, content, other))
run("ratchet-exported", exported)
run("franking-letter", lambda v: franked(v, v.take("message id") + b"\x02" + v.take("group id")
    + v.take("audience") + b"\x01" + v.take("content")))
run("franking-chat", lambda v: franked(v, b"\x02" + v.take("message id") + u(1_799_999_998, 8) + b"pay, or else"))
print(f"{len(done)} passed, 0 failed")
