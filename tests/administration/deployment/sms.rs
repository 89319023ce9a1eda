//! What SNS will do with an SMS.

use gateway_tests::account::{attributes, xml};

use super::{NOW, UNSEEN, account, only_fault, rows_at};

/// 2026-03-01T00:30:00Z.
const NEW_MONTH: u64 = 1_772_325_000_000;

const LAST_MONTH: (&str, &str) = ("2026-02-28T00:00:00Z", "49.00");

#[tokio::test(flavor = "multi_thread")]
async fn an_account_in_the_sandbox_fails_and_one_that_does_not_say_is_unseen() {
    for (answer, found, todo) in [
        ("<IsInSandbox>true</IsInSandbox>", "in the SMS sandbox", "move the account out"),
        ("", "cannot be understood", UNSEEN),
        ("<IsInSandbox>maybe</IsInSandbox>", "cannot be understood", UNSEEN),
    ] {
        let account = account().await;
        account.says("GetSMSSandboxAccountStatus", xml("GetSMSSandboxAccountStatus", answer));
        let row = only_fault(&account).await;
        assert_eq!((row.check.as_str(), row.state.as_str()), ("SMS: sandbox", "FAILED"));
        assert!(row.found.contains(found) && row.todo.contains(todo), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_fifths_of_the_limit_fail_whenever_in_the_month_they_were_spent() {
    for (limit, spent, now, state, found) in [
        (Some("50"), vec![], NOW, "ok", "0.00 of 50.00"),
        (Some("50"), vec![("2026-03-15T00:00:00Z", "39.99")], NOW, "ok", "39.99 of 50.00"),
        (Some("50"), vec![("2026-03-15T00:00:00Z", "40")], NOW, "FAILED", "40.00 of 50.00"),
        // An account begins with a limit that nobody has set.
        (None, vec![("2026-03-15T00:00:00Z", "0.79")], NOW, "ok", "0.79 of 1.00"),
        (None, vec![("2026-03-15T00:00:00Z", "0.80")], NOW, "FAILED", "0.80 of 1.00"),
        (Some("0"), vec![], NOW, "FAILED", "0.00 of 0.00"),
        // The limit was used up, and nothing has been sent since.
        (Some("50"), vec![("2026-03-05T00:00:00Z", "50.00")], NOW, "FAILED", "50.00 of 50.00"),
        // Days come in no order.
        (Some("50"), vec![("2026-03-04T00:00:00Z", "12"), ("2026-03-14T00:00:00Z", "45")], NOW, "FAILED", "45.00"),
        (Some("50"), vec![("2026-03-14T00:00:00Z", "45"), ("2026-03-04T00:00:00Z", "12")], NOW, "FAILED", "45.00"),
        // A month is over with its last day.
        (Some("50"), vec![LAST_MONTH], NEW_MONTH, "ok", "0.00 of 50.00"),
        (Some("50"), vec![LAST_MONTH, ("2026-03-01T00:00:00Z", "44")], NEW_MONTH, "FAILED", "44.00 of 50.00"),
    ] {
        let account = account().await;
        account.clock_is_at(now);
        account.says("GetSMSAttributes", attributes(limit));
        account.has_spent(&spent);
        let rows = rows_at(&account, now).await;
        let row = rows.iter().find(|row| row.check == "SMS: spend").expect("the check");
        assert!(row.state == state && row.found.contains(found), "{spent:?} at {now}: {row:?}");
        assert!(state == "ok" || row.todo.contains("MonthlySpendLimit"), "{row:?}");
        assert!(rows.iter().all(|row| row.check == "SMS: spend" || row.state == "ok"), "{rows:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_is_no_number_is_not_taken_for_nothing() {
    for wrong in ["", "much", "NaN", "inf"] {
        for of_limit in [true, false] {
            let account = account().await;
            match of_limit {
                true => account.says("GetSMSAttributes", attributes(Some(wrong))),
                false => account.has_spent(&[("2026-03-02T00:00:00Z", wrong), ("2026-03-03T00:00:00Z", "1")]),
            }
            let row = only_fault(&account).await;
            assert_eq!((row.check.as_str(), row.todo.as_str()), ("SMS: spend", UNSEEN));
            assert!(row.found.contains("cannot be understood"), "{row:?}");
        }
    }
}
