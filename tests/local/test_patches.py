"""Each mend, tried on MiniStack as it comes, where it must still be needed, and on MiniStack as we mend it.

A behaviour below is true of AWS. When the first test of one fails, MiniStack has healed: take the mend out.
"""

import concurrent.futures
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.account import RUN_HEADER
from tests.local.ministack import SECONDS, MiniStack, eventually, zipped

pytestmark = pytest.mark.xdist_group("mends")

type Behaviour = Callable[[MiniStack], bool]
type Resources = dict[str, Any]

ECHO = "def handler(event, context):\n    return {'statusCode': 200, 'body': __import__('json').dumps(event)}\n"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    ministack = MiniStack(tmp_path_factory.mktemp("plain"), mended=False)
    yield ministack
    ministack.kill()


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    ministack = MiniStack(tmp_path_factory.mktemp("mended"), mended=True)
    yield ministack
    ministack.kill()


def a_nested_stack_may_use_the_sam_transform(aws: MiniStack) -> bool:
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Runtime": "python3.13", "Handler": "index.handler", "InlineCode": ECHO},
    }
    child = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Echo": function}}
    return aws.deploy("transform", {"Child": _nested(aws, "transform.json", child)}) == "CREATE_COMPLETE"


def a_stack_may_have_a_deployment_group_of_codedeploy(aws: MiniStack) -> bool:
    group = {"ApplicationName": {"Ref": "Deployments"}, "ServiceRoleArn": "arn:aws:iam::000000000000:role/release"}
    resources = {
        "Deployments": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
        "Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": group},
    }
    try:
        return aws.deploy("gradual", resources) == "CREATE_COMPLETE"
    except ClientError as error:
        assert "Unrecognized resource types" in str(error)  # noqa: PT017 (it is one of two outcomes)
        return False


def an_unchanged_resource_of_a_nested_stack_keeps_its_attributes(aws: MiniStack) -> bool:
    def deploy(description: str) -> str:
        function = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Code": {"ZipFile": ECHO},
                "Description": description,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            },
        }
        child = {"Resources": {"Role": ROLE, "Echo": function}}
        return aws.deploy("attributes", {"Child": _nested(aws, f"{description}.json", child)})

    return [deploy("first"), deploy("second")] == ["CREATE_COMPLETE", "UPDATE_COMPLETE"]


def an_any_method_of_an_openapi_body_serves(aws: MiniStack) -> bool:
    api = _api(aws, "any", {"/{proxy+}": {"x-amazon-apigateway-any-method": {}}})
    resources = aws.client("apigateway").get_resources(restApiId=api)["items"]
    return any("ANY" in resource.get("resourceMethods", {}) for resource in resources)


def a_gateway_response_of_an_openapi_body_is_used(aws: MiniStack) -> bool:
    responses = {"DEFAULT_4XX": {"responseTemplates": {"application/json": "ours"}}}
    api = _api(aws, "responses", {"/": {"get": {}}}, **{"x-amazon-apigateway-gateway-responses": responses})
    response = aws.client("apigateway").get_gateway_response(restApiId=api, responseType="DEFAULT_4XX")
    return bool(response["responseTemplates"] == {"application/json": "ours"})


def events_and_answers_of_more_than_6_mb_are_refused(aws: MiniStack) -> bool:
    api = _served(aws, "sizes", "def handler(event, context):\n    return {'statusCode': 200, 'body': 'x' * 6291556}\n")

    def status(body: bytes) -> int:
        connection = http.client.HTTPConnection(aws.url.removeprefix("http://"), timeout=SECONDS)
        connection.request("POST", f"/_aws/execute-api/{api}/live/", body, {RUN_HEADER: "test"})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    return [status(b"\x01" * (1024 * 1024)), status(b"")] == [413, 502]


def kms_encrypts_4096_bytes_and_no_more(aws: MiniStack) -> bool:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.encrypt(KeyId=key, Plaintext=b"x" * 4096)
    try:
        kms.encrypt(KeyId=key, Plaintext=b"x" * 4097)
    except kms.exceptions.ClientError as refusal:
        return bool(refusal.response["Error"]["Code"] == "ValidationException")
    return False


def repeated_headers_and_query_keys_reach_the_function_each(aws: MiniStack) -> bool:
    api = _served(aws, "repeated", ECHO)
    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"), timeout=SECONDS)
    connection.putrequest("GET", f"/_aws/execute-api/{api}/live/?key=a&key=b")
    connection.putheader(RUN_HEADER, "test")
    for value in ("one", "two"):
        connection.putheader("X-Repeated", value)
    connection.endheaders()
    event = json.load(connection.getresponse())
    connection.close()
    lines = {name.lower(): values for name, values in event["multiValueHeaders"].items()}
    return bool(lines["x-repeated"] == ["one", "two"]) and bool(event["queryStringParameters"] == {"key": "b"})


def a_layer_is_shared_and_comes_after_the_code(aws: MiniStack) -> bool:
    layer = aws.client("lambda").publish_layer_version(
        LayerName="shared", Content={"ZipFile": zipped("python/shared.py", "")}
    )["LayerVersionArn"]
    code = "import shared, sys\ndef handler(event, context):\n    return shared.__file__, sys.path\n"
    for name in ("sharing-1", "sharing-2"):
        aws.function(name, code, Layers=[layer])
    (first, path), (second, _) = aws.invoke("sharing-1"), aws.invoke("sharing-2")
    return bool(first == second and path.index(str(Path(first).parent)) > 0 and path[0].endswith("/code"))


def a_package_that_nobody_declared_cannot_be_imported(aws: MiniStack) -> bool:
    aws.function("undeclared", "def handler(event, context):\n    import hypercorn\n")
    return "No module named" in str(aws.invoke("undeclared"))


def a_running_invocation_outlives_an_update_of_its_function(aws: MiniStack) -> bool:
    code = "import time\ndef handler(event, context):\n    time.sleep(1)\n    return 'done'\n"
    aws.function("updated", code, Timeout=10)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(aws.invoke, "updated")
        eventually(lambda: any("cold start" in line for line in _own_log(aws, "updated")), "the function runs")
        aws.client("lambda").update_function_code(FunctionName="updated", ZipFile=zipped("code.py", ECHO))
        return bool(running.result() == "done")


def a_function_that_logs_nothing_answers_at_once(aws: MiniStack) -> bool:
    aws.function("silent", "def handler(event, context):\n    return 1\n")

    def taken() -> float:
        begun = time.monotonic()
        aws.invoke("silent")
        return time.monotonic() - begun

    return min(taken() for _ in range(10)) < 0.050


def time_to_live_of_a_template_is_enabled(aws: MiniStack) -> bool:
    ttl = {"AttributeName": "expires_at", "Enabled": True}
    aws.deploy("ttl", {"Table": _table(TimeToLiveSpecification=ttl)}, Name={"Ref": "Table"})
    name = aws.outputs("ttl")["Name"]
    described = aws.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return bool(described["TimeToLiveStatus"] == "ENABLED")


def the_reference_of_a_secret_is_its_arn(aws: MiniStack) -> bool:
    aws.deploy("secret", {"Secret": {"Type": "AWS::SecretsManager::Secret"}}, Reference={"Ref": "Secret"})
    return aws.outputs("secret")["Reference"].startswith("arn:aws:secretsmanager:")


def records_that_a_stream_consumer_reports_are_tried_again(aws: MiniStack) -> bool:
    table = _streamed(aws, "reporting", _REPORTING, MaximumRetryAttempts=1, FunctionResponseTypes=_REPORTS)
    for key in ("bad", "good"):
        aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": key}})
        _see(aws, "reporting", key)
    return sum("saw bad" in line for line in aws.logged("reporting")) == 2  # the first time, and the one retry


def a_batch_that_keeps_failing_is_given_up(aws: MiniStack) -> bool:
    table = _streamed(aws, "raising", _RAISING, MaximumRetryAttempts=1)
    aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "bad"}})
    eventually(lambda: sum("saw" in line for line in aws.logged("raising")) >= 2, "it is tried again")
    aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "good"}})
    eventually(lambda: sum("saw" in line for line in aws.logged("raising")) >= 3, "it goes on")
    return any("saw good" in line and "bad" not in line for line in aws.logged("raising"))


_REPORTS = ["ReportBatchItemFailures"]
_REPORTING = """
def handler(event, context):
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        print("saw", key)
        if key == "bad":
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}
"""
_RAISING = """
def handler(event, context):
    keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
    print("saw", *keys)
    if "bad" in keys:
        raise RuntimeError("no")
"""

BEHAVIOURS = [
    a_nested_stack_may_use_the_sam_transform,
    a_stack_may_have_a_deployment_group_of_codedeploy,
    an_unchanged_resource_of_a_nested_stack_keeps_its_attributes,
    an_any_method_of_an_openapi_body_serves,
    a_gateway_response_of_an_openapi_body_is_used,
    events_and_answers_of_more_than_6_mb_are_refused,
    kms_encrypts_4096_bytes_and_no_more,
    repeated_headers_and_query_keys_reach_the_function_each,
    a_layer_is_shared_and_comes_after_the_code,
    a_package_that_nobody_declared_cannot_be_imported,
    a_running_invocation_outlives_an_update_of_its_function,
    a_function_that_logs_nothing_answers_at_once,
    time_to_live_of_a_template_is_enabled,
    the_reference_of_a_secret_is_its_arn,
    records_that_a_stream_consumer_reports_are_tried_again,
    a_batch_that_keeps_failing_is_given_up,
]


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_ministack_as_it_comes_still_lacks_it(plain: MiniStack, behaviour: Behaviour) -> None:
    assert not behaviour(plain)


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_mended_it_behaves_as_aws_does(mended: MiniStack, behaviour: Behaviour) -> None:
    assert behaviour(mended)


# What nobody can see from outside in a short while is tried in a process of its own, before and after `apply`.
IDLE_PROCESSES_GO = """
from ministack.core import lambda_runtime
from ministack.services import lambda_svc
config = {"FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f", "FunctionName": "f"}
worker, _ = lambda_runtime.acquire_worker("f", config, b"")
lambda_svc.release_worker(worker)
print(lambda_svc.reap_idle_workers(0) == 1)
"""
CONDITIONS_SEE_THE_REQUEST = """
import json
from ministack.core import iam_actions
values = {":0": {"S": "A#1"}}
query = {"KeyConditionExpression": "#0 = :0 AND begins_with (#1, :1)", "ExpressionAttributeValues": values}
transaction = {"TransactItems": [{"Put": {"Item": {"pk": {"S": "A#1"}}}}, {"Delete": {"Key": {"pk": {"S": "B#2"}}}}]}
batch = {"RequestItems": {"table": {"Keys": [{"pk": {"S": "A#1"}}]}}}
writes = {"RequestItems": {"table": [{"PutRequest": {"Item": {"pk": {"S": "A#1"}}}}]}}
def seen(service, action, request, key, **parameters):
    return iam_actions.request_tag_context(service, action, json.dumps(request).encode(), parameters).get(key)
requests = (query, transaction, batch, writes)
leading = [seen("dynamodb", "dynamodb:Any", each, "dynamodb:LeadingKeys") for each in requests]
sealed = seen("kms", "kms:Decrypt", {"EncryptionContext": {"totp_of": "1"}}, "kms:EncryptionContextKeys")
listed = seen("s3", "s3:ListBucket", {}, "s3:prefix", prefix="a/")
print(leading == [["A#1"], ["A#1", "B#2"], ["A#1"], ["A#1"]] and sealed == ["totp_of"] and listed == "a/")
"""
LOGS_STAY_SMALL = """
from ministack.services import cloudwatch_logs, lambda_svc
for number in range(300):
    lambda_svc._emit_lambda_logs({"config": {"FunctionName": "f"}}, str(number), "", False, 1)
print(len(cloudwatch_logs._log_groups["/aws/lambda/f"]["streams"]) < 300)
"""
LOGS_SAY_WHOSE_THEY_ARE = """
from ministack.services import cloudwatch_logs, lambda_svc
for name in "fg":
    config = {"FunctionName": name, "LoggingConfig": {"LogGroup": "shared"}}
    lambda_svc._emit_lambda_logs({"config": config}, "request-" + name, "", False, 1)
streams = list(cloudwatch_logs._log_groups["shared"]["streams"])
print([stream.rpartition("/")[2].partition("[")[0] for stream in streams] == ["f", "g"])
"""
MAILS_ARE_SAVED = """
from ministack.services import ses
ses._record_send("a@example.com", ["b@example.com"], subject="hello")
print("hello" in str(ses.get_state()))
"""
ARCHIVES_ARE_SAVED_APART = """
from ministack.services import lambda_svc
lambda_svc._layers["l"] = {"versions": [{"Version": 1, "_zip_data": b"archive"}]}
state = lambda_svc.get_state()
lambda_svc._layers._data.clear()
apart = "archive': '" in str(state) and b"archive" not in str(state).encode().replace(b"'archive'", b"")
lambda_svc.load_persisted_state(state)
print(apart and lambda_svc._layers["l"]["versions"][0]["_zip_data"] == b"archive")
"""


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(IDLE_PROCESSES_GO, id="idle processes go"),
        pytest.param(LOGS_STAY_SMALL, id="logs stay small"),
        pytest.param(LOGS_SAY_WHOSE_THEY_ARE, id="logs say whose"),
        pytest.param(MAILS_ARE_SAVED, id="mails are saved"),
        pytest.param(ARCHIVES_ARE_SAVED_APART, id="archives are saved apart"),
        pytest.param(CONDITIONS_SEE_THE_REQUEST, id="conditions see the request"),
    ],
)
def test_what_cannot_be_seen_from_outside_is_lacking_and_mended(program: str, tmp_path: Path) -> None:
    assert _printed(program, tmp_path) == "False"
    assert _printed(f"from local import patches\npatches.apply()\n{program}", tmp_path) == "True"


def test_a_kill_loses_nothing_that_is_older_than_a_moment_and_the_stream_goes_on(tmp_path: Path) -> None:
    aws = MiniStack(tmp_path, mended=True)
    table = _streamed(aws, "surviving", _REPORTING)
    _put_and_see(aws, table, "before")
    eventually((tmp_path / "state" / "lambda.json").is_file, "the stack is saved", seconds=5)
    eventually(lambda: b"before" in _bytes(tmp_path / "state"), "the item is saved", seconds=5)
    aws.kill()
    aws.start()
    _put_and_see(aws, table, "after")
    aws.kill()


def test_ministack_as_it_comes_loses_what_it_has_when_it_is_killed(tmp_path: Path) -> None:
    aws = MiniStack(tmp_path, mended=False)
    aws.client("sqs").create_queue(QueueName="kept")
    with pytest.raises(AssertionError, match="saved"):
        eventually((tmp_path / "state" / "sqs.json").is_file, "the queue is saved", seconds=3)
    aws.kill()


def test_ministack_as_it_comes_skips_the_changes_after_a_restart(tmp_path: Path) -> None:
    aws = MiniStack(tmp_path, mended=False)
    table = _streamed(aws, "skipping", _REPORTING)
    _put_and_see(aws, table, "one")
    aws.stop()
    aws.start()
    aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "two"}})
    _put_and_see(aws, table, "three")
    assert not any("saw two" in line for line in aws.logged("skipping"))
    aws.kill()


def _put_and_see(aws: MiniStack, table: str, key: str) -> None:
    function = aws.client("lambda").list_functions()["Functions"][0]["FunctionName"]
    aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": key}})
    _see(aws, function, key)


def _see(aws: MiniStack, function: str, key: str) -> None:
    eventually(lambda: any(f"saw {key}" in line for line in aws.logged(function)), f"{key} is seen")


def _printed(program: str, folder: Path) -> str:
    environment = {"PERSIST_STATE": "1", "STATE_DIR": str(folder), "LAMINA_LAYERS": str(folder), "LOG_LEVEL": "ERROR"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def _own_log(aws: MiniStack, function: str) -> list[str]:
    lines = (aws.folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if function in line]


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("items.sqlite*"))


def _nested(aws: MiniStack, name: str, template: dict[str, Any]) -> Resources:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key=name, Body=json.dumps(template))
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{aws.url}/templates/{name}"}}


def _api(aws: MiniStack, name: str, paths: dict[str, Any], **extensions: Any) -> str:
    body = {"openapi": "3.0.1", "info": {"title": name, "version": "1"}, "paths": paths, **extensions}
    aws.deploy(name, {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}}}, Id={"Ref": "Api"})
    return aws.outputs(name)["Id"]


def _served(aws: MiniStack, name: str, code: str) -> str:
    """A function behind an API that is deployed; the API's id."""
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{aws.function(name, code)}/invocations"
    integration = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}}
    api = _api(aws, f"{name}-api", {"/": {"get": integration, "post": integration}})
    aws.client("apigateway").create_deployment(restApiId=api, stageName="live")
    return api


def _table(**more: Any) -> Resources:
    keys = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST", **keys, **more}}


def _streamed(aws: MiniStack, name: str, code: str, **mapping: Any) -> str:
    """A table whose stream the function consumes; the table's name."""
    stream = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    arn = {"Fn::GetAtt": ["Table", "StreamArn"]}
    aws.deploy(name, {"Table": _table(StreamSpecification=stream)}, Name={"Ref": "Table"}, Stream=arn)
    outputs = aws.outputs(name)
    aws.function(name, code)
    aws.client("lambda").create_event_source_mapping(
        EventSourceArn=outputs["Stream"], FunctionName=name, StartingPosition="TRIM_HORIZON", **mapping
    )
    return outputs["Name"]
