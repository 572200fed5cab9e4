"""Makes known_answers.txt, by python-cryptography and again by openssl, which must agree.

Nothing in it is of this crate. It needs both: `python3 known_answers.py > known_answers.txt`.
"""

import hashlib
import hmac
import subprocess

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY = hashlib.sha256(b"media key of the example").digest()
KINDS = ["Image", "Video", "Audio", "Document", "Link Thumbnail"]
LENGTHS = [1, 15, 16, 17, 65535, 65536, 65537, 65556, 131072, 200000]


def by_python(info, content):
    keys = HKDF(hashes.SHA256(), 112, None, info.encode()).derive(KEY)
    iv, cipher, mac = keys[:16], keys[16:48], keys[48:80]
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(cipher), modes.CBC(iv)).encryptor()
    text = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    return text + hmac.new(mac, iv + text, hashlib.sha256).digest()[:10]


def openssl(stdin, *arguments):
    return subprocess.run(["openssl", *arguments], input=stdin, stdout=subprocess.PIPE, check=True).stdout


def by_openssl(info, content):
    options = [f"hexkey:{KEY.hex()}", f"info:{info}", "digest:SHA256"]
    options = [word for option in options for word in ("-kdfopt", option)]
    keys = openssl(b"", "kdf", "-binary", "-keylen", "112", *options, "HKDF")
    iv, cipher, mac = keys[:16], keys[16:48], keys[48:80]
    text = openssl(content, "enc", "-aes-256-cbc", "-K", cipher.hex(), "-iv", iv.hex())
    macopt = ["-mac", "HMAC", "-macopt", f"hexkey:{mac.hex()}", "-binary"]
    return text + openssl(iv + text, "dgst", "-sha256", *macopt)[:10]


def sealed(kind, content):
    info = f"WhatsApp {kind} Keys"
    one = by_python(info, content)
    assert one == by_openssl(info, content)
    return one


def content(length):
    return bytes((i * 7 + i // 256) % 256 for i in range(length))


print("# Media files as known_answers.py makes them.")
print(f"key = {KEY.hex()}")
boat = b"a picture of a boat"
for kind in KINDS:
    print(f"sealed {kind} = {sealed(kind, boat).hex()}")
for length in LENGTHS:
    text = content(length)
    print(f"content hash {length} = {hashlib.sha256(text).hexdigest()}")
    print(f"sealed hash {length} = {hashlib.sha256(sealed('Video', text)).hexdigest()}")
