"""Builds a layer of third-party packages: the locked versions, for the machine they will run on, and made small.

Called by the Makefile beside it as ``build.py <lock> <folder>``, once for each layer: ``requirements.txt`` is what
every function has, ``crypto.txt`` what those have that check tokens, passwords or codes, ``images.txt`` what the one
has that looks into pictures, ``egress.txt`` what those have that call hosts outside AWS, ``content.txt`` what those
have that render Markdown or stem words, ``graphql.txt`` what the GraphQL endpoint has.

Small matters twice: Lambda reads a layer from cold storage before the first answer, and the local AWS unpacks it. The
figures are in ``docs/decisions/slim-layer.md``.

Environment
-----------
LAMINA_ARCHITECTURE
    ``arm64`` (default) or ``x86_64`` for Lambda; ``host`` for the machine that builds, whatever its system, where the
    local AWS runs the functions.
LAMINA_ROOTS
    ``all`` keeps every certificate authority in botocore's bundle, for AWS endpoints that are not signed by Amazon's
    own: behind a proxy that opens TLS, or in the partition of China. At run time ``AWS_CA_BUNDLE`` names another
    bundle. What calls hosts outside AWS has certifi's, which is never cut.
LAMINA_SLIM
    ``0`` leaves the packages just as they were installed, to find out whether slimming is what broke something.
"""

import compileall
import gzip
import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

# Lambda's Python 3.13 runs on Amazon Linux 2023, whose glibc is 2.34: what was linked with 2.28 starts there.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}

# The AWS services that some function calls, by botocore's name for them. The descriptions of the other four hundred are
# nearly half of the layer. A client of a service that is not here fails with UnknownServiceError.
USED_SERVICES = (
    "codedeploy",
    "dynamodb",
    "events",
    "kms",
    "lambda",
    "s3",
    "scheduler",
    "secretsmanager",
    "sesv2",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)

# The authorities of AWS's endpoints, as botocore's bundle labels them.
AMAZON_ROOTS = (
    *(f"Amazon Root CA {number}" for number in range(1, 5)),
    "Starfield Services Root Certificate Authority - G2",
)
CERTIFICATE = "-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n"

# Read by people, by type checkers, by installers or by compilers, and by nothing that runs. `boto3/docs` and
# `botocore/docs` stay: both are imported. So does METADATA, which importlib.metadata reads, and every licence.
NEVER_READ = (
    "bin",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json",
    "botocore/data/dynamodb/2011-12-05",
    "cffi",
    "opentelemetry/proto_json/**/logs",
    "opentelemetry/proto_json/**/metrics",
    "opentelemetry/proto_json/**/profiles",
    "pycparser",
    ".lock",
    "**/tests",
    "**/*.pyi",
    "**/py.typed",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "*.dist-info/WHEEL",
    "*.dist-info/sboms",
)


def main() -> None:
    """Build the layer of the lock that the command line names into the folder that it names."""
    if sys.version_info[:2] != (3, 13):
        sys.exit(f"the layer is built by Python 3.13, whose bytecode Lambda runs; this is {sys.version.split()[0]}")
    lock, target = HERE / sys.argv[1], Path(sys.argv[2])
    install(lock, target, os.environ.get("LAMINA_ARCHITECTURE", "arm64"))
    if os.environ.get("LAMINA_SLIM") != "0":
        slim(target)


def slim(target: Path) -> None:
    """Reduce the size and start-up time of installed packages; the benchmark does the same to its peers."""
    if (target / "botocore").is_dir():
        remove_unused_services(target)
        trim_endpoints(target / "botocore" / "data")
        forget_documentation(target / "botocore" / "data")
        if os.environ.get("LAMINA_ROOTS") != "all":
            trust_amazon_alone(target / "botocore" / "cacert.pem")
    remove_never_read(target)
    compile_bytecode(target)


def install(lock: Path, target: Path, architecture: str) -> None:
    """Install the packages of a lock into ``target``, as wheels only, each checked against its hash.

    Raises
    ------
    KeyError
        for an architecture that Lambda does not have.
    subprocess.CalledProcessError
        if a package cannot be had; what the installer says is shown.

    """
    uv = shutil.which("uv")
    command = (
        [uv, "pip", "install", "--quiet"] if uv else [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    )
    if architecture != "host":
        command += platform_options(PLATFORMS[architecture], with_uv=bool(uv))
    command += ["--only-binary", ":all:", "--require-hashes", "--requirement", str(lock), "--target", str(target)]
    subprocess.run(command, check=True)


def platform_options(platform: str, *, with_uv: bool) -> list[str]:
    """Return the platform options of uv or of pip; pip does not accept packages for older platforms by itself."""
    if with_uv:
        return ["--python-version", "3.13", "--python-platform", platform]
    machine, newest = platform.split("-")
    tags = [f"{tag}_{machine}" for tag in (newest, "manylinux_2_17", "manylinux2014")]
    return ["--python-version", "3.13", "--implementation", "cp", *(f"--platform={tag}" for tag in tags)]


def remove_unused_services(target: Path) -> None:
    """Remove the descriptions of AWS services that no function calls; the plain files beside them serve all."""
    for package in ("botocore", "boto3"):
        for service in (target / package / "data").iterdir():
            if service.is_dir() and service.name not in USED_SERVICES:
                shutil.rmtree(service)


def trim_endpoints(data: Path) -> None:
    """Leave only the used services in botocore's list of endpoints: 1.2 MB of JSON that every first client parses."""
    used = {endpoint_prefix(description) for description in data.glob("*/*/service-2.json.gz")}
    path = data / "endpoints.json"
    endpoints = json.loads(path.read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: at for name, at in partition["services"].items() if name in used}
    # The installed file may be a hard link into the installer's cache: replaced, never written into.
    path.unlink()
    path.write_text(json.dumps(endpoints, separators=(",", ":")))


def endpoint_prefix(description: Path) -> str:
    """Read the name under which a service's endpoints are listed, ``email`` for ``sesv2`` say."""
    metadata: dict[str, str] = json.loads(gzip.decompress(description.read_bytes()))["metadata"]
    return metadata["endpointPrefix"]


def forget_documentation(data: Path) -> None:
    """Remove the documentation from service descriptions: 80 % of what the first client of each service parses."""
    for path in data.glob("*/*/service-2.json.gz"):
        description = json.loads(gzip.decompress(path.read_bytes()), object_hook=_undocumented)
        for parameter in description.get("clientContextParams", {}).values():
            parameter["documentation"] = ""  # the one that botocore itself reads, before the first call of S3
        path.unlink()
        path.with_suffix("").write_text(json.dumps(description, separators=(",", ":")))


def _undocumented(part: dict[str, object]) -> dict[str, object]:
    # A member of that name is described by an object, and stays.
    return {name: inner for name, inner in part.items() if name != "documentation" or not isinstance(inner, str)}


def trust_amazon_alone(bundle: Path) -> None:
    """Leave the authorities that AWS's endpoints are signed by: OpenSSL reads the whole bundle before the first call.

    https://docs.aws.amazon.com/sdkref/latest/guide/security-certificate.html (Amazon Trust Services)
    """
    certificates = re.findall(rf"# Label: \"(.+?)\".*?({CERTIFICATE})", bundle.read_text(encoding="utf-8"), re.DOTALL)
    trusted = [certificate for label, certificate in certificates if label.startswith(AMAZON_ROOTS)]
    if len(trusted) < len(AMAZON_ROOTS):
        sys.exit(f"{bundle.name} lacks one of {', '.join(AMAZON_ROOTS)}: build with LAMINA_ROOTS=all")
    bundle.unlink()
    bundle.write_text("".join(trusted))


def remove_never_read(target: Path) -> None:
    """Remove what no running function reads."""
    for pattern in NEVER_READ:
        for found in list(target.glob(pattern)):
            shutil.rmtree(found) if found.is_dir() else found.unlink(missing_ok=True)


def compile_bytecode(target: Path) -> None:
    """Compile bytecode beside each source, so that no cold start compiles; sources are kept for readable tracebacks.

    Lambda mounts layers read-only with timestamps of its own, so bytecode is never compared with its source
    (PEP 552, unchecked hash). The paths inside are those that Lambda will show.
    """
    compiled = compileall.compile_dir(
        target,
        quiet=1,
        force=True,
        stripdir=target,
        prependdir="/opt/python",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        sys.exit("a package of the layer does not compile")


if __name__ == "__main__":
    main()
