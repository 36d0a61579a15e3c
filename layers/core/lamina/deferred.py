"""Defers modules that third-party packages import at start-up and that most functions never use.

A deferred module is imported as usual, but its code runs at the first use of one of its attributes. Two kinds of
attributes are found without running it: submodules of a package, and those listed here with the module that defines
them. A deferred module that is used after all costs its start-up time and works as if it were not deferred.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import Loader  # which imports twenty modules

_POWERTOOLS = "aws_lambda_powertools"
_DATA_CLASSES = f"{_POWERTOOLS}.utilities.data_classes"

MODULES = {
    # Powertools: formats of events that no function receives, asyncio for AppSync, JMESPath for correlation ids.
    f"{_POWERTOOLS}.event_handler",
    f"{_POWERTOOLS}.event_handler.openapi",
    f"{_POWERTOOLS}.utilities.jmespath_utils",
    _DATA_CLASSES,
    # Pydantic: the search for plugins.
    "importlib.metadata",
}
"""The deferred modules."""

DEFINED_IN: Mapping[str, Mapping[str, str]] = {
    f"{_POWERTOOLS}.event_handler": {
        "ApiGatewayResolver": f"{_POWERTOOLS}.event_handler.api_gateway",
        "Response": f"{_POWERTOOLS}.event_handler.api_gateway",
    },
    _DATA_CLASSES: {
        "ALBEvent": f"{_DATA_CLASSES}.alb_event",
        "APIGatewayProxyEvent": f"{_DATA_CLASSES}.api_gateway_proxy_event",
        "APIGatewayProxyEventV2": f"{_DATA_CLASSES}.api_gateway_proxy_event",
        "BedrockAgentEvent": f"{_DATA_CLASSES}.bedrock_agent_event",
        "LambdaFunctionUrlEvent": f"{_DATA_CLASSES}.lambda_function_url_event",
        "S3Event": f"{_DATA_CLASSES}.s3_event",
        "VPCLatticeEvent": f"{_DATA_CLASSES}.vpc_lattice",
        "VPCLatticeEventV2": f"{_DATA_CLASSES}.vpc_lattice",
    },
}
"""Attributes of deferred packages that their importers take at once, and the modules that define them."""

_replacing = Lock()


class DeferredFinder:
    """Finds the deferred modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec that loads a `DeferredModule`, or None to leave a module to the next finder."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in MODULES else None
        if spec is not None:
            spec.loader = cast("Loader", _Loader())
        return spec


class _Loader:
    """Creates modules without running their code."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return DeferredModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing yet."""


class DeferredModule(ModuleType):
    """Stands for a module until one of its attributes is used."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
        """Return an attribute; the module's code runs if that takes it."""
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if defined_in := DEFINED_IN.get(self.__name__, {}).get(name):
            return getattr(import_module(defined_in), name)
        submodule = f"{self.__name__}.{name}"
        if "__path__" in vars(self) and PathFinder.find_spec(submodule, self.__path__):
            return import_module(submodule)
        return getattr(self._imported(), name)

    def _imported(self) -> ModuleType:
        """Return the module itself, which takes the place of this one."""
        with _replacing:  # not while importing, which has locks of its own
            if sys.modules.get(self.__name__) is self:
                MODULES.discard(self.__name__)
                del sys.modules[self.__name__]
        module = import_module(self.__name__)
        for name, submodule in vars(self).items():
            if isinstance(submodule, ModuleType):
                vars(module).setdefault(name, submodule)
        return module


def install() -> None:
    """Defer the modules that are not imported yet."""
    sys.meta_path.insert(0, DeferredFinder())
