"""Derives the vectors of groups in spec/vectors from their inputs, by the words of groups.md, README.md and identity.md.
Needs Python 3 and `cryptography`. Each value of a file is taken as an input, or derived and compared; the first
difference, or a value that nothing used, ends the run."""
import hashlib, itertools, sys
from pathlib import Path
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
# ---- README.md, "Notation" and "Primitives"
ZERO = bytes(32)
def label(x): return b"latchstring/v1/" + x.encode() + b"."
def u(n, size): return n.to_bytes(size, "big")
def lp(x): return u(len(x), 4) + x
def sha(*x): return hashlib.sha256(b"".join(x)).digest()
def ed(seed): return ed25519.Ed25519PrivateKey.from_private_bytes(seed)
def public(key): return key.public_key().public_bytes_raw()
def holds(key, signature, *m):
    try: ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, b"".join(m))
    except InvalidSignature: return False
    return True
# ---- vectors/README.md, "Form"
class Vector:
    def __init__(self, name):
        self.file, self.values, self.used = name, {}, set()
        path = Path(__file__).resolve().parent / "vectors" / (name + ".txt")
        for line in path.read_text("utf-8").splitlines():
            key, _, value = line.partition(":")
            if key in ("page", "comment"): continue
            plain = key == "expect" or key.split()[-1] == "number"
            self.values[key] = value.strip() if plain else bytes.fromhex(value)
    def take(self, key):
        if key not in self.values: sys.exit(f"{self.file}: {key}: is not in the file")
        self.used.add(key)
        return self.values[key]
    def same(self, key, value):
        if self.take(key) != value: sys.exit(f"{self.file}: {key}: is {self.values[key]!r}, derived {value!r}")
        return value
    def end(self, expect="ok"):
        self.same("expect", expect)
        for key in self.values:
            if key not in self.used: sys.exit(f"{self.file}: {key}: nothing used it")
# ---- identity.md, "Certificate"
class Person:
    def __init__(self, v, who):
        take, same = lambda x: v.take(f"{who} {x}"), lambda x, y: v.same(f"{who} {x}", y)
        account, self.signing = ed(take("account seed")), ed(take("signing seed"))
        agreement = x25519.X25519PrivateKey.from_private_bytes(take("agreement seed"))
        id, key = take("account id"), same("account key", public(account))
        core = same("core", b"\x01" + id + key + take("device id") + same("signing key", public(self.signing))
            + same("agreement key", public(agreement)))
        self.member = id + key
        self.certificate = same("certificate", core
            + same("account signature", account.sign(label("identity/account") + core))
            + same("device signature", self.signing.sign(label("identity/device") + core)))
# ---- groups.md, "Operations"
FOUND, ADD, REMOVE, LEAVE, APPOINT, DISMISS = range(1, 7)
def members(*people): return order(*sorted(person.member for person in people))
def order(*each): return u(len(each), 4) + b"".join(each)
class State:                                                        # group id, hash of the last operation, number
    def __init__(self, group=None, hash=ZERO, number=0): self.group, self.hash, self.number = group, hash, number
def operation(v, part, by, after, action):
    same = lambda x, y: v.same(f"{part} {x}", y)
    number = after.number + 1
    same("number", str(number)), same("action", action)
    rest = after.hash + u(number, 8) + by.certificate + action
    group = after.group or same("group id", sha(label("group/id"), rest))
    statement = group + rest
    state = State(group, same("hash", sha(label("group/hash"), statement)), number)
    return state, same("operation", b"\x01\x39" + statement
        + same("signature", by.signing.sign(label("group/operation") + statement)))
# ---- groups.md, as a reader: one history from its bytes alone
class Read:
    def __init__(self, bytes_): self.rest = bytes_
    def next(self, n):
        assert len(self.rest) >= n, "Malformed"
        head, self.rest = self.rest[:n], self.rest[n:]
        return head
    def number(self, n): return int.from_bytes(self.next(n), "big")
    def each(self): return [self.next(64) for _ in range(self.number(4))]
class Operation:
    def __init__(self, encoded):
        assert encoded[:2] == b"\x01\x39"
        statement, signature = encoded[2:-64], encoded[-64:]
        r = Read(statement)
        self.group, self.before, self.at = r.next(32), r.next(32), r.number(8)
        core, by_account, by_device = r.next(137), r.next(64), r.next(64)
        self.author, account_key, signing = core[1:65], core[33:65], core[73:105]
        assert holds(account_key, by_account, label("identity/account"), core), "BadSignature"
        assert holds(signing, by_device, label("identity/device"), core), "BadSignature"
        assert holds(signing, signature, label("group/operation"), statement), "BadSignature"
        self.hash, self.kind = sha(label("group/hash"), statement), r.number(1)
        first = self.group == sha(label("group/id"), statement[32:]) and self.before == ZERO and self.at == 1
        assert first if self.kind == FOUND else self.before != ZERO and self.at > 1, "Malformed"
        if self.kind == FOUND:
            r.next(32)
            self.adding, self.named, self.senior = r.number(1), r.each(), r.each()
        elif self.kind in (ADD, REMOVE): self.named = r.each()
        elif self.kind in (APPOINT, DISMISS): self.named = [r.next(64)]
        else: self.named = []
        assert not r.rest and self.kind <= DISMISS, "Malformed"
        if self.kind <= REMOVE: assert self.named == sorted(set(self.named)), "Malformed"
class Roster:
    def __init__(self): self.hash, self.at, self.adding, self.members, self.senior = ZERO, 0, 1, {}, []
    def yields(self, to, member):
        return (member in self.members and to in self.senior
            and (member not in self.senior or self.senior.index(to) < self.senior.index(member)))
    def refuses(self, o):                                           # the error of an operation that is not valid
        if o.before != self.hash or o.at != self.at + 1: return "Malformed"
        if not self.entitles(o): return "NotEntitled"
        full = o.kind == ADD and len(self.members) + len(o.named) > 1024 or o.kind == APPOINT and len(self.senior) >= 64
        return "TooManyAccounts" if full else None
    def entitles(self, o):
        a, plain = o.author, lambda m: m in self.members and m not in self.senior
        if o.kind == FOUND: return a not in o.named and set(o.senior) <= set(o.named)
        if a not in self.members: return False
        return {LEAVE: True,
            ADD: (a in self.senior or self.adding == 2) and not set(o.named) & set(self.members),
            REMOVE: all(self.yields(a, m) for m in o.named),
            APPOINT: a in self.senior and all(map(plain, o.named)),
            DISMISS: all(m in self.senior and (m == a or self.yields(a, m)) for m in o.named)}[o.kind]
    def after(self, o):
        r, word = Roster(), (o.hash, o.author)
        r.hash, r.at, r.adding, r.members, r.senior = o.hash, o.at, self.adding, dict(self.members), list(self.senior)
        gone = {REMOVE: o.named, LEAVE: [o.author]}.get(o.kind, [])
        if o.kind == FOUND: r.adding, r.senior = o.adding, [o.author] + o.senior
        if o.kind in (FOUND, ADD): r.members.update((m, word) for m in o.named)
        if o.kind == FOUND: r.members[o.author] = word
        if o.kind == APPOINT: r.senior += o.named
        for m in gone: del r.members[m]
        r.senior = [m for m in r.senior if m not in gone and not (o.kind == DISMISS and m in o.named)]
        return r
# ---- groups.md, "Path"
class Tree:
    def __init__(self): self.all = {}
    def over(self, hash): return [o for o in self.all.values() if o.before == hash]
    def roster(self, hash):
        if hash == ZERO: return Roster()
        return self.roster(self.all[hash].before).after(self.all[hash])
    def take(self, encoded):
        o = Operation(encoded)
        error = self.roster(o.before).refuses(o)
        assert not error, error
        self.all[o.hash] = o
        return self
    def branch(self, o): return [o] + [x for y in self.over(o.hash) for x in self.branch(y)]
    def path(self):
        at, path = Roster(), []
        while self.over(at.hash):
            weight = lambda o: sum(2**(63 - s) for s, m in enumerate(at.senior)
                if m in {x.author for x in self.branch(o)})
            best = min(self.over(at.hash), key=lambda o: (-weight(o), o.hash))
            path, at = path + [best.hash], at.after(best)
        return path, at
def founding(v, part, by, others, seniors=1):
    return operation(v, part, by, State(), bytes([FOUND]) + v.take(part + " salt") + b"\x02"
        + members(*others) + order(*(other.member for other in others[:seniors])))
def history(v):
    a, b, c, d = people(v)
    state, first = founding(v, "found", a, (b, c))
    tree, all_ = Tree().take(first), [first]
    for part, by, action in (("add", c, bytes([ADD]) + members(d)), ("appoint", b, bytes([APPOINT]) + c.member),
            ("remove", a, bytes([REMOVE]) + members(d)), ("dismiss", b, bytes([DISMISS]) + c.member),
            ("leave", c, bytes([LEAVE]))):
        state, encoded = operation(v, part, by, state, action)
        tree.take(encoded), all_.append(encoded)
    path, roster = tree.path()
    assert path[-1] == state.hash and set(roster.members) == {a.member, b.member} and roster.senior == [a.member, b.member]
    statement = (state.group + b.certificate + ZERO + u(0, 8) + b"\x01" + u(0, 4) + u(0, 4)
        + u(len(all_), 4) + b"".join(map(lp, all_)))
    v.same("checkpoint", b"\x01\x3a" + statement
        + v.same("checkpoint signature", b.signing.sign(label("group/checkpoint") + statement)))
    v.same("request", b"\x01\x3d" + state.group + path[0] + path[-1])
    v.end()
def people(v): return [Person(v, who) for who in ("founder", "second", "third", "fourth")]
def branches(v, founder, others, seniors, steps, ways):
    first, encoded = founding(v, "first", founder, others, seniors)
    states, all_ = {"first": first}, [encoded]
    v.same("first path", first.hash)
    for part, by, over, action in steps:
        states[part], encoded = operation(v, part, by, states[over], action)
        all_.append(encoded)
        tree = Tree()
        for one in all_: tree.take(one)
        last = v.same(part + " path", b"".join(tree.path()[0]))
    # Whatever order they come in, an operation behind its predecessor, all have one path at the end.
    came, found = [Operation(one) for one in all_], 0
    for way in itertools.permutations(came[1:]):
        tree = Tree()
        for o in (came[0], *way):
            if o.before != ZERO and o.before not in tree.all: break
            tree.all[o.hash] = o
        else:
            found += 1
            assert b"".join(tree.path()[0]) == last, "another path by another order"
    assert found == ways
    v.end()
def fork(v):
    a, b, c, d = people(v)
    add, appoint = bytes([ADD]) + members(d), bytes([APPOINT]) + c.member
    branches(v, a, (b, c), 1, (("plain", c, "first", add), ("junior", b, "first", add),
        ("senior", a, "first", appoint), ("endorsed", a, "junior", appoint), ("remade", a, "senior", add)), 30)
def weight(v):
    a, b, c, d = people(v)
    add, dismiss = bytes([ADD]) + members(d), lambda who: bytes([DISMISS]) + who.member
    branches(v, a, (b, c), 2, (("junior", b, "first", add), ("joined", c, "junior", bytes([LEAVE])),
        ("alone", a, "first", add), ("one", a, "alone", dismiss(b)), ("other", a, "alone", dismiss(c))), 20)
def signed_by_another(v, a, c, state):
    action = v.same("refused action", bytes([REMOVE]) + members(c))
    statement = state.group + state.hash + u(2, 8) + a.certificate + action
    return v.same("refused operation", b"\x01\x39" + statement
        + v.same("refused signature", c.signing.sign(label("group/operation") + statement)))
def refused(name, error):
    v = Vector("refused-group-" + name)
    a, b, c = (Person(v, who) for who in ("founder", "second", "third"))
    state, first = founding(v, "found", a, (b, c))
    tree, next = Tree().take(first), lambda by, action: operation(v, "refused", by, state, action)[1]
    if name == "junior": encoded = next(b, bytes([REMOVE]) + members(a))
    elif name == "plain": encoded = next(c, bytes([DISMISS]) + b.member)
    elif name == "left":
        state, leave = operation(v, "leave", c, state, bytes([LEAVE]))
        tree.take(leave)
        encoded = next(c, bytes([ADD]) + members(c))
    elif name == "number":
        state.number += 1
        encoded = next(a, bytes([LEAVE]))
    else: encoded = signed_by_another(v, a, c, state)
    try: tree.take(encoded)
    except AssertionError as found: assert str(found) == error, f"{v.file}: {found}"
    else: sys.exit(f"{v.file}: was not refused")
    v.end(error)
history(Vector("group-history"))
fork(Vector("group-fork"))
weight(Vector("group-weight"))
refusals = {"junior": "NotEntitled", "plain": "NotEntitled", "left": "NotEntitled", "number": "Malformed",
    "signature": "BadSignature"}
for name, error in refusals.items(): refused(name, error)
print(f"{3 + len(refusals)} passed, 0 failed")
