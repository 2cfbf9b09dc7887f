"""Reads a page of figures as Prometheus' own client library does; prints its families as JSON."""

import json
import sys

from prometheus_client import openmetrics, parser
import prometheus_client.openmetrics.parser

text = sys.stdin.read()
read = openmetrics.parser if sys.argv[1] == "openmetrics" else parser
families = {}
for family in read.text_string_to_metric_families(text):
    samples = []
    for sample in family.samples:
        samples.append([sample.name, sample.labels, sample.value])
    assert family.name not in families, family.name
    families[family.name] = {"type": family.type, "help": family.documentation, "samples": samples}
print(json.dumps(families))
