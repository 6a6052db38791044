"""Reads an exported file as those do whom its form is for, and prints what they found as JSON.

Standard input: {"format": …, "files": […]} with the files in the order in which they were written. nRF Cloud's own
reader, ESP-IDF's generator of partitions, the models of Azure's own clients and a JOSE library judge; of ESP RainMaker's
and AWS' forms no reader is published in a registry, so their rules are written down here. Ends with 1 and says why.
"""

import contextlib
import csv
import importlib
import io
import json
import os
import sys
import tempfile
import types

from cryptography import x509
from cryptography.hazmat.primitives import serialization


def pem(text):
    """One certificate and nothing else; its serial number in the digits of the records."""
    assert text.startswith("-----BEGIN CERTIFICATE-----\n") and text.endswith("-----END CERTIFICATE-----\n"), text
    (certificate,) = x509.load_pem_x509_certificates(text.encode())
    return f"{certificate.serial_number:032x}"


def models(module):
    from msrest import Deserializer, Serializer

    classes = {name: kind for name, kind in vars(module).items() if isinstance(kind, type)}
    return Deserializer(classes), Serializer(classes)


def same(kind, document, readers):
    """What the model reads is without fault, and nothing of the document is lost on the way."""
    read, write = readers
    model = read(kind, document)
    assert not model.validate(), model.validate()
    assert write.body(model, kind) == document, f"{write.body(model, kind)} is not {document}"
    return model


def azure_dps(files):
    import provisioningserviceclient.protocol.models as dps

    found = []
    for path in files:
        operation = same("BulkEnrollmentOperation", json.load(open(path)), models(dps))
        assert operation.mode == "create" and 1 <= len(operation.enrollments) <= 10
        for enrollment in operation.enrollments:
            if enrollment.attestation.type == "tpm":
                found.append({"id": enrollment.registration_id, "status": enrollment.provisioning_status,
                              "endorsement_key": enrollment.attestation.tpm.endorsement_key})
                continue
            assert enrollment.attestation.type == "x509"
            certificate = enrollment.attestation.x509.client_certificates.primary.certificate
            found.append({"id": enrollment.registration_id, "device": enrollment.device_id,
                          "certificate": pem(certificate), "status": enrollment.provisioning_status,
                          "allocation": enrollment.allocation_policy,
                          "tags": enrollment.initial_twin.tags.additional_properties if enrollment.initial_twin
                          else None})
    return found


def azure_hub(files):
    # the package as a whole loads an AMQP library; its models are enough
    import azure.iot

    package = types.ModuleType("azure.iot.hub")
    package.__path__ = [os.path.join(place, "hub") for place in azure.iot.__path__]
    sys.modules["azure.iot.hub"] = package
    readers = models(importlib.import_module("azure.iot.hub.protocol.models"))
    found = []
    for path in files:
        for line in open(path):
            device = same("ExportImportDevice", json.loads(line), readers)
            assert device.import_mode == "create" and device.status == "enabled"
            found.append({"id": device.id, "thumbprint": device.authentication.x509_thumbprint.primary_thumbprint})
    return found


def nrf_cloud(files):
    from nrfcloud_utils.nrf_cloud_onboard import read_onboarding_csv

    found = []
    for path in files:
        devices = read_onboarding_csv(path)
        assert devices is not None, "nRF Cloud's reader refuses the file"
        rows = list(csv.reader(open(path, newline="")))
        assert [row[0] for row in rows] == [device[0] for device in devices]
        for device, kind, tags, firmware, certificate in rows:
            found.append({"id": device, "kind": kind, "tags": tags, "firmware": firmware,
                          "certificate": pem(certificate)})
    return found


def esp_mass_mfg(files):
    from esp_idf_nvs_partition_gen import nvs_partition_gen

    values, config = files
    settings = list(csv.reader(open(config, newline="")))
    assert settings[0][1:] == ["namespace", ""] and all(len(row) == 3 for row in settings)
    found = []
    with open(values, newline="") as file:
        rows = csv.DictReader(file)
        # what the manufacturing utility asks of the two files
        assert rows.fieldnames == ["id"] + [row[0] for row in settings[1:]]
        for row in rows:
            assert row["id"].isdigit() and None not in row.values()
            with tempfile.TemporaryDirectory() as place:
                single, image = os.path.join(place, "single.csv"), os.path.join(place, "image.bin")
                with open(single, "w", newline="") as one:
                    writer = csv.writer(one)
                    writer.writerow(["key", "type", "encoding", "value"])
                    writer.writerow([settings[0][0], "namespace", "", ""])
                    for key, kind, encoding in settings[1:]:
                        writer.writerow([key, kind, encoding, row[key]])
                ask = types.SimpleNamespace(input=single, output=image, size="0x3000", version=2, outdir=place)
                with contextlib.redirect_stdout(io.StringIO()):
                    nvs_partition_gen.generate(ask)
                held = open(image, "rb").read()
            for value in [row["serial"], row["device_id"], row["client_cert"]]:
                assert value.encode() in held, f"{value} is not in the partition"
            found.append({"id": row["device_id"], "serial": row["serial"], "certificate": pem(row["client_cert"])})
    return found


def rainmaker(files):
    found = []
    for path in files:
        rows = list(csv.DictReader(open(path, newline="")))
        assert len(rows) <= 50_000
        for row in rows:
            names = x509.load_pem_x509_certificate(row["certs"].encode()).subject
            assert names.rfc4514_string() == f"CN={row['node_id']}", "a node's certificate bears its ID"
            tags = {name: value for name, value in row.items() if name not in ("node_id", "certs")}
            found.append({"id": row["node_id"], "certificate": pem(row["certs"]), "tags": tags})
    return found


def aws(files):
    found = []
    for path in files:
        for line in open(path):
            parameters = json.loads(line)
            assert all(isinstance(value, str) for value in parameters.values()), "a parameter of a template is text"
            leaf = x509.load_pem_x509_certificate(parameters["CertificatePem"].encode())
            leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(parameters["CACertificatePem"].encode()))
            found.append({"id": parameters["ThingName"], "serial": parameters["SerialNumber"],
                          "certificate": pem(parameters["CertificatePem"]), "order": parameters.get("work_order")})
    return found


def manifest(files):
    from joserfc import jws
    from joserfc.jwk import ECKey, KeySet
    from joserfc.util import urlsafe_b64decode
    from base64 import b64decode

    # the unprotected header names the device, as secure-element makers have it; RFC 7515 knows no such member
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    lot, keys = files
    keys = json.load(open(keys))
    (public,) = keys["keys"]
    assert "d" not in public and public["kid"] == ECKey.import_key(public).thumbprint()
    keys = KeySet.import_key_set(keys)
    found = []
    for element in json.load(open(lot)):
        checked = jws.deserialize_json(element, keys, registry=registry)
        assert json.loads(urlsafe_b64decode(element["protected"].encode()))["kid"] == public["kid"]
        said = json.loads(checked.payload)
        assert element["header"]["uniqueId"] == said["uniqueId"]
        (key,) = said["publicKeySet"]["keys"]
        leaf, issuing = (x509.load_der_x509_certificate(b64decode(der)) for der in key["x5c"])
        leaf.verify_directly_issued_by(issuing)
        stated = ECKey.import_key({name: key[name] for name in ("kty", "crv", "x", "y")})
        assert leaf.public_key() == stated.public_key, "the key is the certificate's"
        # a statement that was changed must not hold
        for part in ("payload", "signature"):
            changed = dict(element)
            changed[part] = ("A" if changed[part][20] != "A" else "B").join((changed[part][:20], changed[part][21:]))
            try:
                jws.deserialize_json(changed, keys, registry=registry)
            except Exception:
                continue
            raise AssertionError(f"a changed {part} holds")
        text = [one.public_bytes(serialization.Encoding.PEM).decode() for one in (leaf, issuing)]
        found.append({"id": said["registrationId"], "serial": said["serial"], "order": said["workOrder"],
                      "product": said["product"], "at": said["provisioningTimestamp"], "leaf": text[0],
                      "issuing": text[1], "company": said["provisioner"]["organizationName"]})
    return found


asked = json.load(sys.stdin)
readers = {"azure-dps": azure_dps, "azure-hub": azure_hub, "nrf-cloud": nrf_cloud, "esp-mass-mfg": esp_mass_mfg,
           "rainmaker": rainmaker, "aws": aws, "manifest": manifest}
print(json.dumps(readers[asked["format"]](asked["files"])))
