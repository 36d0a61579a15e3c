"""What the templates must say of every function, queue, rule and schedule, because only AWS itself enforces it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from samcli.yamlhelper import yaml_dump, yaml_parse

from docs.build.slo.runbooks import LINK, description
from tests.support.templates import ROOT, STACKS, evaluated, functions, nested, path_of, template

ROOT_TEMPLATE = STACKS[0]
STACK = {stack.stem: stack for stack in STACKS}


def resources(kind: str) -> Iterator[tuple[Any, str, Mapping[str, Any]]]:
    """Each resource of a type: its stack, its logical id and its properties."""
    for stack in STACKS:
        for name, resource in template(stack)["Resources"].items():
            if resource["Type"] == kind:
                yield stack, name, resource.get("Properties", {})


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html


def sends_to() -> dict[str, set[str]]:
    """The queues that each function may send to."""
    return {
        name: {
            path_of(resource, stack)
            for policy in function.get("Policies", [])
            for statement in policy["Statement"]
            if "sqs:SendMessage" in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }
        for stack, name, function in resources("AWS::Serverless::Function")
    }


def fires() -> dict[str, set[str]]:
    """The functions that each queue invokes."""
    fired: dict[str, set[str]] = {}
    for stack, name, function in resources("AWS::Serverless::Function"):
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                fired.setdefault(path_of(event["Properties"]["Queue"], stack), set()).add(name)
    return fired


def reached_from(function: str) -> set[str]:
    """Every function that follows from an invocation of one, through queues."""
    sent, fired, seen = sends_to(), fires(), set[str]()
    ahead = {function}
    while ahead:
        ahead = {after for name in ahead for queue in sent[name] for after in fired.get(queue, ())} - seen
        seen |= ahead
    return seen


def test_lambda_lets_exactly_those_functions_loop_that_reach_themselves_through_queues() -> None:
    looping = {name for name in sends_to() if name in reached_from(name)}
    allowed = {
        name for _, name, function in resources("AWS::Serverless::Function") if function.get("RecursiveLoop") == "Allow"
    }
    assert looping == {"CloseSocketsFunction", "DeliverWebhooksFunction", "ProjectOrdersFunction", "SendMailFunction"}
    assert allowed == looping


def of_type(kind: str) -> list[Any]:
    """Parameters of a test: each resource of a type, by its name."""
    return [pytest.param(stack, properties, id=name) for stack, name, properties in resources(kind)]


def fired_by(kind: str) -> list[Any]:
    """Parameters of a test: each event of a type that fires a function, with the function's properties."""
    return [
        pytest.param(function, event["Properties"], id=name)
        for _, name, function in resources("AWS::Serverless::Function")
        for event in function.get("Events", {}).values()
        if event["Type"] == kind
    ]


def alarms(stem: str) -> dict[str, Mapping[str, Any]]:
    """The alarms of a stack by metric, whatever they are of."""
    return {
        properties["MetricName"]: properties
        for stack, _, properties in resources("AWS::CloudWatch::Alarm")
        if stack.stem == stem and "MetricName" in properties
    }


# Queues, rules and schedules keep what they cannot deliver, and say so.


@pytest.mark.parametrize(("stack", "queue"), of_type("AWS::SQS::Queue"))
def test_a_queue_is_encrypted_keeps_for_two_weeks_and_takes_no_plain_connection(stack: Any, queue: Any) -> None:
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    denied: set[str] = set()
    for policy_stack, _, policy in resources("AWS::SQS::QueuePolicy"):
        found = evaluated(policy["PolicyDocument"]["Statement"], policy_stack, {"OnAws": "true", "UploadsTo": "files"})
        for statement in found:
            if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}:
                assert (statement["Principal"], statement["Action"]) == ("*", "sqs:*")
                denied |= {path_of(arn, policy_stack) for arn in statement["Resource"]}
    names = {
        path_of({"Ref": name}, each) for each, name, properties in resources("AWS::SQS::Queue") if properties is queue
    }
    assert names <= denied, stack


def test_each_queue_that_puts_messages_aside_has_alarms_over_both() -> None:
    watched = {
        path_of(dimension["Value"], stack)
        for stack, _, properties in resources("AWS::CloudWatch::Alarm")
        if properties.get("MetricName") == "ApproximateNumberOfMessagesVisible"
        for dimension in properties["Dimensions"]
    }
    assert watched == {path_of({"Ref": name}, stack) for stack, name, _ in resources("AWS::SQS::Queue")}
    assert alarms("queue").keys() >= {"ApproximateAgeOfOldestMessage", "FailedInvocations"}


@pytest.mark.parametrize(("stack", "rule"), of_type("AWS::Events::Rule"))
def test_each_target_of_a_rule_has_dead_letters(stack: Any, rule: Any) -> None:
    for target in rule["Targets"]:
        assert path_of(target["DeadLetterConfig"]["Arn"], stack).endswith("DeadLetters")


@pytest.mark.parametrize(("function", "schedule"), fired_by("ScheduleV2"))
def test_a_schedule_is_retried_and_what_fails_all_the_same_is_kept(function: Any, schedule: Any) -> None:
    dead_letters = "Async/ScheduleDeadLetters"
    assert schedule["RetryPolicy"]["MaximumRetryAttempts"] >= 1
    assert path_of(schedule["DeadLetterConfig"]["Arn"], STACK["async"]) == dead_letters
    kept = function["EventInvokeConfig"]
    assert kept["MaximumRetryAttempts"] >= 1
    assert path_of(kept["DestinationConfig"]["OnFailure"]["Destination"], STACK["async"]) == dead_letters


def seconds_of(schedule: str) -> int:
    """The time between two runs of a schedule."""
    if every := re.fullmatch(r"rate\((\d+) minutes?\)", schedule):
        return int(every[1]) * 60
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", schedule), schedule
    return 24 * 3600


def test_an_alarm_tells_of_each_schedule_that_fails_and_of_each_that_does_not_run() -> None:
    scheduled = {
        name: seconds_of(event["Properties"]["ScheduleExpression"])
        for _, name, function in resources("AWS::Serverless::Function")
        for event in function.get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    }
    watched = {
        properties["Parameters"]["FunctionName"]["Ref"]: properties["Parameters"]["Seconds"]
        for _, _, properties in resources("AWS::Serverless::Application")
        if properties["Location"] == "schedule.yaml"
    }
    assert watched.keys() == scheduled.keys()
    assert all(watched[name] >= scheduled[name] for name in watched)
    assert alarms("schedule").keys() == {"Errors", "Invocations"}
    assert alarms("schedule")["Invocations"]["TreatMissingData"] == "breaching"


@pytest.mark.parametrize(("function", "mapping"), fired_by("DynamoDB"))
def test_a_consumer_of_the_stream_keeps_what_it_gives_up_and_is_watched(function: Any, mapping: Any) -> None:
    destination = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert path_of(destination, STACK["async"]) == "Async/StreamDeadLetters"
    names = [name for _, name, properties in resources("AWS::Serverless::Function") if properties is function]
    lagging = [
        dimension["Value"]["Ref"]
        for _, _, properties in resources("AWS::CloudWatch::Alarm")
        if properties.get("MetricName") == "IteratorAge"
        for dimension in properties["Dimensions"]
    ]
    assert set(names) <= set(lagging)


def test_consumers_of_queues_leave_the_api_more_than_half_of_the_concurrency_that_an_account_has() -> None:
    most = [
        evaluated(event["Properties"].get("ScalingConfig", {}), STACK["async"], {"OnAws": "true"})
        for _, _, function in resources("AWS::Serverless::Function")
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]
    assert sum(each["MaximumConcurrency"] for each in most) < 1000 / 2


ALARMS = [
    pytest.param(stack, name, properties, id=f"{stack.stem}-{name}")
    for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    for stack, name, properties in resources(kind)
]


@pytest.mark.parametrize(("stack", "name", "alarm"), ALARMS)
def test_an_alarm_notifies_its_topic_itself_or_through_one_that_combines_it(stack: Any, name: str, alarm: Any) -> None:
    combined = [str(each["AlarmRule"]) for _, _, each in resources("AWS::CloudWatch::CompositeAlarm")]
    if any(f'ALARM("${{{name}}}")' in rule for rule in combined):
        assert "AlarmActions" not in alarm
        return
    topic = {"AlarmTopic": "arn:aws:sns:eu-central-1:123456789012:alarms"}
    assert evaluated(alarm["AlarmActions"], stack, topic) == list(topic.values())


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm() -> None:
    named = {str(param.id): LINK.search(description(param.values[2])) for param in ALARMS}  # type: ignore[arg-type]
    assert [alarm for alarm, page in named.items() if page is None] == []
    pages = {path.stem for path in (ROOT / "docs" / "runbooks").glob("[a-z]*.md")}
    assert {page[1] for page in named.values() if page} == pages


def test_what_all_requests_share_is_watched_the_authorizer_first() -> None:
    found = [
        (properties.get("Namespace"), properties.get("MetricName"), properties.get("Dimensions"))
        for stack, _, properties in resources("AWS::CloudWatch::Alarm")
        if stack.stem == "operations"
    ]
    of_authorizer = [{"Name": "FunctionName", "Value": {"Ref": "AuthorizerName"}}]
    for metric in ("Errors", "Throttles", "Duration"):
        assert ("AWS/Lambda", metric, of_authorizer) in found
    metrics = {metric for _, metric, _ in found}
    assert metrics >= {"5XXError", "Latency", "DependencyUnavailable", "Reputation.BounceRate"}
    assert metrics >= {"Reputation.ComplaintRate", "RecursiveInvocationsDropped"}


def test_the_alarm_of_the_table_is_over_every_index() -> None:
    metrics = template(STACK["operations"])["Resources"]["TableThrottlesAlarm"]["Properties"]["Metrics"]
    watched = {
        (each["MetricStat"]["Metric"]["MetricName"], each["MetricStat"]["Metric"]["Dimensions"][-1]["Value"])
        for each in metrics
        if "MetricStat" in each and "Ref" not in each["MetricStat"]["Metric"]["Dimensions"][-1]["Value"]
    }
    table = template(STACK["data"])["Resources"]["Table"]["Properties"]
    names = {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}
    assert watched == {(metric, name) for metric in ("ReadThrottleEvents", "WriteThrottleEvents") for name in names}
    assert len(metrics) == 2 * (len(names) + 1) + 1


# The API as a whole.


def api() -> Any:
    """The API's properties as AWS gets them."""
    return evaluated(template(ROOT_TEMPLATE)["Resources"]["Api"]["Properties"], ROOT_TEMPLATE, {"OnAws": "true"})


def test_the_api_is_throttled_and_what_nobody_counts_much_lower() -> None:
    rates = {
        (each["HttpMethod"], each["ResourcePath"]): (each["ThrottlingRateLimit"], each["ThrottlingBurstLimit"])
        for each in api()["MethodSettings"]
    }
    assert rates.pop(("*", "/*")) == (1000, 1000)
    for path in ("/docs", "/openapi.json", "/health/ready"):
        rate, burst = rates.pop(("GET", "/~1" + path[1:].replace("/", "~1")))
        assert rate <= 20
        assert burst <= 40
    assert rates == {}


def test_the_access_log_holds_nothing_personal() -> None:
    logged = set(re.findall(r"\$context\.([\w.]+)", api()["AccessLogSetting"]["Format"]))
    assert logged >= {"requestId", "status", "resourcePath", "httpMethod", "responseLatency"}
    personal = ("identity", "path", "authorizer.principalId", "authorizer.user_id", "domainName", "protocol")
    assert not [name for name in logged if name.startswith(personal)]


def test_answers_are_compressed() -> None:
    assert api()["MinimumCompressionSize"] <= 1024


@pytest.mark.parametrize(("stack", "group"), of_type("AWS::Logs::LogGroup"))
def test_logs_outlive_the_stack_for_as_long_as_the_parameter_says(stack: Any, group: Any) -> None:
    resource = next(each for each in template(stack)["Resources"].values() if each.get("Properties") is group)
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert group["RetentionInDays"] == {"Ref": "LogDays"}


@pytest.mark.parametrize(
    ("on_aws", "url", "good"),
    [("true", "http://a.b", False), ("true", "https://a.b", True), ("false", "http://127.0.0.1:3000", True)],
)
def test_the_public_address_is_https_on_aws(on_aws: str, url: str, *, good: bool) -> None:
    passed = template(ROOT_TEMPLATE)["Resources"]["Data"]["Properties"]["Parameters"]["SecureUrl"]
    given = evaluated(passed, ROOT_TEMPLATE, {"OnAws": on_aws, "PublicUrl": url})
    assert bool(re.fullmatch(template(STACK["data"])["Parameters"]["SecureUrl"]["AllowedPattern"], given)) is good


def test_files_are_encrypted_by_kms_and_former_versions_go_after_a_week() -> None:
    written = template(STACK["data"])["Resources"]["Files"]["Properties"]
    bucket = evaluated(written, STACK["data"], {"OnAws": "true", "AllowedOrigins": ""})
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    kept = [
        each["NoncurrentVersionExpiration"]
        for each in bucket["LifecycleConfiguration"]["Rules"]
        if "NoncurrentVersionExpiration" in each
    ]
    assert kept == [{"NoncurrentDays": 7}]


# How the templates are written.

METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE", "ANY")


def test_endpoints_stand_in_the_order_of_their_paths() -> None:
    for stack in STACKS:
        first_routes = [function.routes[0] for function in functions() if function.stack == stack and function.routes]
        written = [(route.path, METHODS.index(route.method)) for route in first_routes]
        assert written == sorted(written), stack


def test_every_function_is_released_gradually() -> None:
    of_hook = {"CheckVersionFunction"}
    for stack in {function.stack for function in functions() if function.name not in of_hook}:
        preference = template(stack)["Globals"]["Function"]["DeploymentPreference"]
        assert preference["Hooks"] == {"PreTraffic": {"Ref": "CheckVersion"}}
        assert preference["Alarms"] == [{"Ref": "RequestsAlarm"}, {"Ref": "ConsumersAlarm"}]
        name = next(name for name, child in nested(ROOT_TEMPLATE).items() if child == stack)
        passed = template(ROOT_TEMPLATE)["Resources"][name]["Properties"]["Parameters"]
        assert path_of(passed["RequestsAlarm"]["Fn::If"][1], ROOT_TEMPLATE) == "Release/RequestsAlarm"
        assert path_of(passed["ConsumersAlarm"]["Fn::If"][1], ROOT_TEMPLATE) == "Release/ConsumersAlarm"
        assert path_of(passed["ReleaseRole"]["Fn::If"][1], ROOT_TEMPLATE) == "Release/ReleaseRole"
        assert passed["Rollout"] == {"Fn::Sub": "CodeDeployDefault.Lambda${Rollout}"}


def test_the_metric_of_the_consumers_alarm_counts_errors_of_every_log_but_the_apis() -> None:
    filters = {
        properties["LogGroupName"]["Ref"]
        for _, _, properties in resources("AWS::Logs::MetricFilter")
        for each in properties["MetricTransformations"]
        if each["MetricName"] == "ErrorsOfConsumers"
    }
    alarm = template(STACK["release"])["Resources"]["ConsumersAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Namespace"]) == ("ErrorsOfConsumers", {"Ref": "ApiName"})
    assert filters == {"AsyncLogs", "OrderLogs", "RealtimeLogs"}


def test_the_api_has_its_paths_in_alphabetical_order() -> None:
    paths = list(template(ROOT_TEMPLATE)["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"])
    assert paths == sorted(paths)


def test_all_stacks_of_endpoints_take_the_same_parameters_and_give_functions_the_same_settings() -> None:
    endpoints = {function.stack for function in functions() if function.routes}
    first = next(iter(endpoints))
    assert len(endpoints) > 1
    for stack in endpoints:
        assert template(stack)["Globals"] == template(first)["Globals"], stack
        assert template(stack)["Conditions"] == template(first)["Conditions"], stack


def test_the_api_may_invoke_functions_of_its_stack_by_their_alias_alone() -> None:
    written = template(ROOT_TEMPLATE)["Resources"]
    (policy,) = written["ApiRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"]["Fn::Sub"].endswith(":function:${AWS::StackName}-*:live")
    for operations in written["Api"]["Properties"]["DefinitionBody"]["paths"].values():
        for operation in operations.values():
            integration = operation["x-amazon-apigateway-integration"]
            assert integration["credentials"] == {"Fn::GetAtt": ["ApiRole", "Arn"]}
            assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")


@pytest.mark.exhaustive
@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.stem)
def test_sam_build_writes_templates_without_the_anchors_that_cloudformation_does_not_merge(stack: Any) -> None:
    built = yaml_dump(yaml_parse(stack.read_text(encoding="utf-8")))
    assert not [token for token in yaml.scan(built) if isinstance(token, yaml.AnchorToken | yaml.AliasToken)]
    assert yaml_parse(built) == yaml_parse(stack.read_text(encoding="utf-8"))
    assert "<<" not in built
