"""One call of an AWS API: service, operation and parameters as botocore has them; the answer is JSON."""

import json
import sys

import botocore.session

service, operation, parameters = sys.argv[1:]
call = getattr(botocore.session.Session().create_client(service), operation)
print(json.dumps(call(**json.loads(parameters)), default=str))
