"""Lints certificates (PEM, one behind the other) against RFC 5280 with pkilint, and prints the findings as JSON."""

import json
import sys

from pkilint import loader
from pkilint.pkix import certificate, extension, name

BEGIN = "-----BEGIN CERTIFICATE-----"

validator = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [
        certificate.create_issuer_validator_container([]),
        certificate.create_validity_validator_container(),
        certificate.create_subject_validator_container([]),
        certificate.create_extensions_validator_container([]),
        certificate.create_spki_validator_container([]),
    ],
)
load = loader.RFC5280CertificateDocumentLoader()
findings, judged = [], 0
for block in sys.stdin.read().split(BEGIN)[1:]:
    document = load.load_pem_document(BEGIN + block, str(judged))
    judged += 1
    for result in validator.validate(document.root):
        for found in result.finding_descriptions:
            severity = found.finding.severity.name
            findings.append(
                {"certificate": judged, "severity": severity, "code": found.finding.code, "message": found.message}
            )
print(json.dumps({"judged": judged, "findings": findings}))
