//! AWS as the engine sees it: one typed adapter per kind over the official SDK clients.

mod account;
mod answer;
mod aws;
mod calls;
mod check;
mod credentials;
mod discover;
mod join;
mod keys;
mod kinds;
mod listing;
mod maintenance;
mod observe;
mod password;
mod plain;
mod preflight;
mod retry;
mod s3_store;
mod session;
mod ssm;
mod subnets;
mod tags;
mod trail;
mod tried;

pub use account::check_account;
pub use aws::Aws;
pub use calls::{CallLog, CallRecord};
pub use preflight::{Quota, quotas, refused, rules_per_group};
pub use s3_store::{S3Object, S3Store, S3Written};
pub use session::{Session, SessionOptions};
pub use ssm::ssm_parameters;
pub use trail::{Actor, Touched, actors};
pub use tried::{Place, Surroundings, tried};
