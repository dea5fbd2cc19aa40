"""Starts moto with the mends that a correct client needs; each is listed in faults.py.

Usage: moto_server.py PORT. A mend replaces what is wrong in moto and nothing else: what moto
does not have is added as small as the suite needs it.
"""

import datetime
import json
import os
import re
import sys
import threading

import cbor2
from botocore.session import get_session
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.iam.access_control import IAMPolicy, IAMRequestBase
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.kms.models import kms_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.rds import exceptions, models
from moto.rds.responses import RDSResponse
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from moto.secretsmanager.models import secretsmanager_backends
from werkzeug.exceptions import HTTPException
from werkzeug.serving import run_simple

import faults
import judge

CBOR_PATH = "/service/GraniteServiceVersion20100801/operation/"
VERSIONS = ["15.13", "15.14", "16.8", "16.9", "16.10", "17.5", "17.6"]
CLASSES = ["db.t3.micro", "db.t3.small", "db.t3.medium", "db.m6g.large", "db.m6g.xlarge"]


def mend(fault, owner):
    """Replaces `owner`'s method of the function's name; the original comes as first argument."""
    assert faults.by_name(fault).emulator == "moto", fault

    def replace(function):
        name = function.__name__
        original = getattr(owner, name, None)

        def mended(*args, **kwargs):
            return function(original, *args, **kwargs)

        mended.__name__ = name
        setattr(owner, name, mended)
        return function

    return replace


# CloudWatch: CBOR in front of the JSON that moto speaks.


class CborToJson:
    """WSGI: turns a CBOR request for CloudWatch into JSON, and the answer back."""

    def __init__(self, inner):
        self.inner = inner
        self.model = get_session().get_service_model("cloudwatch")

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if not path.startswith(CBOR_PATH):
            return self.inner(environ, start_response)
        operation = self.model.operation_model(path[len(CBOR_PATH):])
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        asked = json.dumps(cbor2.loads(body) if body else {}, default=lambda o: o.timestamp())
        environ = dict(environ)
        environ["PATH_INFO"] = environ["REQUEST_URI"] = environ["RAW_URI"] = "/"
        environ["HTTP_X_AMZ_TARGET"] = f"GraniteServiceVersion20100801.{operation.name}"
        environ["CONTENT_TYPE"] = "application/x-amz-json-1.0"
        environ["CONTENT_LENGTH"] = str(len(asked))
        environ["wsgi.input"] = Replay(asked.encode())
        seen = {}

        def remember(status, headers, exc_info=None):
            seen["status"], seen["headers"] = status, headers

        text = b"".join(self.inner(environ, remember))
        answer = json.loads(text) if text.strip() else {}
        if seen["status"].startswith("200"):
            answer = typed(operation.output_shape, answer)
        packed = cbor2.dumps(answer, datetime_as_timestamp=True)
        headers = [(k, v) for k, v in seen["headers"] if k.lower().startswith("x-amz")]
        headers += [
            ("Content-Type", "application/cbor"),
            ("Content-Length", str(len(packed))),
            ("smithy-protocol", "rpc-v2-cbor"),
        ]
        start_response(seen["status"], headers)
        return [packed]


class Replay:
    """A request body that was read already."""

    def __init__(self, content):
        self.content = content

    def read(self, size=-1):
        size = len(self.content) if size < 0 else size
        head, self.content = self.content[:size], self.content[size:]
        return head


def typed(shape, value):
    """Turns the JSON form of a value into its CBOR form: times and decimal numbers differ."""
    if shape is None or value is None:
        return value
    if shape.type_name == "structure":
        members = shape.members
        return {k: typed(members.get(k), v) for k, v in value.items() if v is not None}
    if shape.type_name == "list":
        return [typed(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {k: typed(shape.value, v) for k, v in value.items()}
    if shape.type_name == "timestamp":
        return datetime.datetime.fromtimestamp(float(value), datetime.timezone.utc)
    if shape.type_name in ("double", "float"):
        return float(value)
    if shape.type_name in ("integer", "long"):
        return int(value)
    return value


# RDS: groups.


@mend("moto-modify-subnet-group-loses-it", models.RDSBackend)
def modify_db_subnet_group(original, self, subnet_name, description, subnets):
    group = original(self, subnet_name, description, subnets)
    self.subnet_groups[subnet_name] = group
    return group


@mend("moto-unknown-parameter-group-is-empty", models.RDSBackend)
def describe_db_parameter_groups(original, self, asked):
    found = original(self, asked)
    if asked.get("db_parameter_group_name") and not found:
        raise exceptions.DBParameterGroupNotFoundError(asked["db_parameter_group_name"])
    return found


@mend("moto-parameter-rows-are-bare", RDSResponse)
def describe_db_parameters(original, self):
    result = original(self).result
    rows = [dict(row, Source="user") for row in result["Parameters"]]
    for row in rows:
        static = row.get("ApplyMethod") == "pending-reboot"
        row.update(ApplyType="static" if static else "dynamic", IsModifiable=True)
    if self.params.get("Source") not in (None, "user"):
        rows = []
    return ActionResult({"Parameters": rows})


@mend("moto-lacks-reset-parameter-group", RDSResponse)
def reset_db_parameter_group(_original, self):
    name = self.params["DBParameterGroupName"]
    group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
    if self.params.get("ResetAllParameters"):
        group.parameters.clear()
    for parameter in self.params.get("Parameters", []):
        group.parameters.pop(parameter["ParameterName"], None)
    return ActionResult({"DBParameterGroupName": name})


@mend("moto-lacks-engine-default-parameters", RDSResponse)
def describe_engine_default_parameters(_original, self):
    family = self.params["DBParameterGroupFamily"]
    return ActionResult({"EngineDefaults": {"DBParameterGroupFamily": family, "Parameters": []}})


# RDS: instances.


@mend("moto-touching-windows-overlap", models)
def valid_preferred_maintenance_window(original, maintenance, backup):
    problem = original(maintenance, backup)
    touch = maintenance[4:9] == backup[6:] or maintenance[-5:] == backup[:5]
    return None if touch else problem


DROPPED = [
    "monitoring_interval",
    "monitoring_role_arn",
    "performance_insights_retention_period",
    "performance_insights_kms_key_id",
    "database_insights_mode",
    "network_type",
    "dedicated_log_volume",
]


def settle(instance, asked):
    """Keeps what was asked for and moto forgets or stores under another name."""
    if asked.get("enable_performance_insights") is not None:
        instance.performance_insights_enabled = asked["enable_performance_insights"]
    if asked.get("db_port_number") is not None:
        instance.port = asked["db_port_number"]
    if asked.get("storage_throughput") is not None:
        instance.storage_throughput = asked["storage_throughput"]
    if asked.get("kms_key_id"):
        instance.kms_key_id = key_arn(instance, asked["kms_key_id"])


def key_arn(instance, key):
    if key.startswith("arn:") and ":alias/" not in key:
        return key
    backend = kms_backends[instance.account_id][instance.region]
    alias = key[key.index("alias/"):] if "alias/" in key else None
    key_id = backend.get_key_id_from_alias(alias) if alias else key
    return backend.keys[key_id].arn if key_id in backend.keys else key


@mend("moto-create-instance-drops-options", models.RDSBackend)
def create_db_instance(original, self, asked):
    instance = original(self, asked)
    for name in DROPPED:
        if asked.get(name) is not None:
            setattr(instance, name, asked[name])
    instance.dbi_resource_id = f"db-{abs(hash(instance.db_instance_arn)):026d}"
    settle(instance, asked)
    return instance


@mend("moto-modify-instance-drops-options", models.DBInstance)
def update(original, self, **asked):
    if asked.get("storage_type"):
        self.storage_type = asked["storage_type"]
    logs = asked.get("cloudwatch_logs_export_configuration")
    if logs:
        on = set(self.enabled_cloudwatch_logs_exports) | set(logs.get("EnableLogTypes", []))
        asked["cloudwatch_logs_export_configuration"] = None
        off = set(logs.get("DisableLogTypes", []))
        self.enabled_cloudwatch_logs_exports = sorted(on - off)
    original(self, **asked)
    settle(self, asked)


@mend("moto-replica-shares-its-source", models.RDSBackend)
def create_db_instance_read_replica(original, self, asked):
    replica = original(self, asked)
    replica.tags = asked.get("tags") or []
    replica.enabled_cloudwatch_logs_exports = list(
        asked.get("enable_cloudwatch_logs_exports") or []
    )
    for name in ("multi_az", "deletion_protection", "enable_performance_insights"):
        if asked.get(name) is None:
            setattr(replica, name, False)
    replica.performance_insights_enabled = bool(asked.get("enable_performance_insights"))
    if asked.get("monitoring_interval") is None:
        replica.monitoring_interval, replica.monitoring_role_arn = 0, None
    if asked.get("max_allocated_storage") is None:
        replica.max_allocated_storage = replica.allocated_storage
    if asked.get("backup_retention_period") is None:
        replica.backup_retention_period = 0
    replica.dbi_resource_id = f"db-{abs(hash(replica.db_instance_arn)):026d}"
    return replica


@mend("moto-lacks-pending-maintenance", RDSResponse)
def describe_pending_maintenance_actions(_original, self):
    return ActionResult({"PendingMaintenanceActions": []})


@mend("moto-lacks-engine-versions", RDSResponse)
def describe_db_engine_versions(_original, self):
    asked = self.params.get("EngineVersion") or ""
    found = []
    for version in VERSIONS:
        major, minor = version.split(".")
        if self.params.get("Engine", "postgres") != "postgres":
            continue
        if asked and asked not in (version, major):
            continue
        later = [v for v in VERSIONS if tuple(map(int, v.split("."))) > (int(major), int(minor))]
        found.append(
            {
                "Engine": "postgres",
                "EngineVersion": version,
                "MajorEngineVersion": major,
                "DBParameterGroupFamily": f"postgres{major}",
                "Status": "available",
                "ValidUpgradeTarget": [
                    {
                        "Engine": "postgres",
                        "EngineVersion": target,
                        "IsMajorVersionUpgrade": not target.startswith(f"{major}."),
                    }
                    for target in later
                ],
            }
        )
    return ActionResult({"DBEngineVersions": found})


@mend("moto-lacks-orderable-options", models.RDSBackend)
def describe_orderable_db_instance_options(original, self, engine, engine_version):
    if engine != "postgres":
        return original(self, engine, engine_version)
    zones = [{"Name": f"{self.region_name}{letter}"} for letter in "abc"]
    return [
        {
            "Engine": "postgres",
            "EngineVersion": engine_version or version,
            "DBInstanceClass": name,
            "LicenseModel": "postgresql-license",
            "AvailabilityZones": zones,
            "MultiAZCapable": True,
            "ReadReplicaCapable": True,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "StorageType": storage,
            "SupportsIops": storage != "gp2",
            "SupportsEnhancedMonitoring": True,
            "SupportsIAMDatabaseAuthentication": True,
            "SupportsPerformanceInsights": True,
            "SupportsStorageAutoscaling": True,
        }
        for name in CLASSES
        for storage in ("gp2", "gp3")
        for version in ([engine_version] if engine_version else VERSIONS)
    ]


# RDS: proxies.


@mend("moto-lacks-modify-proxy", RDSResponse)
def modify_db_proxy(_original, self):
    proxy = self.backend.describe_db_proxies(self.params["DBProxyName"])[0]
    names = {
        "Auth": "auth",
        "RequireTLS": "require_tls",
        "IdleClientTimeout": "idle_client_timeout",
        "DebugLogging": "debug_logging",
        "RoleArn": "role_arn",
        "SecurityGroups": "vpc_security_group_ids",
    }
    for asked, name in names.items():
        if self.params.get(asked) is not None:
            setattr(proxy, name, self.params[asked])
    return ActionResult({"DBProxy": proxy})


@mend("moto-missing-proxy-is-an-html-page", models.RDSBackend)
def describe_db_proxy_target_groups(original, self, proxy_name):
    self.describe_db_proxies(proxy_name)
    return original(self, proxy_name)


@mend("moto-missing-proxy-is-an-html-page", models.RDSBackend)
def describe_db_proxy_targets(original, self, proxy_name):
    self.describe_db_proxies(proxy_name)
    return original(self, proxy_name)


# S3: a condition and its write are one.

WRITING = threading.Lock()


@mend("moto-conditional-writes-race", S3Response)
def put_object(original, self):
    with WRITING:
        return original(self)


# Who may do what.


class Account:
    """What the judge has to know of the account."""

    def __init__(self, account, region):
        self.account, self.region = account, region

    def tags(self, arn):
        if ":rds:" in arn and "*" not in arn:
            if ":db-proxy:" in arn:
                found = [p.tags for p in self._rds().db_proxies.values() if p.arn == arn]
                return pairs(found[0] if found else [])
            return pairs(safely(lambda: self._rds().list_tags_for_resource(arn)) or [])
        if ":security-group/" in arn:
            return dict(ec2_backends[self.account][self.region].tags.get(arn.split("/")[1], {}))
        if ":secretsmanager:" in arn:
            secrets = secretsmanager_backends[self.account][self.region].secrets.values()
            return next((pairs(s.tags or []) for s in secrets if s.arn == arn), {})
        return {}

    def _rds(self):
        return models.rds_backends[self.account][self.region]

    def proxy(self, name):
        proxy = self._rds().db_proxies.get(name)
        return proxy.arn if proxy else None

    def secret(self, name):
        secrets = secretsmanager_backends[self.account][self.region].secrets.values()
        return next((s.arn for s in secrets if name in (s.name, s.arn)), None)

    def key(self, written):
        if written.startswith("arn:") and ":key/" in written:
            return written
        backend = kms_backends[self.account][self.region]
        name = written[written.index("alias/"):] if "alias/" in written else None
        key = backend.get_key_id_from_alias(name) if name else written
        return f"arn:aws:kms:{self.region}:{self.account}:key/{key}"

    def aliases(self, arn):
        listed = kms_backends[self.account][self.region].list_aliases(arn.rsplit("/", 1)[1])
        return [alias.alias_name for alias in listed]

    def has_role(self, name):
        roles = iam_backends[self.account]["aws"].roles.values()
        return any(role.name == name for role in roles)

    def is_there(self, bucket, key):
        found = safely(lambda: s3_backends[self.account]["aws"].get_object(bucket, key))
        return found is not None


def safely(look):
    """What a look finds, or nothing."""
    try:
        return look()
    except Exception:  # moto raises many kinds for what is not there
        return None


def pairs(tags):
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def asked(request):
    """The parameters of a request in any protocol."""
    body = request._body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    if request._service == "s3":
        return {"path": re.sub(r"\?.*", "", request._path).lstrip("/")}
    if text.startswith("{"):
        return json.loads(text)
    return dict(request._data)


@mend("moto-asks-about-no-resource", ActionAuthenticatorMixin)
def _authenticate_and_authorize_action(original, self, iam_request_cls, resource="*"):
    # The account's owner prepares the world and is asked nothing.
    owner = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/"
    if owner not in self.headers.get("Authorization", owner):
        original(self, iam_request_cls, resource)


@mend("moto-asks-about-no-resource", IAMRequestBase)
def check_signature(_original, _self):
    """The translated requests for CloudWatch are not what was signed."""


@mend("moto-asks-about-no-resource", IAMRequestBase)
def check_action_permitted(_original, self, _resource):
    action = self._action.split(":", 1)[1]
    request = judge.Request(self._service, action, asked(self), self.account_id, self._region)
    found = judge.demands(request, Account(self.account_id, self._region))
    policies = [IAMPolicy(policy)._policy_json for policy in self._access_key.collect_policies()]
    refused = [demand for demand in found if not judge.allows(policies, demand)]
    with open(os.environ["DEMANDS"], "a", encoding="utf-8") as log:
        for demand in found:
            line = dict(demand, caller=self._access_key.arn, refused=demand in refused)
            log.write(json.dumps(line) + "\n")
    if refused:
        raise Refused(self._access_key.arn, refused[0], self._service)


class Refused(HTTPException):
    """A refusal in the form of the service's protocol; moto has one form for all."""

    code = 403

    def __init__(self, caller, demand, service):
        said = (f"User: {caller} is not authorized to perform: {demand['action']} on resource: "
                f"{demand['resource']}")
        if service in ("rds", "iam", "sns", "sts"):
            said = ("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>"
                    f"{said}</Message></Error><RequestId>0</RequestId></ErrorResponse>")
        elif service == "ec2":
            said = ("<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>"
                    f"{said}</Message></Error></Errors><RequestID>0</RequestID></Response>")
        elif service == "s3":
            said = f"<Error><Code>AccessDenied</Code><Message>{said}</Message></Error>"
        else:
            said = json.dumps({"__type": "AccessDeniedException", "message": said})
        super().__init__(said)


@mend("moto-lacks-simulation-and-quotas", IamResponse)
def simulate_principal_policy(_original, self):
    request = judge.Request("iam", "SimulatePrincipalPolicy", self.data, self.current_account,
                            self.region)
    name = request.get("PolicySourceArn").rsplit("/", 1)[1]
    backend = iam_backends[self.current_account]["aws"]
    policies = [json.loads(backend.get_user_policy(name, one)["policy_document"])
                for one in backend.list_user_policies(name)]
    context = {}
    for key in [key for key in self.data if key.endswith(".ContextKeyName")]:
        start = key[: -len("ContextKeyName")]
        value = request.all(start + "ContextKeyValues")[0]
        several = request.get(start + "ContextKeyType") == "stringList"
        context[request.get(key)] = [value] if several else value
    results = []
    for action in request.all("ActionNames"):
        specific = []
        for resource in request.all("ResourceArns"):
            demand = {"action": action, "resource": resource, "context": context}
            decision = "allowed" if judge.allows(policies, demand) else "implicitDeny"
            specific.append({"EvalResourceName": resource, "EvalResourceDecision": decision})
        refused = [one for one in specific if one["EvalResourceDecision"] != "allowed"]
        results.append({"EvalActionName": action, "EvalResourceName": "*",
                        "EvalDecision": "implicitDeny" if refused else "allowed",
                        "ResourceSpecificResults": specific})
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


@mend("moto-lacks-simulation-and-quotas", RDSResponse)
def describe_account_attributes(_original, _self):
    names = ("DBInstances", "DBParameterGroups", "DBSubnetGroups")
    quotas = [{"AccountQuotaName": name, "Used": 0, "Max": 40} for name in names]
    return ActionResult({"AccountQuotas": quotas})


# Tags across services.


@mend("moto-get-resources-misses-groups", models.RDSBackend)
def iter_tagged_resources(original, self):
    yield from original(self)
    kinds = {"rds:subgrp": self.subnet_groups, "rds:pg": self.db_parameter_groups}
    for kind, resources in kinds.items():
        for resource in resources.values():
            tags = {tag["Key"]: tag["Value"] for tag in resource.get_tags()}
            yield models.TaggedResource(arn=resource.arn, tags=tags, resource_type=kind)


def main():
    """Serves until it is ended."""
    faults.mended("moto", "moto-cloudwatch-speaks-no-cbor")
    app = CborToJson(DomainDispatcherApplication(create_backend_app))
    run_simple(
        "127.0.0.1", int(sys.argv[1]), app, threaded=True, request_handler=MotoRequestHandler
    )


if __name__ == "__main__":
    main()
