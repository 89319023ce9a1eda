//! `GET` and `POST /v1/callback/{vendor}`: a state that is not ours.

use crate::{
    answer::{field, token},
    target::Target,
};

const PATH: &str = "/v1/callback/vodafone";

#[tokio::test(flavor = "multi_thread")]
async fn without_the_state_of_an_attempt_there_is_nothing_to_come_back_to() {
    let target = Target::open().await;
    let foreign = format!("{}.{}", "0".repeat(32), "0".repeat(32));
    for (parameters, expected) in [
        (String::new(), field()),
        ("code=x".into(), field()),
        ("state=&code=x".into(), field()),
        ("state=a&state=a&code=x".into(), field()),
        (format!("state={foreign}&code=x&code=y"), field()),
        ("state=nonsense&code=x".into(), token()),
        ("state=%00&error=access_denied".into(), token()),
        (format!("state={foreign}&code=x"), token()),
        (format!("state={foreign}&error=access_denied"), token()),
    ] {
        assert_eq!(target.get(&format!("{PATH}?{parameters}")).send().await, expected, "GET {parameters}");
        // response_mode=form_post; what stands in the URL of a POST does not count.
        assert_eq!(target.post(PATH).form(parameters.clone()).await, expected, "POST {parameters}");
        assert_eq!(target.post(&format!("{PATH}?{parameters}")).form("").await, field(), "POST ?{parameters}");
    }
    let unknown = target.get(&format!("/v1/callback/nobody?state={foreign}&code=x")).send().await;
    assert_eq!(unknown, token());
}
