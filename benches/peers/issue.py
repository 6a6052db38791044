"""The same certificates with Python's cryptography: a new P-256 key each, signed by a P-384 CA, PEM and PKCS#8.

Makes no records and writes no file. Prints the processor seconds and the peak memory in bytes.
    python issue.py ROWS
"""

import datetime
import resource
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def main(rows):
    issuer_key = ec.generate_private_key(ec.SECP384R1())
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bench"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Bench Issuing CA bench"),
        ]
    )
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    begin = datetime.datetime.now(datetime.timezone.utc)
    end = begin + datetime.timedelta(days=3650)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    algorithm = hashes.SHA384()
    for row in range(rows):
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key()
        name = f"sn-gw{row:08}-mac-a0-b2-c3-{row >> 16 & 255:02x}-{row >> 8 & 255:02x}-{row & 255:02x}"
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(usage, True)
            .add_extension(purpose, False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(issuer_id, False)
            .sign(issuer_key, algorithm)
        )
        certificate.public_bytes(serialization.Encoding.PEM)
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


main(int(sys.argv[1]))
