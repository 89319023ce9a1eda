-- Asks for an access token. AUTHORIZATION: the header; BODY: the form. At the end one line of JSON: requests, those
-- that failed or were refused, and the 50th and 99th percentile in microseconds.
wrk.method = "POST"
wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = os.getenv("BODY")

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format('{"requests":%d,"failed":%d,"seconds":%f,"p50":%d,"p99":%d}', summary.requests, failed,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99)))
end
