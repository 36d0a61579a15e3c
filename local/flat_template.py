"""One flat template of the running stack, for `sam local`.

SAM CLI does not resolve the stack's own templates: outputs of nested stacks and layers passed to them become empty, and
an authorizer referenced by its alias is dropped. So this template has the functions and layers of all stacks at its
root, and the configuration of a function (environment, layers, memory, timeout) is read from the deployed function. The
WebSocket API is left out, because SAM CLI serves none; its functions can be invoked.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.account import Account
from local.api_hosts import local_variables
from local.settings import ROOT, architecture
from local.stack import client
from local.terminal import Stopped
from operations.templates import Route, read_template, routes

FUNCTION, LAYER = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"
API, NESTED = "AWS::Serverless::Api", "AWS::Serverless::Application"
AUTHORIZER, ANY_METHOD = "AuthorizerFunction", "x-amazon-apigateway-any-method"
DIGEST_LENGTH = 10
"""Number of characters of the digest that SAM appends to the logical id of a layer."""
DEPLOYED = ("Handler", "Runtime", "MemorySize", "Timeout", "Architectures")

type Template = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """A resource of a template or of a stack nested in it; `path` is `Async/SendMailFunction`."""

    path: str
    folder: Path
    type: str
    properties: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The logical id."""
        return self.path.rpartition("/")[2]


def read(template: Path, inside: str = "") -> Iterator[Resource]:
    """Yield the resources of a template and of the stacks nested in it."""
    for logical, resource in read_template(template)["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == NESTED:
            yield from read(template.parent / properties["Location"], f"{inside}{logical}/")
        else:
            yield Resource(f"{inside}{logical}", template.parent, resource["Type"], properties)


def flatten(
    sources: Path, stack: Mapping[str, str], account: Account, layers: Mapping[str, Path], endpoint: str
) -> Template:
    """Return the flat template.

    Args:
        sources: the root template.
        stack: physical ids of the running stack by logical path.
        account: of the running stack.
        layers: the folder of each built layer, by logical id.
        endpoint: where functions reach the local AWS.
    """
    deployed, layer_names = _deployed(account), _layer_names(stack)
    of_functions: dict[str, list[Route]] = {}
    for route in routes(sources.parent):
        of_functions.setdefault(f"{route.stack}/{route.function}", []).append(route)
    resources: Template = {
        name: {"Type": LAYER, "Properties": {"ContentUri": str(folder)}} for name, folder in layers.items()
    }
    for resource in read(sources):
        if resource.type == API:
            resources[resource.name] = {"Type": API, "Properties": _api(resource.properties)}
        elif resource.type == FUNCTION and resource.path in stack:
            if resource.name in resources:
                raise Stopped(f"two resources are named {resource.name}, but sam local needs unique names")
            configuration = deployed[stack[resource.path]]
            attached = [layer_names[layer["Arn"]] for layer in configuration.get("Layers", [])]
            resources[resource.name] = {
                "Type": FUNCTION,
                "Properties": {
                    **_function(resource, configuration, attached, endpoint),
                    "Events": {
                        f"Route{number}": _event(route)
                        for number, route in enumerate(of_functions.get(resource.path, ()))
                    },
                },
            }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": resources,
    }


def build_layers(sources: Path, into: Path) -> dict[str, Path]:
    """Build each layer for Lambda on this machine's architecture, where its source has changed.

    Returns:
        The folder of each layer, by logical id.

    Raises:
        Stopped: if one cannot be built.
    """
    layers = (resource for resource in read(sources) if resource.type == LAYER)
    return {layer.name: _build(layer.name, layer.folder / layer.properties["ContentUri"], into) for layer in layers}


def _api(properties: Mapping[str, Any]) -> Template:
    auth = json.loads(json.dumps(properties["Auth"]))
    for authorizer in auth["Authorizers"].values():
        authorizer["FunctionArn"] = {"Fn::GetAtt": [AUTHORIZER, "Arn"]}
    return {"StageName": properties["StageName"], "Auth": auth}


def _function(resource: Resource, configuration: Mapping[str, Any], layers: list[str], endpoint: str) -> Template:
    variables: dict[str, str] = configuration.get("Environment", {}).get("Variables", {})
    return {
        **{name: configuration[name] for name in DEPLOYED},
        # The source itself: what is edited is in the next container.
        "CodeUri": str((resource.folder / resource.properties["CodeUri"]).resolve()),
        "Layers": [{"Ref": layer} for layer in layers],
        "Environment": {
            "Variables": {**variables, **local_variables(variables, endpoint), "AWS_ENDPOINT_URL": endpoint}
        },
    }


def _event(route: Route) -> Template:
    """Return a route as an event of its function: SAM CLI does not follow outputs of nested stacks."""
    method = "ANY" if route.method == ANY_METHOD else route.method.upper()
    properties: Template = {"RestApiId": {"Ref": "Api"}, "Path": route.path, "Method": method}
    return {"Type": "Api", "Properties": properties | ({} if route.authorized else {"Auth": {"Authorizer": "NONE"}})}


def _deployed(account: Account) -> dict[str, dict[str, Any]]:
    """Return the configuration of every function, by physical name."""
    pages = client("lambda", account).get_paginator("list_functions").paginate()
    return {function["FunctionName"]: function for page in pages for function in page["Functions"]}


def _layer_names(stack: Mapping[str, str]) -> dict[str, str]:
    """Return the logical ids of layers by the ARN of their deployed version."""
    return {
        physical: path.rpartition("/")[2][:-DIGEST_LENGTH] for path, physical in stack.items() if ":layer:" in physical
    }


def _build(name: str, source: Path, into: Path) -> Path:
    target = into / f"{name}-{architecture()}-{_digest(source)}"
    if target.is_dir():
        return target
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=f".{name}-") as folder:
        built = Path(folder, "built")
        command = ["make", "--silent", "-C", str(source), f"build-{name}", f"ARTIFACTS_DIR={built}"]
        environment = {**os.environ, "LAMINA_ARCHITECTURE": architecture()}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Stopped(f"{source.relative_to(ROOT)}: {done.stderr.strip()}")
        shutil.rmtree(target, ignore_errors=True)
        built.rename(target)
    return target


def _digest(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"\0{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
