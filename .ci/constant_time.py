"""Follows what a compiler made of one function, and refuses it if secret bytes decide a jump or an address.

    constant_time.py FILE.s FUNCTION    x86-64 assembly as `rustc --emit asm` writes it

The function's arguments are public: the pointer to a text and its length. What is read through a pointer is
secret, and so is whatever comes of it, in registers, flags and the frame, along every path. A conditional jump on
secret flags, an address or a division by a secret, a call and a computed jump are refused. An instruction that is
not known counts as one that mixes all its operands and the flags, so that a new one can be refused for no reason,
and is never taken for harmless."""
import re
import sys

SECRET = "secret"
FRAME = "frame"                                  # the flags' and the frame's place in a state, beside registers
WIDTHS = {"b": 1, "w": 2, "l": 4, "q": 8}
PLAIN = {"rax": "a", "rbx": "b", "rcx": "c", "rdx": "d"}
JUMP = re.compile(r"j[a-z]+$")
COMPARE = re.compile(r"(cmp|test|bt)[bwlq]?$|v?u?comis[sd]$|v?ptest$|vtestp[sd]$")
MOVE = re.compile(r"mov(abs|s[bwl][wlq]|z[bw][wlq]|slq)?[bwlq]?$|v?mov(aps|ups|apd|upd|dqa|dqu|d|q)(32|64)?$|v?lddqu$")
NO_FLAGS = re.compile(r"(not|lea|bswap|cmov|set|mov|v(?!pcmp[ei]str|test)|p(?!test|opcnt|cmp[ei]str)|xorps|xorpd|andps|orps)")
# They write more than their last operand, or read what is not written there, or jump on a register.
REFUSED = re.compile(r"xchg|xadd|cmpxchg|mulx|lahf|sahf|j[er]?cxz|v?p?cmp[ei]str|cpuid|rdtsc")


PART = re.compile(r"%([abcd][xhl]|(si|di|sp|bp)l?|r\d+[bw])")


def register(name):
    """The whole register that a name is a part of."""
    name = name.lstrip("%")
    if match := re.fullmatch(r"[xyz]mm(\d+)", name):
        return "mm" + match[1]
    if match := re.fullmatch(r"r(\d+)[bwd]?", name):
        return "r" + match[1]
    if match := re.fullmatch(r"[re]?([abcd])[xhl]", name):
        return "r" + match[1] + "x"
    if match := re.fullmatch(r"[re]?(si|di|sp|bp)l?", name):
        return "r" + match[1]
    return name


def operands(text):
    parts, depth = [""], 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def width(mnemonic, all_operands):
    for operand in all_operands:
        if operand.startswith("%") and operand[1:4] in ("xmm", "ymm", "zmm"):
            if mnemonic.rstrip("q") in ("mov", "vmov") or mnemonic in ("movlps", "movhps"):
                return 8
            return {"x": 16, "y": 32, "z": 64}[operand[1]]
    if mnemonic.startswith(("movz", "movs")) and len(mnemonic) > 5:
        return WIDTHS.get(mnemonic[4], 8)
    return WIDTHS.get(mnemonic[-1], 8)


class Function:
    def __init__(self, path, name):
        # Behind the name a compiler may write a hash.
        self.code, self.labels, inside, begins = [], {}, False, re.compile(name + r"(17h[0-9a-f]{16}E)?$")
        for number, line in enumerate(open(path), 1):
            line = line.split("#")[0].strip()
            if match := re.fullmatch(r"([\w.$]+):", line):
                if not inside and not match[1].startswith(".L") and begins.search(match[1]):
                    inside = True
                elif inside:
                    self.labels[match[1]] = len(self.code)
            elif inside and line.startswith((".size", ".Lfunc_end")):
                break
            elif inside and line and not line.startswith("."):
                mnemonic, _, rest = line.partition("\t")
                self.code.append((number, line, mnemonic.strip(), operands(rest)))
        if not self.code:
            sys.exit(f"{path}: there is no {name}")
        self.found = {}

    def refuse(self, at, why):
        self.found[at] = why

    # A state is (depth of the stack, the secret registers, flags and bytes of the frame).
    def follow(self):
        states, waiting = {0: (0, frozenset())}, [0]
        while waiting:
            at = waiting.pop()
            depth, secret = states[at]
            depth, secret, ways = self.step(at, depth, set(secret))
            for way in ways:
                if way >= len(self.code):
                    self.refuse(at, "runs out of the function")
                    continue
                old = states.get(way)
                new = (depth, frozenset(secret) | (old[1] if old else frozenset()))
                if old and old[0] != depth:
                    self.refuse(way, "is reached with two depths of the stack")
                elif new != old:
                    states[way] = new
                    waiting.append(way)
        return states

    def memory(self, at, operand, depth, secret):
        """The bytes of the frame that an operand begins at, or none if it is elsewhere."""
        match = re.fullmatch(r"(?:%\ws:)?([^()]*)\(([^)]*)\)", operand)
        if not match:
            return None
        used = [register(part.strip()) for part in match[2].split(",") if part.strip().startswith("%")]
        if any(part in secret for part in used):
            self.refuse(at, "an address from a secret")
        if used == ["rsp"]:
            return int(match[1] or "0", 0) + depth
        return "constant" if used == ["rip"] else "elsewhere"

    def read(self, at, mnemonic, operand, depth, secret, size):
        if operand.startswith("$"):
            return False
        if operand.startswith("%"):
            return register(operand) in secret
        place = self.memory(at, operand, depth, secret)
        if isinstance(place, int):
            return any((FRAME, place + byte) in secret for byte in range(size))
        return place != "constant"

    def write(self, at, operand, depth, secret, size, value):
        if operand.startswith("%"):
            # A part of one or two bytes leaves the rest of its register as it was.
            if value or not PART.fullmatch(operand):
                (secret.add if value else secret.discard)(register(operand))
            return
        place = self.memory(at, operand, depth, secret)
        if not isinstance(place, int):
            self.refuse(at, "writes outside the frame")
            return
        for byte in range(size):
            (secret.add if value else secret.discard)((FRAME, place + byte))

    def step(self, at, depth, secret):
        _, _, name, args = self.code[at]
        on = [at + 1]
        size = width(name, args)
        value = lambda operand: self.read(at, name, operand, depth, secret, size)
        if name in ("ret", "retq"):
            return depth, secret, []
        if name in ("nop", "nopw", "nopl", "endbr64", "vzeroupper") or name.startswith("nop"):
            return depth, secret, on
        if name in ("jmp", "jmpq"):
            if args[0] not in self.labels:
                self.refuse(at, "a jump out of the function")
                return depth, secret, []
            return depth, secret, [self.labels[args[0]]]
        if REFUSED.match(name):
            self.refuse(at, "an instruction that is not followed")
            return depth, secret, on
        if JUMP.match(name):
            if "flags" in secret:
                self.refuse(at, "a jump on a secret")
            return depth, secret, on + [self.labels[args[0]]]
        if name.startswith(("call", "rep", "loop", "syscall")):
            self.refuse(at, "a call, or an instruction that is not followed")
            return depth, secret, on
        if name in ("push", "pushq"):
            depth -= 8
            self.write(at, "0(%rsp)", depth, secret, 8, self.read(at, name, args[0], depth + 8, secret, 8))
            return depth, secret, on
        if name in ("pop", "popq"):
            self.write(at, args[0], depth, secret, 8, self.read(at, name, "0(%rsp)", depth, secret, 8))
            return depth + 8, secret, on
        if args and register(args[-1]) == "rsp":
            if name not in ("addq", "subq") or not args[0].startswith("$"):
                self.refuse(at, "moves the stack in a way that is not followed")
                return depth, secret, on
            moved = int(args[0][1:], 0)
            secret.discard("flags")
            return depth + (moved if name == "addq" else -moved), secret, on
        if COMPARE.match(name):
            (secret.add if any([value(arg) for arg in args]) else secret.discard)("flags")
            return depth, secret, on
        if name.startswith("lea"):
            inside = re.findall(r"%\w+", args[0])
            self.write(at, args[1], depth, secret, 8, any(register(part) in secret for part in inside))
            return depth, secret, on
        if MOVE.match(name):
            self.write(at, args[1], depth, secret, size, value(args[0]))
            return depth, secret, on
        if name.startswith("set"):
            self.write(at, args[0], depth, secret, 1, "flags" in secret)
            return depth, secret, on
        # Everything else mixes what it reads; of three operands the last is written only.
        zeroes = len(args) >= 2 and len(set(args)) == 1 and re.match(r"v?(p?xor|psub|pcmpgt|sub)", name)
        sources = args[:-1] if name.startswith("v") and len(args) > 2 else args
        mixed = any([value(arg) for arg in sources]) and not zeroes
        if re.match(r"(cmov|adc|sbb|rcl|rcr)", name):
            mixed = mixed or "flags" in secret
        if re.match(r"i?div", name):
            if mixed or {"rax", "rdx"} & secret:
                self.refuse(at, "a division by a secret")
        if re.match(r"(i?mul[bwlq]?|i?div[bwlq]?)$", name) and len(args) == 1:
            for part in ("rax", "rdx"):
                (secret.add if mixed or part in secret else secret.discard)(part)
        elif args:
            self.write(at, args[-1], depth, secret, size, mixed)
        if re.match(r"c[lqwd]t", name):                             # sign extensions within rax and rdx
            if "rax" in secret:
                secret.add("rdx")
        elif not NO_FLAGS.match(name):
            (secret.add if mixed else secret.discard)("flags")
        return depth, secret, on


def main(path, name):
    function = Function(path, name)
    states = function.follow()
    if len(states) < len(function.code) * 9 // 10:
        sys.exit(f"{path}: of {len(function.code)} instructions only {len(states)} were followed")
    for at, why in sorted(function.found.items()):
        number, line, *_ = function.code[at]
        print(f"{path}:{number}: {why}: {' '.join(line.split())}")
    if function.found:
        sys.exit(1)
    jumps = sum(bool(JUMP.match(name)) for _, _, name, _ in function.code)
    print(f"{path}: {name}: {len(function.code)} instructions, {jumps} jumps, none on a secret")


main(*sys.argv[1:])
