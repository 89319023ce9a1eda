"""ministack with what it lacks for a rehearsal. Functions of its own are wrapped, so that a new version of it is to be
looked at. EDGE_URL is where the API is reached, SMS_URL where SMS go. All else is as ministack has it."""

import os
import string
import urllib.error
import urllib.parse
import urllib.request

from ministack import app
from ministack.services import alb, apigateway, dynamodb, lambda_svc, sns
from ministack.services.cloudformation import provisioners

api, secret, table, targets = (
    provisioners._RESOURCE_HANDLERS[kind]
    for kind in (
        "AWS::ApiGatewayV2::Api",
        "AWS::SecretsManager::Secret",
        "AWS::DynamoDB::Table",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
    )
)
create_api, create_secret, update_secret, delete_secret, create_table, create_targets = (
    api["create"],
    secret["create"],
    secret["update"],
    secret["delete"],
    table["create"],
    targets["create"],
)
generate, alarm, spawn_env, execute, invoke, publish = (
    provisioners._sm_secret_string,
    provisioners._cw_metric_alarm_record,
    lambda_svc._provided_worker_env,
    lambda_svc._execute_function_with_config_scope,
    apigateway._invoke_lambda_proxy,
    sns._publish,
)


def at_the_edge(*arguments):
    """It gives an API an address that no resolver knows: that of the edge before it is given instead."""
    name, attributes = create_api(*arguments)
    return name, {**attributes, "ApiEndpoint": os.environ["EDGE_URL"]}


def by_arn(made):
    """It refers to a secret by name, where AWS gives its ARN, which is what a role's statement must have."""
    _, attributes = made
    return attributes["Arn"], attributes


def named(arn):
    return arn.split(":secret:")[1].rpartition("-")[0]


def excluding(properties):
    """It leaves out of a generated secret what ExcludeCharacters says, and not whole classes of characters."""
    classes = {
        "ExcludePunctuation": string.punctuation,
        "ExcludeUppercase": string.ascii_uppercase,
        "ExcludeLowercase": string.ascii_lowercase,
        "ExcludeNumbers": string.digits,
    }
    if rule := properties.get("GenerateSecretString"):
        left_out = rule.get("ExcludeCharacters", "") + "".join(all for name, all in classes.items() if rule.get(name))
        properties = {**properties, "GenerateSecretString": {**rule, "ExcludeCharacters": left_out}}
    return generate(properties)


def as_specified(logical_id, properties, stack):
    """It leaves a table's time to live and backups out, and keeps a parameter's word in the place of a boolean, which no
    SDK reads in the table's description."""
    word = properties.get("DeletionProtectionEnabled", False)
    properties = {**properties, "DeletionProtectionEnabled": str(word).lower() == "true"}
    name, attributes = create_table(logical_id, properties, stack)
    for part, put in (
        ("TimeToLiveSpecification", dynamodb._update_ttl),
        ("PointInTimeRecoverySpecification", dynamodb._update_continuous_backups),
    ):
        if part in properties:
            put({"TableName": name, part: properties[part]})
    return name, attributes


def with_targets(logical_id, properties, stack):
    """It leaves the targets of a target group out."""
    arn, attributes = create_targets(logical_id, properties, stack)
    alb._targets[arn] = [{"Id": target["Id"]} for target in properties.get("Targets", [])]
    return arn, attributes


def on_one_metric(name, properties):
    """It knows no metric math: an alarm on a formula is made on the first metric in it."""
    measured = [metric["MetricStat"] for metric in properties.get("Metrics", []) if "MetricStat" in metric]
    if measured:
        metric, statistic = measured[0]["Metric"], {"Statistic": measured[0]["Stat"]}
        properties = {**properties, **metric, **statistic, "Metrics": None}
    return alarm(name, properties)


def with_layers(config, code_dir, port):
    """It mounts no layer for a custom runtime: what the function is told is at /opt is in the unpacked layer."""
    env = spawn_env(config, code_dir, port)
    layers = config.get("Layers") or []
    if len(layers) > 1:
        raise ValueError("one layer takes the place of /opt, and the function has more")
    for layer in layers:
        opt = lambda_svc._docker_extracted_dir(lambda_svc._resolve_layer_zip(layer), "layer")
        for name in config["Environment"]["Variables"]:
            env[name] = env[name].replace("/opt/", opt + "/")
    return env


def with_caller(function, event):
    """It says that everyone calls from 127.0.0.1: the caller is the one whom the edge before it has seen."""
    if "http" in event.get("requestContext", {}):
        seen = event["headers"].get("x-forwarded-for", "127.0.0.1")
        event["requestContext"]["http"]["sourceIp"] = seen.rsplit(",", 1)[-1].strip()
    return execute(function, event)


async def as_answered(*arguments, **more):
    """It says that what is empty is JSON."""
    status, headers, body = await invoke(*arguments, **more)
    return status, headers if body else {n: v for n, v in headers.items() if n.lower() != "content-type"}, body


def to_handsets(params):
    """It takes any SMS, and keeps it: the sandbox refuses what SNS refuses, and hands the rest to its handsets."""
    if not params.get("PhoneNumber"):
        return publish(params)
    # Who may send was decided before this; the sandbox only looks whether it is signed at all.
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=rehearsal"}
    body = urllib.parse.urlencode(params, doseq=True).encode()
    try:
        answer = urllib.request.urlopen(urllib.request.Request(os.environ["SMS_URL"], body, headers), timeout=10)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    return answer.status, {"Content-Type": "text/xml"}, answer.read()


api["create"] = at_the_edge
secret["create"] = lambda *new: by_arn(create_secret(*new))
secret["update"] = lambda arn, *change, **more: by_arn(update_secret(named(arn), *change, **more))
secret["delete"] = lambda arn, *old: delete_secret(named(arn), *old)
table["create"] = as_specified
targets["create"] = with_targets
provisioners._sm_secret_string = excluding
provisioners._cw_metric_alarm_record = on_one_metric
lambda_svc._provided_worker_env = with_layers
lambda_svc._execute_function_with_config_scope = with_caller
apigateway._invoke_lambda_proxy = as_answered
sns._publish = to_handsets
app.main()
