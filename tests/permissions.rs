//! The policies of `explain permissions`: whole, small enough, and from the kinds' tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use pgward_kinds::CATALOG;
use pgward_kinds::permissions::{BESIDE, LIMIT, Policy, Purpose, policy};
use pgward_model::Desired;
use pgward_spec::{MemoryReader, Options};

const PURPOSES: [Purpose; 3] = [Purpose::Plan, Purpose::Apply, Purpose::Destroy];

/// The shipped specs, changed.
fn changed(name: &str, change: impl Fn(String) -> String) -> Desired {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let mut files = MemoryReader::default();
    for name in ["base.toml", "prod.toml", "dev.toml"] {
        let text = std::fs::read_to_string(root.join(name)).expect("the specs are shipped");
        files.files.insert(format!("specs/{name}"), change(text));
    }
    let options = Options::on("2026-01-05".to_owned());
    let loaded = pgward_spec::load(&format!("specs/{name}.toml"), &files, &options);
    let (desired, found) = pgward_spec::resolve(&loaded.spec, &CATALOG, &options);
    let errors: Vec<_> = loaded
        .diagnostics
        .iter()
        .chain(found.iter())
        .filter(|one| one.is_error())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    desired.expect("the spec is whole")
}

fn full(change: impl Fn(String) -> String) -> Desired {
    changed("prod", change)
}

/// Every kind, an S3 store, a key of one's own, a prefix list and more secrets than a few.
fn with_everything(text: String) -> String {
    text.replace("encryption = \"aws/rds\"", "encryption = \"alias/shop\"")
        .replace(
            "[access.app-servers]",
            "[access.list]\nfrom = \"pl-0aa11bb22cc33dd44\"\ndescription = \"a list\"\n\n[access.app-servers]",
        )
        .replace("[project]", "[state]\nstore = \"s3://bucket/place\"\n\n[project]")
        .replace("[alarm.cpu-high]", "[secret.more]\nname = \"happytrip/b2b/{environment}/more\"\nusername = \"more\"\nsource = \"generate\"\n\n[alarm.cpu-high]")
}

fn actions(policy: &Policy) -> BTreeSet<&'static str> {
    let statements = policy.statements().iter();
    statements
        .flat_map(|one| one.action.iter().copied())
        .collect()
}

#[test]
fn every_action_of_the_tables_is_in_a_policy_and_no_other() {
    let desired = full(with_everything);
    let ssm = ["/shop/vpc".to_owned()];
    let found: BTreeSet<&str> = PURPOSES
        .iter()
        .flat_map(|purpose| actions(&policy(&desired, &ssm, *purpose)))
        .collect();
    let mut listed: BTreeSet<&str> = BTreeSet::new();
    for kind in CATALOG.kinds {
        listed.extend(kind.reads.iter().chain(kind.writes));
    }
    for (_, reads, writes) in BESIDE {
        listed.extend(reads.iter().chain(writes));
    }
    listed.remove("sts:GetCallerIdentity");
    assert_eq!(found, listed);
}

#[test]
fn a_plan_changes_nothing_and_reads_no_value_of_a_secret() {
    for action in actions(&policy(&full(with_everything), &[], Purpose::Plan)) {
        let verb = action.split(':').nth(1).unwrap();
        let reads = ["Describe", "List", "Get"];
        assert!(reads.iter().any(|word| verb.starts_with(word)), "{action}");
        assert_ne!(action, "secretsmanager:GetSecretValue");
    }
}

#[test]
fn apply_deletes_no_instance_and_destroy_makes_none() {
    let desired = full(with_everything);
    let apply = policy(&desired, &[], Purpose::Apply);
    let deletes = |policy: &Policy| {
        let all = policy.statements().iter();
        let all = all.filter(|one| one.action.contains("rds:DeleteDBInstance"));
        all.map(|one| one.sid).collect::<Vec<_>>()
    };
    assert_eq!(deletes(&apply), ["DeleteReplicas"]);
    let destroy = policy(&desired, &[], Purpose::Destroy);
    assert_eq!(deletes(&destroy), ["DeleteReplicas", "DeleteInstance"]);
    assert!(!actions(&destroy).iter().any(|action| {
        action.contains(":Create") && *action != "rds:CreateDBSnapshot"
            || action.contains(":Modify")
    }));
}

#[test]
fn the_size_is_what_iam_counts_and_within_its_limit() {
    for desired in [full(|text| text), full(with_everything), full(many_alarms)] {
        for purpose in PURPOSES {
            let policy = policy(&desired, &[], purpose);
            let text = serde_json::to_string(&policy).unwrap();
            assert_eq!(policy.size(), text.len(), "{purpose:?}");
            assert!(policy.size() <= LIMIT, "{purpose:?} {}", policy.size());
        }
    }
}

/// Two hundred alarms; their names have their beginning in common.
fn many_alarms(text: String) -> String {
    let Some((head, _)) = text.split_once("[alarm.cpu-high]") else {
        return text;
    };
    let mut all = head.to_owned();
    for number in 0..200 {
        let rest = "metric = \"CPUUtilization\"\nabove = \"80%\"\nfor = \"10 min\"";
        writeln!(all, "[alarm.cpu-{number}]\n{rest}\n").expect("a text takes all");
    }
    all + "[policy]\ndisruptive = \"window\"\nallow = [\"online\"]\n"
}

#[test]
fn names_stay_names_where_there_is_room() {
    let policy = policy(&changed("dev", |text| text), &[], Purpose::Plan);
    assert!(!policy.is_widened());
    let secrets = policy
        .statements()
        .iter()
        .find(|one| one.sid == "Secrets")
        .unwrap();
    let wanted = "arn:aws:secretsmanager:ap-south-1:444455556666:secret:happytrip/b2b/dev/app";
    assert!(secrets.resource.contains(wanted), "{secrets:?}");
    assert!(secrets.resource.contains(&format!("{wanted}-??????")));
}
