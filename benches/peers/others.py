"""Hashes on request, one line in, one line out: libsodium, libargon2 and OpenSSL as Python programs reach them.

    argon2id-libargon2 MEMORY_KIB PASSES LANES     argon2id-libsodium MEMORY_KIB PASSES 1     scrypt-openssl LOG_N R P
    version 0 0 0: of OpenSSL
"""

import hashlib
import ssl
import sys

import nacl.bindings as sodium
from argon2.low_level import Type, hash_secret_raw

PASSWORD, SALT = b"correct horse battery staple", b"sixteen byte sal"

for line in sys.stdin:
    who, *costs = line.split()
    first, second, third = map(int, costs)
    if who == "argon2id-libargon2":
        output = hash_secret_raw(PASSWORD, SALT, second, first, third, 32, Type.ID)
    elif who == "argon2id-libsodium":
        output = sodium.crypto_pwhash_alg(32, PASSWORD, SALT, second, first * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13)
    elif who == "version":
        print(ssl.OPENSSL_VERSION, flush=True)
        continue
    else:
        output = hashlib.scrypt(PASSWORD, salt=SALT, n=1 << first, r=second, p=third, dklen=32, maxmem=1 << 30)
    print(output.hex(), flush=True)
