//! Temporary.
use pgward_aws::{Aws, Session, SessionOptions};
use pgward_engine::Remote;
#[tokio::test]
async fn emulator() {
    let mut options = SessionOptions::new("eu-west-1");
    options.endpoint_url = Some("http://127.0.0.1:9".to_owned());
    let aws = Aws::new(Session::new(options.clone()));
    println!("none: {:?}", aws.caller().await);
    options.profile = Some("nobody".to_owned());
    let aws = Aws::new(Session::new(options.clone()));
    println!("profile: {:?}", aws.caller().await);
    options.credentials = Some("AKIAIOSFODNN7EXAMPLE".to_owned());
    let aws = Aws::new(Session::new(options));
    println!("refused: {:?}", aws.caller().await);
    println!("{:?}", aws.calls());
}
