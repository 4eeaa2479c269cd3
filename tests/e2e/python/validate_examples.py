"""Holds the examples of the catalogue against its schemas with Python's jsonschema, formats asserted, and prints what it found.

    validate_examples.py <treaty-schemas/catalog/records>

Prints {"<record type>/<example>": [{"field": <JSON pointer>, "keyword": <keyword, null where nothing may stand>}]}.
"""

import json
import pathlib
import sys

import rfc3339_validator  # noqa: F401  without it jsonschema leaves date-time unchecked, and says nothing
from jsonschema import Draft202012Validator
from referencing import Registry, Resource


def main(catalogue):
    schemas = {path: json.loads(path.read_text()) for path in sorted(catalogue.glob("*/[0-9]*.schema.json"))}
    # What is not in the registry cannot be resolved: nothing is fetched.
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas.values())
    formats = Draft202012Validator.FORMAT_CHECKER
    for name in ("date", "date-time", "uuid"):
        assert name in formats.checkers, f"{name} is not checked"
    found = {}
    for path, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema, registry=registry, format_checker=formats)
        for example in sorted(path.parent.glob("examples/*valid-*.json")):
            errors = validator.iter_errors(json.loads(example.read_text()))
            found[f"{path.parent.name}/{example.name}"] = [
                {"field": "".join(f"/{part}" for part in error.absolute_path), "keyword": error.validator} for error in errors
            ]
    print(json.dumps(found))


main(pathlib.Path(sys.argv[1]))
