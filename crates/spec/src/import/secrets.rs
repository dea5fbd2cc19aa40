//! `[secret.*]` and `[proxy]`: secrets by their names alone, as values are never read.

use super::{Existing, Writer, is, names, role, text};

/// A secret of the file.
pub(super) struct Chosen<'a> {
    label: String,
    /// The secret in Secrets Manager; nothing if RDS keeps it.
    existing: Option<&'a Existing>,
    source: &'static str,
}

impl Chosen<'_> {
    /// Whether the file manages the resource, and does not only name it.
    pub(super) fn is_managed(&self, resource: &Existing) -> bool {
        let own = self.existing.is_some_and(|one| one.id == resource.id);
        own && self.source == "generate"
    }
}

impl<'a> Writer<'a> {
    /// The secrets of the file: the master's, those of the proxy, and those that carry our tags.
    pub(super) fn secrets(&self) -> Vec<Chosen<'a>> {
        let all = self.of_kind("secret");
        let proxies = self.of_kind("proxy");
        let by_proxy: Vec<&str> = proxies
            .first()
            .map(|proxy| proxy.values.texts("proxy.secrets"))
            .unwrap_or_default();
        let master = self.master(&all);
        let mut chosen = Vec::new();
        if let Some(managed) = &self.instance.managed_secret {
            chosen.push(Chosen {
                label: "master".to_owned(),
                existing: all.iter().find(|one| one.id == *managed).copied(),
                source: "rds-managed",
            });
        }
        let mut labels = names::Labels::default();
        for secret in all {
            let is_master = master.is_some_and(|master| master.id == secret.id);
            let is_managed = self.instance.managed_secret.as_deref() == Some(&secret.id);
            let used = by_proxy.contains(&secret.id.as_str());
            if is_managed || !(is_master || used || secret.address.is_some()) {
                continue;
            }
            let address = if is_master {
                Some("secret.master")
            } else {
                secret.address.as_deref()
            };
            let last = secret.name.rsplit('/').next().unwrap_or_default();
            let other = names::slug(last);
            let other = if other == "master" || other.is_empty() {
                format!("secret.{}", names::slug(&secret.name))
            } else {
                format!("secret.{other}")
            };
            let address = address.unwrap_or(&other);
            chosen.push(Chosen {
                label: labels.of("secret", &secret.name, Some(address), &[]),
                existing: Some(secret),
                source: if secret.address.is_some() {
                    "generate"
                } else {
                    "existing"
                },
            });
        }
        chosen.sort_by_key(|one| (one.label != "master", one.label.clone()));
        chosen
    }

    /// The secret of the master user, by our tags, else by its name; RDS does not tell it.
    fn master(&self, all: &[&'a Existing]) -> Option<&'a Existing> {
        if self.instance.managed_secret.is_some() {
            return None;
        }
        let tagged = all
            .iter()
            .find(|one| one.address.as_deref() == Some("secret.master"));
        if let Some(tagged) = tagged {
            return Some(tagged);
        }
        let user = text(self.instance, "instance.master_username");
        let words = ["master", "postgres", "admin", "root", user];
        let of_instance = [
            names::slug(&self.instance.name),
            names::slug(&self.default_name("")),
        ];
        let mut fitting = all.iter().filter(|one| {
            let slug = names::slug(&one.name);
            let last = one.name.rsplit(['/', '.']).next().unwrap_or_default();
            one.address.is_none()
                && of_instance.iter().any(|name| slug.starts_with(name))
                && words.contains(&last)
        });
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    pub(super) fn secrets_and_proxy(&mut self) {
        let secrets = self.secrets();
        let user = text(self.instance, "instance.master_username").to_owned();
        if !secrets.iter().any(|one| one.label == "master") {
            self.unknown_master(&user);
        }
        let mut guessed = Vec::new();
        for secret in &secrets {
            self.page.section(&format!("secret.{}", secret.label));
            if let Some(existing) = secret.existing.filter(|_| secret.source != "rds-managed") {
                self.page.text("name", &existing.name);
                self.name(
                    existing,
                    format!("[secret.{}] source = \"{}\"", secret.label, secret.source),
                );
            }
            if secret.label == "master" {
                self.page.text("username", &user);
            } else {
                let last = secret.label.replace('-', "_");
                let guess = if last.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    last
                } else {
                    format!("user_{last}")
                };
                self.page.remarked(
                    "username",
                    &guess,
                    "a guess: the value of a secret is never read",
                );
                guessed.push(format!("[secret.{}]", secret.label));
            }
            self.page.text("source", secret.source);
        }
        if !guessed.is_empty() {
            self.note(format!(
                "the user names in {} are guesses from the secrets' names",
                guessed.join(", ")
            ));
        }
        self.proxy(&secrets);
    }

    /// A file needs to say where the master password is, and nothing tells.
    fn unknown_master(&mut self, user: &str) {
        let of = &self.inventory.environment;
        let name = format!("{}/{}/master", of.project, of.name);
        self.page.section("secret.master");
        self.page.remarked(
            "name",
            &name,
            "which secret holds the master password is not known: name it here",
        );
        self.page.text("username", user);
        self.page.text("source", "existing");
        self.note(format!(
            "no secret of the master user {user} was found: make one named {name} that holds \
             username and password, or name yours in [secret.master]"
        ));
    }

    fn proxy(&mut self, secrets: &[Chosen<'_>]) {
        let mut proxies = self.of_kind("proxy").into_iter();
        let Some(proxy) = proxies.next() else { return };
        for other in proxies {
            self.note(format!(
                "proxy {} is a second one, which has no place in a file; left out",
                other.name
            ));
        }
        self.name(proxy, "[proxy]");
        self.page.section("proxy");
        let name = role(text(proxy, "proxy.role"), &self.inventory.environment);
        self.page.text("role", &name);
        self.used.insert(format!("role {name}"));
        let users = proxy.values.texts("proxy.secrets");
        let labels = secrets.iter().filter(|secret| {
            let own = secret.existing.map(|one| one.id.as_str());
            let managed = self.instance.managed_secret.as_deref();
            let id = own.or(managed.filter(|_| secret.source == "rds-managed"));
            id.is_some_and(|id| users.contains(&id))
        });
        let labels: Vec<&str> = labels.map(|secret| secret.label.as_str()).collect();
        if labels.len() < users.len() {
            self.note("the proxy uses a secret that could not be found; see [proxy] secrets");
        }
        self.page.list("secrets", labels);
        match text(proxy, "proxy.iam") {
            "required" => self.page.text("iam", "required"),
            "mixed" => self.note(
                "the proxy asks for IAM tokens for some of its secrets only; the file says none",
            ),
            _ => {}
        }
        if proxy.values.bool("proxy.require_tls") == Some(false) {
            self.page.value("require_tls", "false");
        }
        let kind = self.catalog.kind("proxy");
        for (key, usual) in [("idle_client_timeout", 1800), ("max_connections", 100)] {
            let path = format!("proxy.{key}");
            let value = proxy
                .values
                .get(&path)
                .filter(|value| !is(Some(value), usual));
            if let (Some(value), Some(attribute)) = (value, kind.attribute(&path)) {
                self.page
                    .value(key, &super::page::toml(attribute.form, value));
            }
        }
        self.own_name("name", &proxy.name, "-proxy");
    }
}
