//! The function's binary: reads the environment, serves the listener of `lib.rs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    sna_api::listen(notify::Notify::from_env).await
}
