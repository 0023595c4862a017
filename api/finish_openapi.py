"""Makes openapi.json say what the generator cannot know: finish_openapi.py INPUT OUTPUT.

- `/backends/{backend.id}` and `/backends/{id}` are one address: OpenAPI forbids two templates of the
  same form, as tools could not tell them apart.
- What the REST transcoder adds to the annotations: 201 of Create*, 204 of DELETE, If-Match, and the
  field mask of PATCH (src/rpc/rest.h).
"""

import json
import re
import sys

IF_MATCH = {"name": "If-Match", "in": "header", "type": "string", "required": False,
            "description": "Change it only while its ETag is this one, with its quotes."}
UPDATE_MASK = {"name": "update_mask", "in": "query", "type": "string", "required": False,
               "description": "Names of the fields to change, separated by commas. Without it: those "
                              "that the body has."}


def finish_operation(verb, operation):
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        if parameter["in"] == "path":
            parameter["name"] = parameter["name"].split(".")[-1]
    responses = operation["responses"]
    if operation["operationId"].split("_")[1].startswith("Create"):
        responses["201"] = {**responses.pop("200"), "description": "It was created."}
    if verb == "delete":
        del responses["200"]
        responses["204"] = {"description": "It was deleted."}
    if verb in ("put", "patch", "delete"):
        parameters.append(IF_MATCH)
    if verb == "patch":
        parameters.append(UPDATE_MASK)


def main(source, target):
    with open(source, encoding="utf-8") as file:
        spec = json.load(file)
    paths = {}
    for path, operations in spec["paths"].items():
        for verb, operation in operations.items():
            finish_operation(verb, operation)
        paths.setdefault(re.sub(r"\{\w+\.id\}", "{id}", path), {}).update(operations)
    spec["paths"] = paths
    with open(target, "w", encoding="utf-8") as file:
        json.dump(spec, file, indent=1, ensure_ascii=False)


main(*sys.argv[1:])
