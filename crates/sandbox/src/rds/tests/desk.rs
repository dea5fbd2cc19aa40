//! A client for tests: sends forms, reads single elements of the answers.

use std::time::Duration;

use crate::wire::WireRequest;
use crate::{Foreign, Sandbox};

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const REGION: &str = "eu-central-1";
pub(super) const ROLE: &str = "arn:aws:iam::111122223333:role/monitoring";

/// What a new instance is made of in tests.
pub(super) const INSTANCE: &[(&str, &str)] = &[
    ("DBInstanceIdentifier", "Main"),
    ("Engine", "postgres"),
    ("EngineVersion", "16.10"),
    ("DBInstanceClass", "db.m6g.large"),
    ("AllocatedStorage", "100"),
    ("StorageType", "gp3"),
    ("MasterUsername", "postgres"),
    ("MasterUserPassword", "correct-horse-7"),
    ("DBSubnetGroupName", "net"),
    ("DBParameterGroupName", "values"),
    ("BackupRetentionPeriod", "7"),
    ("PreferredBackupWindow", "01:00-02:00"),
    ("PreferredMaintenanceWindow", "sun:03:00-sun:04:00"),
];

/// A client with a sandbox of its own.
pub(super) struct Desk {
    pub sandbox: Sandbox,
}

impl Desk {
    /// An account with a network, a role and two empty groups.
    pub(super) fn new() -> Self {
        let sandbox = Sandbox::new(7);
        let foreign = Foreign {
            vpc: Some("vpc-1".to_owned()),
            subnets: vec!["subnet-a".to_owned(), "subnet-b".to_owned()],
            security_groups: vec!["sg-1".to_owned()],
            roles: vec![ROLE.to_owned()],
            keys: vec!["alias/prod".to_owned()],
            secrets: vec![("app".to_owned(), "app_user".to_owned())],
            ..Foreign::default()
        };
        sandbox.provide(ACCOUNT, REGION, &foreign);
        let desk = Self { sandbox };
        desk.done(
            "CreateDBSubnetGroup",
            &[
                ("DBSubnetGroupName", "net"),
                ("DBSubnetGroupDescription", "d"),
                ("SubnetIds.SubnetIdentifier.1", "subnet-a"),
                ("SubnetIds.SubnetIdentifier.2", "subnet-b"),
            ],
        );
        desk.done(
            "CreateDBParameterGroup",
            &[
                ("DBParameterGroupName", "values"),
                ("DBParameterGroupFamily", "postgres16"),
                ("Description", "d"),
            ],
        );
        desk
    }

    /// The same with an instance `main` that is available.
    pub(super) fn with_instance() -> Self {
        let desk = Self::new();
        desk.done("CreateDBInstance", INSTANCE);
        desk.wait(20);
        assert_eq!(desk.status("main"), "available");
        desk
    }

    /// Lets minutes pass.
    pub(super) fn wait(&self, minutes: u64) {
        self.sandbox.tick(Duration::from_secs(60 * minutes));
    }

    /// The answer of a call: its XML, or its error code.
    pub(super) fn ask(&self, action: &str, form: &[(&str, &str)]) -> Result<String, String> {
        let pairs = form
            .iter()
            .map(|(key, value)| format!("&{key}={}", escape(value)));
        let body = format!(
            "Action={action}&Version=2014-10-31{}",
            pairs.collect::<String>()
        );
        let credential = format!("SANDBOX{ACCOUNT}/20260105/{REGION}/rds/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={credential}, Signature=0");
        let request = WireRequest {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            headers: vec![("Authorization".to_owned(), authorization)],
            body: body.into_bytes(),
            ..WireRequest::default()
        };
        let reply = self.sandbox.serve(&request).expect("no fault is set");
        let body = String::from_utf8(reply.body).expect("XML is text");
        if reply.status == 200 {
            Ok(body)
        } else {
            Err(element(&body, "Code"))
        }
    }

    /// The answer of a call that must work.
    pub(super) fn done(&self, action: &str, form: &[(&str, &str)]) -> String {
        self.ask(action, form)
            .unwrap_or_else(|code| panic!("{action} {form:?}: {code}"))
    }

    /// The error code of a call that must not work.
    pub(super) fn refused(&self, action: &str, form: &[(&str, &str)]) -> String {
        match self.ask(action, form) {
            Ok(answer) => panic!("{action} {form:?} worked: {answer}"),
            Err(code) => code,
        }
    }

    /// A modification of `main`.
    pub(super) fn modify(&self, form: &[(&str, &str)]) -> Result<String, String> {
        let mut all = vec![("DBInstanceIdentifier", "main")];
        all.extend_from_slice(form);
        self.ask("ModifyDBInstance", &all)
    }

    /// The description of an instance.
    pub(super) fn instance(&self, name: &str) -> String {
        self.done("DescribeDBInstances", &[("DBInstanceIdentifier", name)])
    }

    /// The status of an instance.
    pub(super) fn status(&self, name: &str) -> String {
        element(&self.instance(name), "DBInstanceStatus")
    }
}

/// The text of the first element with a name, or nothing.
pub(super) fn element(xml: &str, name: &str) -> String {
    let open = format!("<{name}>");
    let after = xml.split_once(&open).map_or("", |(_, after)| after);
    let close = format!("</{name}>");
    after
        .split_once(&close)
        .map_or("", |(text, _)| text)
        .to_owned()
}

fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
