//! Many at once, with real parallelism and on every engine: what must happen once happens once.

use std::{collections::HashMap, future::Future};

use gateway_tests::{
    Gateway,
    engine::Engine,
    steps::{Customer, another, answer, client, device, invalid, newest_code, returned},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const NUMBER: &str = "+447700900620";
const SUPERSEDED: &str = "The provided token is invalid.";

/// How often each answer came: its status, and a word of it.
struct Answers(HashMap<(u16, String), usize>);

impl Answers {
    /// Runs `count` of them at the same time.
    async fn of<F: Future<Output = (u16, Value)> + Send + 'static>(count: usize, one: impl Fn(usize) -> F) -> Self {
        let mut set: JoinSet<_> = (0..count).map(one).collect();
        let mut answers = HashMap::new();
        while let Some(result) = set.join_next().await {
            let (status, json) = result.expect("a task that ends");
            let word = ["authenticated", "error_description"].iter().find_map(|key| json[key].as_str());
            let word = json["reason"].as_str().or(word).unwrap_or("session_id");
            *answers.entry((status, word.to_owned())).or_default() += 1;
        }
        Self(answers)
    }

    fn count(&self, status: u16, word: &str) -> usize {
        self.0.get(&(status, word.to_owned())).copied().unwrap_or(0)
    }

    /// `once` came as often as it may; all others were refused with `refusal`, or sent away by an engine under load.
    fn assert(&self, engine: &Engine, (status, word, times): (u16, &str, usize), refusal: (u16, &str)) {
        let (wins, total) = (self.count(status, word), self.0.values().sum::<usize>());
        let others = self.count(refusal.0, refusal.1) + self.count(503, "Service is unavailable");
        println!("{}: {:?}", engine.name, self.0);
        assert_eq!((wins, others), (times, total - times), "{}: {:?}", engine.name, self.0);
    }
}

fn validate(url: String, token: String, body: Value) -> impl Future<Output = (u16, Value)> + Send + 'static {
    let request = client().post(format!("{url}/v1/validate")).bearer_auth(token).json(&body);
    async move { answer(request.send().await.expect("an answer")).await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_validates_of_one_good_proof_give_one_true() {
    for engine in Engine::all().await {
        let gateway = Gateway::over(&engine, &engine.url).await;
        let customer = Customer::sign_in(&gateway).await;
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        let payload = started.open(None).await.json();
        let body = json!({ "id_token": started.id_token, "payload": payload });
        let one = |_| validate(gateway.url.clone(), customer.token.clone(), body.clone());
        Answers::of(100, one).await.assert(&engine, (200, "true", 1), (400, SUPERSEDED));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_wrong_codes_are_judged_five_times_and_the_right_one_after_them_fails() {
    for engine in Engine::all().await {
        let gateway = Gateway::over(&engine, &engine.url).await;
        gateway.at_midnight();
        let customer = Customer::sign_in(&gateway).await;
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        assert_eq!(started.send_otp().await.0, 200);
        let code = newest_code(&gateway, &started.device);
        let body = json!({ "id_token": started.id_token, "otp_code": another(&code) });
        let one = |_| validate(gateway.url.clone(), customer.token.clone(), body.clone());
        let answers = Answers::of(100, one).await;
        answers.assert(&engine, (200, "WRONG_CODE", 5), (200, "ATTEMPTS_EXCEEDED"));
        let (_, verdict) = customer.guess(&started, &code).await;
        assert_eq!((&verdict["authenticated"], &verdict["reason"]), (&json!("false"), &json!("ATTEMPTS_EXCEEDED")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_right_codes_give_one_true() {
    for engine in Engine::all().await {
        let gateway = Gateway::over(&engine, &engine.url).await;
        gateway.at_midnight();
        let customer = Customer::sign_in(&gateway).await;
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        assert_eq!(started.send_otp().await.0, 200);
        let body = json!({ "id_token": started.id_token, "otp_code": newest_code(&gateway, &started.device) });
        let one = |_| validate(gateway.url.clone(), customer.token.clone(), body.clone());
        Answers::of(100, one).await.assert(&engine, (200, "true", 1), (400, SUPERSEDED));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_among_64_guesses_is_found_only_if_it_is_one_of_five() {
    let engine = Engine::embedded().await;
    let gateway = Gateway::over(&engine, &engine.url).await;
    for round in 0..6 {
        // Another day: the number's own limits are not the ones in question.
        gateway.at_midnight();
        let customer = Customer::sign_in(&gateway).await;
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        assert_eq!(started.send_otp().await.0, 200);
        let code = newest_code(&gateway, &started.device);
        let answers = Answers::of(64, |index| {
            let guess = if index == 40 { code.clone() } else { another(&code) };
            let body = json!({ "id_token": started.id_token, "otp_code": guess });
            validate(gateway.url.clone(), customer.token.clone(), body)
        })
        .await;
        let (found, wrong) = (answers.count(200, "true"), answers.count(200, "WRONG_CODE"));
        assert!(found <= 1 && found + wrong <= 5, "round {round}: {:?}", answers.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_spread_over_sessions_of_one_number_are_judged_ten_times_a_day() {
    for engine in Engine::all().await {
        let gateway = Gateway::over(&engine, &engine.url).await;
        gateway.at_midnight();
        let customer = Customer::sign_in(&gateway).await;
        let mut bodies = Vec::new();
        for _ in 0..4 {
            let started = customer.start(&device(&gateway, NUMBER), &[]).await;
            assert_eq!(started.send_otp().await.0, 200);
            let code = newest_code(&gateway, &started.device);
            bodies.push(json!({ "id_token": started.id_token, "otp_code": another(&code) }));
        }
        let one = |index: usize| validate(gateway.url.clone(), customer.token.clone(), bodies[index % 4].clone());
        let answers = Answers::of(40, one).await;
        let wrong = answers.count(200, "WRONG_CODE");
        assert!((8..=10).contains(&wrong), "{}: {:?}", engine.name, answers.0);
        assert_eq!(wrong + answers.count(200, "ATTEMPTS_EXCEEDED") + answers.count(503, "Service is unavailable"), 40);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_requests_for_a_code_send_one_sms() {
    for engine in Engine::all().await {
        let gateway = Gateway::over(&engine, &engine.url).await;
        gateway.at_midnight();
        let customer = Customer::sign_in(&gateway).await;
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        let uri = started.json["otp_authorization_uri"].as_str().expect("a uri").to_owned();
        let answers = Answers::of(50, |_| {
            let request = client().get(&uri);
            async move { answer(request.send().await.expect("an answer")).await }
        })
        .await;
        let gap = "You have to wait a few second before trying to get otp sms again";
        answers.assert(&engine, (200, "session_id", 1), (400, gap));
        assert_eq!(gateway.world.inbox().publishes(NUMBER), 1, "{}", engine.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_callbacks_of_one_handset_make_one_exchange() {
    for engine in Engine::all().await {
        let gateway = Gateway::over(&engine, &engine.url).await;
        let customer = Customer::sign_in(&gateway).await;
        let started = customer.start(&device(&gateway, NUMBER), &[]).await;
        let url = format!("{}/v1/callback/vodafone", gateway.url);
        let back = returned(&started.open(Some(&url)).await);
        let answers = Answers::of(50, |_| {
            let request = client().get(&url).query(&[("code", &back["code"]), ("state", &back["state"])]);
            async move { answer(request.send().await.expect("an answer")).await }
        })
        .await;
        answers.assert(&engine, (200, "session_id", 1), (400, SUPERSEDED));
        let requests = gateway.world.operators().requests();
        assert_eq!(requests.iter().filter(|seen| seen.path.ends_with("/token")).count(), 1, "{}", engine.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_correlation_id_begins_one_session_at_a_time() {
    for engine in Engine::all().await {
        let gateway = Gateway::over(&engine, &engine.url).await;
        let customer = Customer::sign_in(&gateway).await;
        let id = crate::fresh();
        let form = [("msisdn", NUMBER), ("client_ip", "148.252.128.20"), ("correlation_id", &id)];
        let url = format!("{}/v1/get_config", gateway.url);
        let used = "The correlation_id has already been used.";
        let answers = Answers::of(50, |_| {
            let request = client().post(&url).bearer_auth(&customer.token).form(&form);
            async move { answer(request.send().await.expect("an answer")).await }
        })
        .await;
        answers.assert(&engine, (200, "session_id", 1), (400, used));
        assert_eq!(customer.get_config(&form).await, invalid(used));
        gateway.advance(std::time::Duration::from_secs(600));
        assert_eq!(customer.get_config(&form).await.0, 200);
    }
}
