//! The function's binary: reads the environment, serves the endpoint of `lib.rs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    sna_api::main(coverage::Coverage::from_env).await
}
