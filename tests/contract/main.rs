//! The contract, row by row: a request, and the whole answer that must come. Every answer is also held against
//! infra/openapi.yaml. By default each test starts a gateway of its own; with AGAINST=<url> (`cargo xtask test --against`)
//! the same tests ask a running one. The module says what a test needs: `anywhere` a customer's credentials, `sandboxed`
//! the sandbox's handsets and inbox too, `in_process` the test's own clock, faults and customers.

mod answer;
mod spec;
mod target;

mod anywhere;
mod in_process;
mod sandboxed;
