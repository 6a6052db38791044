"""Judges the station's OpenAPI document, and answers of the station by it.

Standard input: {"document": …, "answers": [{"method", "path", "status", "media", "body"}, …]}.
Prints {"operations": …, "answers": …}; ends with 1 and one line for each fault.
"""

import json
import re
import sys

from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import validate

given = json.load(sys.stdin)
document = given["document"]
validate(document)


def resolve(node):
    while "$ref" in node:
        found = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def operation(method, path):
    plain = path.split("?")[0]
    for template, item in sorted(document["paths"].items(), key=lambda pair: pair[0].count("{")):
        pattern = re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, plain) and method.lower() in item:
            return item[method.lower()]
    return None


faults = []
for answer in given["answers"]:
    place = f'{answer["method"]} {answer["path"]} {answer["status"]}'
    found = operation(answer["method"], answer["path"])
    if found is None:
        # addresses and methods that are not there are answered with a problem all the same
        content = resolve({"$ref": "#/components/responses/Problem"})["content"]
        if answer["status"] not in (404, 405):
            faults.append(f"{place}: not in the document")
            continue
    elif str(answer["status"]) not in found["responses"]:
        faults.append(f"{place}: this status is not in the document")
        continue
    else:
        content = resolve(found["responses"][str(answer["status"])])["content"]
    if answer["media"] not in content:
        faults.append(f'{place}: {answer["media"]} is not in the document')
        continue
    schema = dict(content[answer["media"]]["schema"])
    schema["components"] = document["components"]
    validator = OAS31Validator(schema, format_checker=oas31_format_checker)
    for error in validator.iter_errors(json.loads(answer["body"])):
        faults.append(f"{place}: {error.json_path}: {error.message}")

for fault in faults:
    print(fault, file=sys.stderr)
operations = sum(1 for item in document["paths"].values() for method in item if method in ("get", "post"))
print(json.dumps({"operations": operations, "answers": len(given["answers"])}))
sys.exit(1 if faults else 0)
