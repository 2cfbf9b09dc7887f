"""Makes hashes.tsv: hashes of foreign schemes, each by the software that it comes from.

Needs pip's passlib 1.7.4, bcrypt 4.0.1, argon2-cffi, Django and Werkzeug; Debian's php-cli, wordpress (for Openwall's own
class-phpass.php), slapd, whois (mkpasswd) and openssl. ROOT, the first argument, is `/` or where those were unpacked.
The hashes are salted, so that each run writes others; the file in the tree is one run's.
"""

import base64
import hashlib
import subprocess
import sys
from importlib.metadata import version

import argon2
import argon2.low_level

import django

from argon2.low_level import Type
from django.conf import settings
from passlib import hash as passlib_hash
from werkzeug.security import generate_password_hash

ROOT = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else ""
settings.configure()
django.setup()
from django.contrib.auth import hashers  # noqa: E402

ASCII, WIDE, LONG = "tim1234", "pässwörd 日本", "0123456789" * 8 + " tail"
PASSWORDS = [ASCII, WIDE, LONG]


def row(software, scheme, cost, password, stored):
    print(software, scheme, cost, password, stored, sep="\t")


def run(*words, stdin=None):
    return subprocess.run([ROOT + words[0], *words[1:]], input=stdin, capture_output=True, check=True, text=True).stdout.strip()


def of_argon2():
    software = f"argon2-cffi {version('argon2-cffi')}"
    kinds = [("argon2i", Type.I), ("argon2d", Type.D), ("argon2id", Type.ID)]
    for name, kind in kinds:
        for argon2_version in (16, 19):
            for password, (m, t, p, hash_len, salt) in zip(
                PASSWORDS,
                [(64, 3, 4, 32, b"0123456789abcdef"), (256, 2, 1, 16, b"somesalt"), (33, 4, 2, 64, b"x" * 64)],
            ):
                stored = argon2.low_level.hash_secret(password.encode(), salt, t, m, p, hash_len, kind, argon2_version)
                row(software, name, f"m={m},t={t},p={p}", password, stored.decode())
    row(software, "argon2id", "m=65536,t=3,p=4", ASCII, argon2.PasswordHasher().hash(ASCII))
    for kind in ("I", "D", "ID"):
        made = passlib_hash.argon2.using(type=kind, rounds=2, memory_cost=128, parallelism=2).hash(WIDE)
        row("passlib 1.7.4", f"argon2{kind.lower()}", "m=128,t=2,p=2", WIDE, made)
    # Without a version in the text: 1.0.
    made = argon2.low_level.hash_secret(ASCII.encode(), b"somesalt", 2, 128, 1, 32, Type.I, 16).decode()
    row(software, "argon2i", "m=128,t=2,p=1", ASCII, made.replace("$v=16", ""))


def of_bcrypt_sha256():
    for password in PASSWORDS:
        for form in (1, 2):
            made = passlib_hash.bcrypt_sha256.using(rounds=4, version=form).hash(password)
            row("passlib 1.7.4", "bcrypt-sha256", "4", password, made)
        made = passlib_hash.bcrypt_sha256.using(rounds=5, version=1, ident="2a").hash(password)
        row("passlib 1.7.4", "bcrypt-sha256", "5", password, made)


def of_scrypt():
    for password, (ln, r, p) in zip(PASSWORDS, [(10, 8, 1), (7, 1, 3), (5, 13, 2)]):
        row("passlib 1.7.4", "scrypt", f"ln={ln},r={r},p={p}", password,
            passlib_hash.scrypt.using(rounds=ln, block_size=r, parallelism=p).hash(password))
    for password in PASSWORDS:
        row(f"Werkzeug {version('Werkzeug')}", "scrypt", "ln=11,r=8,p=1", password,
            generate_password_hash(password, "scrypt:2048:8:1", 16))
    row(f"Werkzeug {version('Werkzeug')}", "scrypt", "ln=15,r=8,p=1", ASCII, generate_password_hash(ASCII))

    class Quick(hashers.ScryptPasswordHasher):
        work_factor = 2**8
    for password in PASSWORDS:
        row(f"Django {django.__version__}", "scrypt", f"ln=8,r=8,p={Quick.parallelism}", password,
            Quick().encode(password, Quick().salt()))
    made = hashers.ScryptPasswordHasher()
    row(f"Django {django.__version__}", "scrypt", f"ln=14,r=8,p={made.parallelism}", ASCII, made.encode(ASCII, made.salt()))


def of_pbkdf2():
    kinds = [("pbkdf2-sha1", passlib_hash.pbkdf2_sha1, passlib_hash.ldap_pbkdf2_sha1),
             ("pbkdf2-sha256", passlib_hash.pbkdf2_sha256, passlib_hash.ldap_pbkdf2_sha256),
             ("pbkdf2-sha512", passlib_hash.pbkdf2_sha512, passlib_hash.ldap_pbkdf2_sha512)]
    for name, modular, ldap in kinds:
        for password in PASSWORDS:
            row("passlib 1.7.4", name, "1200", password, modular.using(rounds=1200).hash(password))
        row("passlib 1.7.4", name, "1000", WIDE, ldap.using(rounds=1000).hash(WIDE))
        digest = name.removeprefix("pbkdf2-")
        for password in PASSWORDS:
            row(f"Werkzeug {version('Werkzeug')}", name, "1500", password,
                generate_password_hash(password, f"pbkdf2:{digest}:1500"))
        # The PHC form, which no Python package writes: its parts are hashlib's.
        made = hashlib.pbkdf2_hmac(digest, WIDE.encode(), b"saltsaltsaltsalt", 2000, 32)
        b64 = lambda data: base64.b64encode(data).decode().rstrip("=")  # noqa: E731
        blocks = 2 if digest == "sha1" else 1
        row(f"Python {sys.version.split()[0]} hashlib", name, str(2000 * blocks), WIDE,
            f"${name}$i=2000,l=32${b64(b'saltsaltsaltsalt')}${b64(made)}")
    for name, hasher in [("pbkdf2-sha1", hashers.PBKDF2SHA1PasswordHasher()), ("pbkdf2-sha256", hashers.PBKDF2PasswordHasher())]:
        for password in PASSWORDS:
            row(f"Django {django.__version__}", name, "1100", password, hasher.encode(password, hasher.salt(), 1100))
    hasher = hashers.PBKDF2PasswordHasher()
    row(f"Django {django.__version__}", "pbkdf2-sha256", str(hasher.iterations), ASCII, hasher.encode(ASCII, hasher.salt()))


def of_django_prefixes():
    class QuickSha256(hashers.BCryptSHA256PasswordHasher):
        rounds = 4

    class Quick(hashers.BCryptPasswordHasher):
        rounds = 4

    class QuickArgon2(hashers.Argon2PasswordHasher):
        time_cost, memory_cost, parallelism = 2, 128, 2
    for password in PASSWORDS:
        software = f"Django {django.__version__}"
        row(software, "bcrypt-sha256", "4", password, QuickSha256().encode(password, QuickSha256().salt()))
        row(software, "bcrypt", "4", password, Quick().encode(password, Quick().salt()))
        row(software, "argon2id", "m=128,t=2,p=2", password, QuickArgon2().encode(password, QuickArgon2().salt()))


def of_crypt():
    libxcrypt = "libxcrypt 4.4.33 (mkpasswd)"
    for password in [*PASSWORDS, "x" * 300]:
        for name, digits in [("sha256-crypt", "sha-256"), ("sha512-crypt", "sha-512")]:
            row(libxcrypt, name, "5000", password, run("/usr/bin/mkpasswd", "-s", "-m", digits, stdin=password))
            row(libxcrypt, name, "1234", password, run("/usr/bin/mkpasswd", "-s", "-m", digits, "-R", "1234", stdin=password))
    openssl = run("/usr/bin/openssl", "version").rsplit(" (", 1)[0]
    for password in (ASCII, WIDE):
        row(openssl, "sha256-crypt", "5000", password, run("/usr/bin/openssl", "passwd", "-5", "-salt", "a", password))
        row(openssl, "sha512-crypt", "5000", password, run("/usr/bin/openssl", "passwd", "-6", password))
    row("passlib 1.7.4", "sha512-crypt", "1000", WIDE, passlib_hash.sha512_crypt.using(rounds=1000).hash(WIDE))
    row("passlib 1.7.4", "sha256-crypt", "5000", WIDE, passlib_hash.sha256_crypt.using(rounds=5000).hash(WIDE))
    row("passlib 1.7.4", "sha512-crypt", "1100", ASCII, passlib_hash.ldap_sha512_crypt.using(rounds=1100).hash(ASCII))
    row("passlib 1.7.4", "bcrypt", "4", WIDE, passlib_hash.ldap_bcrypt.using(rounds=4).hash(WIDE))


def of_ldap():
    modules = ROOT + "/usr/lib/ldap"
    for password in PASSWORDS:
        for scheme, digest in [("SHA", "sha1"), ("SSHA", "sha1"), ("MD5", "md5"), ("SMD5", "md5")]:
            made = run("/usr/sbin/slappasswd", "-h", "{%s}" % scheme, "-s", password)
            row("OpenLDAP 2.5.13", "ldap-digest", digest, password, made)
        for scheme, digest in [("SHA256", "sha256"), ("SSHA256", "sha256"), ("SSHA512", "sha512"), ("SSHA384", "sha384")]:
            made = run("/usr/sbin/slappasswd", "-o", f"module-path={modules}", "-o", "module-load=pw-sha2",
                       "-h", "{%s}" % scheme, "-s", password)
            row("OpenLDAP 2.5.13", "ldap-digest", digest, password, made)
    for name in ("ldap_sha1", "ldap_salted_sha1", "ldap_md5", "ldap_salted_md5", "ldap_salted_sha256", "ldap_salted_sha512"):
        digest = name.rsplit("_", 1)[1]
        row("passlib 1.7.4", "ldap-digest", digest, WIDE, getattr(passlib_hash, name).hash(WIDE))
    made = run("/usr/sbin/slappasswd", "-o", f"module-path={modules}", "-o", "module-load=argon2 t=2 m=128 p=1",
               "-h", "{ARGON2}", "-s", WIDE)
    row("OpenLDAP 2.5.13", "argon2i", "m=128,t=2,p=1", WIDE, made)
    for scheme in ("SHA1", "SHA256", "SHA512"):
        made = run("/usr/sbin/slappasswd", "-o", f"module-path={modules}", "-o", "module-load=pw-pbkdf2",
                   "-h", "{PBKDF2-%s}" % scheme, "-s", ASCII)
        row("OpenLDAP 2.5.13", f"pbkdf2-{scheme.lower()}", "10000", ASCII, made)


def of_phpass():
    code = (
        f"include '{ROOT}/usr/share/wordpress/wp-includes/class-phpass.php';"
        "$h = new PasswordHash((int) $argv[1], true); echo $h->HashPassword($argv[2]);"
    )
    # Its HashPassword adds 5 to the logarithm that it is given.
    for password in PASSWORDS:
        made = run("/usr/bin/php8.2", "-n", "-r", code, "--", "8", password)
        row("phpass 0.5 of WordPress 6.1.9", "phpass", "13", password, made)
    row("passlib 1.7.4", "phpass", "8", WIDE, passlib_hash.phpass.using(rounds=8, ident="H").hash(WIDE))
    row("passlib 1.7.4", "phpass", "11", LONG, passlib_hash.phpass.using(rounds=11).hash(LONG))


print("# Made by make.py: software and version, our scheme and cost, password, hash.")
assert version("bcrypt") == "4.0.1"
for make in (of_argon2, of_bcrypt_sha256, of_scrypt, of_pbkdf2, of_django_prefixes, of_crypt, of_ldap, of_phpass):
    make()
