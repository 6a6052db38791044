"""Reads metrics as Prometheus does, and prints them as JSON: name with labels, value; kinds by name."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

samples, kinds = {}, {}
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.documentation, f"{family.name} says nothing about itself"
    assert family.type != "untyped" and family.type != "unknown", f"{family.name} has no type"
    kinds[family.name] = family.type
    for sample in family.samples:
        labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
        key = f"{sample.name}{{{labels}}}" if labels else sample.name
        assert key not in samples, f"{key} comes twice"
        samples[key] = sample.value
print(json.dumps({"samples": samples, "kinds": kinds}))
